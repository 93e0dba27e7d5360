"""What people call papers, what was said of them, and how a size was judged."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

PAPER_NAMES: Mapping[str, LazyString] = {
    "nib": _l("NIB"),
    "halal": _l("Sertifikat halal"),
    "pirt": _l("P-IRT"),
    "md": _l("Izin MD BPOM"),
    "other": _l("Dokumen lain"),
}
PAPER_STATE_NAMES: Mapping[str, LazyString] = {
    "unchecked": _l("Belum diperiksa"),
    "verified": _l("Sudah diperiksa"),
    "refused": _l("Belum diterima"),
    "withdrawn": _l("Pemeriksaan dicabut"),
    "removed": _l("Dihapus"),
}
PACKAGE_NAMES: Mapping[str, LazyString] = {
    "glass": _l("kaca"),
    "plastic": _l("plastik"),
    "paper": _l("karton atau kertas"),
    "can": _l("kaleng"),
    "foil": _l("aluminium foil"),
    "other": _l("lain-lain"),
    "composite": _l("komposit"),
    "double": _l("ganda"),
}
BASIS_NAMES: Mapping[str, LazyString] = {
    "sales": _l("menurut penjualan setahun"),
    "capital": _l("menurut modal usaha"),
    "stated": _l("menurut keterangan usaha"),
}
ALLOWED_NAMES: Mapping[str, LazyString] = {
    "trial_run": _l("Uji coba dalam jumlah kecil, tidak untuk dijual"),
    "any_quantity": _l("Mengemas berapa pun jumlahnya"),
    "sell_by_own_duty": _l("Menjual dengan tanggung jawab sendiri, tanpa nomor izin di label"),
    "licence_on_label": _l("Mencantumkan P-IRT atau MD dan halal di label"),
}
LIKENESS_NAMES: Mapping[str, LazyString] = {
    "nib": _l("NIB sama"),
    "phone": _l("nomor ponsel sama"),
    "name": _l("nama sama, kabupaten/kota sama"),
}
MOVED_NAMES: Mapping[str, LazyString] = {
    "products": _lp("banyak", "Produk"),
    "bookings": _lp("banyak", "Reservasi"),
    "jobs": _lp("banyak", "Pekerjaan"),
    "orders": _l("Pesanan koperasi"),
    "series": _l("Jadwal rutin"),
    "wishes": _l("Daftar tunggu"),
    "documents": _l("Dokumen"),
    "verifications": _l("Hasil pemeriksaan dokumen"),
    "invitations": _l("Undangan"),
    "people": _l("Orang yang boleh memesan"),
    "members": _l("Anggota koperasi"),
    "cooperatives": _l("Keanggotaan di koperasi"),
}
