"""What people read for the problem codes of the waitlist."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TEXTS: Mapping[str, LazyString] = {
    "wish_not_found": _l("Permintaan ini tidak ada di daftar tunggu, atau bukan milik Anda."),
    "offer_not_found": _l("Tawaran ini tidak ada, atau bukan untuk Anda."),
    "offer_over": _l(
        "Tawaran ini sudah tidak berlaku (%(offer_state)s). Tempat Anda di daftar tunggu tetap."
    ),
    "wish_wrong_state": _l("Permintaan ini tidak dapat diubah sekarang (%(wish_state)s)."),
    "wish_changed": _l("Permintaan ini berubah sejak Anda membukanya. Muat ulang halamannya."),
    "wish_in_the_past": _l("Tanggal terakhir sudah lewat. Pilih tanggal yang akan datang."),
    "wish_too_long": _l("Rentang tanggal paling lama %(days)s hari."),
    "least_out_of_range": _l("Jumlah paling sedikit harus antara 1 dan %(most)s."),
    "too_many_wishes": _l(
        "Satu usaha dapat menunggu dengan paling banyak %(most)s permintaan."
        " Tarik satu yang tidak perlu lagi."
    ),
}
