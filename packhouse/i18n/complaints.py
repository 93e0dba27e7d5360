"""What people call the topics and states of complaints."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TOPIC_NAMES: Mapping[str, LazyString] = {
    "schedule": _l("Jadwal, antrean, atau pelayanan di tempat"),
    "machine": _l("Mesin atau hasil kemasan"),
    "cleanness": _l("Kebersihan atau jalur halal"),
    "privacy": _l("Data pribadi saya"),
    "fees": _l("Tarif atau pembayaran"),
    "other": _l("Hal lain"),
    "staff": _l("Sikap petugas"),
    "integrity": _l("Pungutan liar atau penyalahgunaan"),
}
COMPLAINT_STATE_NAMES: Mapping[str, LazyString] = {
    "received": _l("Diterima, menunggu jawaban"),
    "answered": _l("Sudah dijawab"),
    "reopened": _l("Dibuka lagi, menunggu jawaban"),
    "closed": _l("Ditutup"),
}
