"""The sentences of problems with a complaint."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TEXTS: Mapping[str, LazyString] = {
    "complaint_topic_unknown": _l("Pilih satu pokok pengaduan dari daftar."),
    "complaint_text_short": _l(
        "Ceritakan sedikit lebih panjang: apa yang terjadi, kapan, di mana."
    ),
    "complaint_phone_long": _l("Nomor telepon paling banyak %(maximum)s tanda."),
    "complaint_code_long": _l("Kode reservasi ini terlalu panjang."),
    "complaint_not_found": _l(
        "Pengaduan dengan nomor ini tidak ada. Periksa nomornya, huruf demi huruf."
    ),
    "complaint_answered": _l("Pengaduan ini sudah ditutup; jawaban tidak dapat ditambah lagi."),
    "complaint_unanswered": _l("Pengaduan ini belum dijawab, jadi belum dapat ditutup."),
    "complaint_not_to_reopen": _l(
        "Pengaduan ini tidak dapat dibuka lagi. Buat pengaduan baru bila perlu."
    ),
}
