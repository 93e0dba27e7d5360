"""What refuses jobs of several parts and orders of cooperatives; what a pasted row lacks."""

from flask_babel import lazy_gettext as _l

TEXTS = {
    "job_not_found": _l("Pekerjaan %(code)s tidak ada."),
    "job_changed": _l("Pekerjaan ini berubah sejak Anda membukanya. Periksa lagi keadaannya."),
    "parts_incomplete": _l("Semua bagian pekerjaan harus dipindah bersama."),
    "steps_out_of_order": _l("Mesin bagian %(part)s harus lebih dahulu dalam urutan kerja."),
    "steps_too_close": _l(
        "Bagian %(part)s harus mulai sedikitnya %(breathing_minutes)s setelah bagian sebelumnya."
    ),
    "rows_out_of_range": _l("Sekali pesan paling banyak %(most)s baris."),
    "rows_missing": _l("Centang atau tempel sedikitnya satu baris."),
    "row_columns": _l("Tulis anggota; produk; jumlah."),
    "row_member_unknown": _l("%(value)s tidak ada dalam daftar anggota."),
    "row_member_ambiguous": _l("Ada beberapa anggota bernama %(value)s. Pakai nomor usahanya."),
    "row_quantity_unreadable": _l(
        "Jumlah %(value)s tidak terbaca. Tulis angka bulat, misalnya 400."
    ),
    "row_product_missing": _l("Nama produk belum ada."),
    "row_product_ambiguous": _l(
        "Ada beberapa produk bernama %(value)s. Centang yang dimaksud dalam daftar."
    ),
    "row_pack_missing": _l("Pilih kemasan produk baru %(value)s."),
    "row_machine_missing": _l("Tidak ada mesin untuk kemasan %(pack)s di rumah kemasan ini."),
    "row_too_long": _l("Lebih lama daripada satu hari. Bagi menjadi baris-baris yang lebih kecil."),
    "row_quantity_too_large": _l("Jumlah paling banyak %(most)s."),
    "order_not_found": _l("Pesanan %(code)s tidak ada."),
    "order_no_time": _l(
        "Tidak ada waktu kosong yang cukup untuk semua baris. Pilih tanggal yang lebih jauh,"
        " mesin yang lebih banyak, atau baris yang lebih sedikit."
    ),
}
