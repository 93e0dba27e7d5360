"""What people read for the problem codes of the operator's board."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TEXTS: Mapping[str, LazyString] = {
    "house_not_ready": _l(
        "Mesin %(machine)s sendiri belum siap untuknya, jadi ia belum dapat dicatat tidak hadir."
    ),
    "back_too_late": _l(
        "Catatan tidak hadir hanya dapat ditarik dalam %(minutes)s."
        " Layani ia sebagai pelanggan yang datang langsung."
    ),
    "time_given_away": _l(
        "Waktunya di %(machine)s sudah diberikan atau ditawarkan kepada orang lain."
        " Layani ia sebagai pelanggan yang datang langsung."
    ),
    "order_needs_reason": _l(
        "Menurut urutan yang diumumkan, orang lain lebih dahulu. Tulis alasannya bila tetap"
        " mendahulukan yang ini; alasan itu disimpan dan dapat dibaca."
    ),
    "wish_does_not_fit": _l("Permintaan ini tidak muat di waktu kosong itu lagi."),
}
