"""What people call utilities, planned work and what is counted for it."""

from flask_babel import lazy_gettext as _l

UTILITY_NAMES = {
    "electricity": _l("Listrik"),
    "water": _l("Air"),
    "gas": _l("Gas"),
    "compressed_air": _l("Angin bertekanan"),
    "steam": _l("Uap"),
}
WORK_STATE_NAMES = {
    "proposed": _l("Diusulkan"),
    "taken": _l("Terjadwal"),
    "done": _l("Selesai"),
    "cancelled": _l("Dibatalkan"),
}
COUNT_NAMES = {
    "days": _l("Hari kalender"),
    "running_hours": _l("Jam jalan"),
    "pieces": _l("Jumlah kemasan"),
}
