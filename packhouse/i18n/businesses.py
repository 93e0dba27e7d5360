"""What people call papers, what was said of them, and how a size was judged."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

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
