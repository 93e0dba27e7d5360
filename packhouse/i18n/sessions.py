"""What people call the taps of a session, and the cleans."""

from flask_babel import lazy_gettext as _l

TAP_NAMES = {
    "start": _l("Mulai"),
    "pause": _l("Jeda"),
    "resume": _l("Lanjut"),
    "finish": _l("Selesai"),
    "undo": _l("Ketukan dibatalkan"),
    "correct": _l("Hitungan diperbaiki"),
    "clean": _l("Sudah bersih"),
}
CLEAN_NAMES = {
    "before": _l("Sebelum sesi"),
    "closing": _l("Bersih tutup hari"),
    "skipped": _l("Dilewati dengan alasan"),
}
# What a program says, or does not; people write their reasons themselves.
EXCUSE_NAMES = {"api": _l("lewat program, tanpa alasan tertulis")}
LABEL_NAMES = {
    "product": _l("Nama produk"),
    "net": _l("Isi bersih"),
    "producer": _l("Nama dan daerah produsen"),
    "lot": _l("Kode lot"),
    "packed": _l("Tanggal dikemas"),
    "expiry": _l("Baik digunakan sebelum"),
    "licence": _l("Nomor P-IRT atau MD"),
    "halal": _l("Nomor halal"),
    "ingredients": _l("Daftar bahan"),
    "not_halal": _l("Keterangan tidak halal"),
}
