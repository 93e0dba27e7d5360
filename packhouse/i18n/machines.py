"""What people call the things of machines as assets."""

from flask_babel import lazy_gettext as _l

CONDITION_NAMES = {
    "good": _l("Baik (B)"),
    "fair": _l("Rusak ringan (RR)"),
    "bad": _l("Rusak berat (RB)"),
}
FUND_NAMES = {
    "apbd": _l("APBD"),
    "tp": _l("Tugas pembantuan (TP)"),
    "hibah": _l("Hibah"),
    "csr": _l("CSR"),
}
PLACEMENT_NAMES = {
    "own": _l("Tempat tetap"),
    "loan": _l("Dipinjamkan"),
}
MACHINE_CHANGE_NAMES = {
    "machine:created": _l("Mesin didaftarkan"),
    "machine:edited": _l("Data mesin diubah"),
    "machine:retired": _l("Mesin berhenti dipakai"),
    "machine:tariff_set": _l("Tarif ditetapkan"),
    "machine:moved": _l("Mesin dipindahkan"),
    "machine:converted": _l("Jalur mesin diubah"),
    "machine:condition": _l("Kondisi diperiksa"),
    "machine:rate_accepted": _l("Laju baru dipakai"),
    "machine:rate_dismissed": _l("Saran laju ditunda"),
    "machine:part_awaited": _l("Suku cadang dicatat"),
    "machine:part_arrived": _l("Suku cadang tiba"),
    "machine:part_dropped": _l("Suku cadang tidak ditunggu lagi"),
    "machine:broken": _l("Dilaporkan rusak"),
    "machine:repaired": _l("Dilaporkan baik kembali"),
}
RATE_ACTION_NAMES = {
    "accepted": _l("Dipakai dari pekerjaan yang selesai"),
    "dismissed": _l("Saran ditunda"),
    "set": _l("Ditetapkan kepala"),
}
