"""What is said about the papers of a business and the licences of its products.

Every warning ends with what to do; none of them keeps anybody from booking.
"""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TEXTS: Mapping[str, LazyString] = {
    # Businesses
    "size_above": _l(
        "Usaha di atas batas menengah bukan UMKM. Tanyakan kepada petugas cara memakai mesin."
    ),
    "village_long": _l("Nama desa paling panjang %(maximum)s huruf."),
    "invitations_many": _l("Paling banyak %(most)s undangan terbuka. Batalkan yang tidak dipakai."),
    "invitation_used": _l("Undangan ini sudah dipakai. Minta pemilik usaha membuat yang baru."),
    "invitation_over": _l(
        "Undangan ini tidak berlaku lagi. Minta pemilik usaha membuat yang baru."
    ),
    "trial_quantity": _l(
        "Tanpa NIB yang sudah diperiksa, satu uji coba paling banyak %(most)s kemasan; Anda meminta"
        " %(quantity)s. Kurangi jumlahnya, atau bawa NIB ke petugas."
    ),
    "merge_self": _l("Pilih dua usaha yang berbeda."),
    "merge_done": _l("Salah satunya sudah digabungkan. Muat ulang daftar usaha."),
    "merge_kinds": _l("UMKM dan koperasi tidak dapat digabungkan."),
    "merge_nibs": _l(
        "NIB keduanya berbeda, jadi ini dua usaha. Bila salah satu NIB keliru, perbaiki dahulu."
    ),
    "merge_linked": _l(
        "Yang satu anggota koperasi yang lain. Keluarkan dahulu dari daftar anggotanya."
    ),
    "business_merged": _l("Usaha ini sudah digabungkan dan tidak dapat diubah lagi."),
    # Papers
    "paper_not_found": _l("Dokumen ini tidak ada, atau bukan milik Anda."),
    "paper_kind_unknown": _l("Jenis dokumen %(value)s tidak dikenal."),
    "paper_of_business": _l("NIB adalah dokumen usaha, bukan dokumen satu produk."),
    "paper_number_missing": _l("Isi nomornya seperti tercetak pada dokumen."),
    "paper_number_long": _l("Nomor paling panjang %(maximum)s huruf."),
    "paper_title_missing": _l("Sebutkan dokumen apa ini."),
    "paper_days_reversed": _l("Tanggal berakhir mendahului tanggal terbit."),
    "paper_day_unlikely": _l("Periksa tahunnya; tanggal ini tidak mungkin."),
    "paper_state": _l("Dokumen ini baru saja berubah keadaannya. Muat ulang halamannya."),
    "nib_by_edit": _l("NIB diganti lewat data usaha, tidak dihapus dari sini."),
    # Warnings
    "trial_not_for_sale": _l(
        "Uji coba, tidak untuk dijual. Hasilnya untuk mencicipi dan memeriksa kemasan; beri label"
        " itu pada setiap kemasan."
    ),
    "licence_missing": _l(
        "Belum ada izin edar (P-IRT atau MD). Anda boleh mengemas; urus izinnya di Dinas Kesehatan"
        " atau lewat oss.go.id sebelum menjual di toko."
    ),
    "halal_missing": _l(
        "Belum ada sertifikat halal. Sejak 18 Oktober 2026 makanan dan minuman usaha mikro dan"
        " kecil wajib bersertifikat; daftar gratis di ptsp.halal.go.id."
    ),
    "process_needs_md": _l(
        "Produk yang disterilkan atau dipasteurisasi memerlukan izin MD dari BPOM, bukan P-IRT."
    ),
    "pirt_automatic": _l(
        "P-IRT %(number)s: P-IRT untuk alat manual sampai semi-otomatis, sedangkan mesin ini"
        " otomatis. Tanyakan ke Dinas Kesehatan sebelum mencetak label."
    ),
    "pirt_shape": _l(
        "Nomor P-IRT %(number)s tidak seperti biasanya (13 angka, tanda hubung, 2 angka tahun)."
        " Periksa lagi pada sertifikatnya."
    ),
    "pirt_package_unknown": _l(
        "Angka pertama P-IRT %(number)s (%(digit)s) bukan jenis kemasan yang dikenal, 1 sampai 8."
        " Periksa lagi pada sertifikatnya."
    ),
    "pirt_package_differs": _l(
        "P-IRT %(number)s terdaftar untuk kemasan %(package)s, sedangkan produk ini dikemas dalam"
        " %(pack)s: nomor itu tidak lagi menerangkan kemasannya. Tanyakan ke Dinas Kesehatan"
        " sebelum mencetak label."
    ),
    "md_shape": _l(
        "Nomor MD %(number)s tidak seperti biasanya (MD diikuti 12 sampai 15 angka). Periksa lagi."
    ),
    "halal_is_decree": _l(
        "%(number)s tampaknya nomor ketetapan halal (KH). Yang dicatat adalah nomor sertifikat,"
        " dimulai dengan ID; keduanya tercetak pada lembar yang sama."
    ),
    "halal_shape": _l(
        "Nomor sertifikat halal %(number)s tidak seperti biasanya (ID diikuti 14 sampai 18 angka)."
        " Periksa lagi."
    ),
    "paper_expired": _l(
        "%(paper)s %(number)s berakhir pada %(day)s. Perpanjang, lalu catat yang baru."
    ),
    "paper_expires": _l("%(paper)s %(number)s berakhir pada %(day)s. Perpanjang sekarang."),
    "paper_unchecked": _l(
        "%(paper)s %(number)s belum diperiksa. Tunjukkan aslinya kepada petugas saat Anda datang."
    ),
}
