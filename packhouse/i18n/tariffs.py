"""What people call the kinds of reductions."""

from flask_babel import lazy_gettext as _l

REDUCTION_NAMES = {
    "trial": _l("Uji coba"),
    "cooperative": _l("Anggota koperasi"),
    "micro": _l("Usaha mikro"),
    "everyone": _l("Semua usaha"),
}

REDUCTION_RULES = {
    "trial": _l("Untuk usaha yang masih uji coba, belum punya NIB."),
    "cooperative": _l("Untuk koperasi dan usaha anggotanya."),
    "micro": _l("Untuk usaha mikro menurut PP 7/2021."),
    "everyone": _l("Untuk semua usaha."),
}
