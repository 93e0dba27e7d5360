"""What people call the things of the waitlist."""

from flask_babel import lazy_gettext as _l

WAITING_NAMES = {
    "open": _l("Menunggu"),
    "offered": _l("Sedang ditawari"),
    "served": _l("Terlayani"),
    "withdrawn": _l("Ditarik"),
    "lapsed": _l("Berakhir"),
    "accepted": _l("Diterima"),
    "declined": _l("Ditolak"),
    "expired": _l("Lewat waktu"),
}
WISH_KIND_NAMES = {
    "offer": _l("Tahan waktunya untuk saya, lalu tanya saya"),
    "notify": _l("Beri tahu saja"),
}
PLACE_REASON_NAMES = {
    "preferred": _l("Didahulukan petugas dengan alasan"),
    "silent": _l("Dua tawaran terakhir tidak dijawab"),
    "first_timer": _l("Belum pernah memakai mesin"),
    "micro": _l("Usaha mikro"),
    "little_served": _l("Daerah yang masih jarang terlayani"),
    "unused": _l("Tidak memakai mesin dalam 90 hari"),
    "used": _l("Sudah memakai mesin dalam 90 hari"),
    "arrival": _l("Urutan mendaftar"),
}
