"""What people read for the problem codes of downtime."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TEXTS: Mapping[str, LazyString] = {
    "maintenance_not_proposed": _l("Perawatan ini sudah diputuskan, atau waktunya sudah lewat."),
    "schedule_not_found": _l("Jadwal perawatan ini tidak ada."),
    "every_out_of_range": _l("Jaraknya harus antara 1 dan %(most)s."),
    "work_minutes_out_of_range": _l(
        "Lama pengerjaan harus kelipatan 5 menit, paling lama 7 hari (%(most)s menit)."
    ),
    "lead_days_out_of_range": _l("Rencanakan 0 sampai %(most)s hari sebelumnya."),
    "done_in_the_future": _l("Tanggal terakhir dikerjakan tidak boleh di masa depan."),
    "utility_unknown": _l("Pilih listrik, air, gas, angin bertekanan, atau uap."),
    "outage_not_found": _l("Gangguan ini tidak ada."),
    "outage_over": _l("Gangguan ini sudah berakhir."),
    "outage_begin_unclear": _l("Isi tanggal dan jam mulainya, atau kosongkan keduanya."),
    "photo_not_found": _l("Foto ini tidak ada."),
    "photo_too_large": _l("Foto paling besar %(most)s MB. Kecilkan dahulu fotonya."),
    "photo_unreadable": _l("Berkas ini bukan foto yang dapat dibaca. Pakai JPEG, PNG, atau WebP."),
    "photo_too_many_pixels": _l("Foto ini terlalu lebar. Paling banyak %(most)s juta titik."),
    "photos_too_many": _l("Paling banyak %(most)s foto untuk satu kerusakan."),
}
