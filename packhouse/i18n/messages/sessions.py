"""What people read for the problem codes of a session on a machine."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TEXTS: Mapping[str, LazyString] = {
    "session_changed": _l(
        "Sesi %(code)s sudah diubah dari HP lain. Lihat dahulu keadaannya sekarang, lalu ketuk lagi"
        " bila masih perlu."
    ),
    "nothing_to_undo": _l("Tidak ada ketukan yang masih dapat dibatalkan."),
    "correction_too_late": _l(
        "Sesudah %(days)s hari, hanya kepala rumah kemasan yang dapat memperbaiki hitungan."
    ),
    "clean_unsigned": _l(
        "%(level)s sesudah %(after)s belum ditandatangani. Bersihkan dan tandatangani dahulu,"
        " atau tulis alasan memulai tanpa itu."
    ),
    "clean_unchecked": _l(
        "%(level)s sesudah %(after)s belum diperiksa orang kedua. Minta rekan memeriksanya,"
        " atau tulis alasan memulai tanpa itu."
    ),
    "no_clean_due": _l("Tidak ada pembersihan yang perlu ditandatangani di mesin ini."),
    "lot_not_found": _l(
        "Tidak ada lot atau reservasi %(lot)s yang pernah berjalan di rumah kemasan Anda."
    ),
    "no_clean_to_check": _l("Tidak ada pembersihan %(code)s yang menunggu diperiksa."),
    "same_person": _l("Yang memeriksa harus orang lain daripada yang membersihkan."),
    "colleague_unproven": _l("Kontak atau kata sandi rekan ini tidak cocok."),
    "not_of_this_house": _l("Yang memeriksa harus petugas rumah kemasan ini."),
}
