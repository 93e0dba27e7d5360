"""What people call exceptions, and the rules they go against."""

from flask_babel import lazy_gettext as _l

EXCEPTION_NAMES = {
    "booked": _l("Dipesankan di luar aturan"),
    "approved": _l("Permohonan disetujui di luar aturan"),
    "put_first": _l("Didahulukan di daftar tunggu"),
    "put_back": _l("Dikembalikan ke urutan daftar tunggu"),
}
BEYOND_NAMES = {
    "limit_open": _l("Jumlah reservasi yang belum selesai"),
    "limit_open_none": _l("Jumlah reservasi yang belum selesai"),
    "limit_week": _l("Jam mesin sepekan"),
    "limit_week_full": _l("Jam mesin sepekan"),
    "limit_month": _l("Jam mesin sebulan"),
    "limit_month_full": _l("Jam mesin sebulan"),
    "pool_limit_open": _l("Jumlah reservasi koperasi yang belum selesai"),
    "pool_limit_open_none": _l("Jumlah reservasi koperasi yang belum selesai"),
    "pool_limit_week": _l("Jam mesin koperasi sepekan"),
    "pool_limit_week_full": _l("Jam mesin koperasi sepekan"),
    "pool_limit_month": _l("Jam mesin koperasi sebulan"),
    "pool_limit_month_full": _l("Jam mesin koperasi sebulan"),
    "cooling_down": _l("Tidak hadir berulang kali"),
    "trial_quantity": _l("Jumlah uji coba"),
}
