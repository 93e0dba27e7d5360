"""What people read about machines as assets, the parts they wait for, and their rates."""

from flask_babel import lazy_gettext as _l

TEXTS = {
    "condition_unknown": _l("Kondisi harus baik (B), rusak ringan (RR), atau rusak berat (RB)."),
    "asset_code_malformed": _l(
        "Kode barang terdiri atas kelompok angka dengan titik, misalnya 1.3.2.08.01.41."
    ),
    "asset_number_malformed": _l("NUP paling banyak enam angka, misalnya 0007."),
    "asset_number_alone": _l("NUP hanya berarti bersama kode barang. Isi kode barangnya juga."),
    "fund_kind_unknown": _l("Sumber dana harus apbd, tp, hibah, atau csr."),
    "holder_is_person": _l(
        "Tulis kantor atau unit yang memegang barang, tanpa NIP atau nomor pribadi."
    ),
    "placement_kind_unknown": _l("Penempatan ini tidak dikenal."),
    "document_missing": _l("Tulis nomor dokumen yang menjadi dasarnya."),
    "placement_same": _l("Mesin sudah berada di tempat ini."),
    "loan_without_end": _l("Tulis sampai tanggal berapa mesin dipinjamkan."),
    "machine_still_booked": _l(
        "%(bookings)s reservasi masih menunggu di mesin ini. Beri waktu baru dahulu, "
        "baru mesin dapat dipindahkan."
    ),
    "machine_without_power": _l(
        "Mesin sedang mati karena gangguan di rumah kemasan ini. Akhiri gangguannya dahulu."
    ),
    "lane_converted": _l("Jalur mesin %(machine)s sudah pernah diubah dan kini tetap."),
    "note_missing": _l("Tulis apa yang rusak."),
    "part_missing": _l("Tulis suku cadang yang ditunggu."),
    "ordered_in_future": _l("Tanggal pesan tidak boleh setelah hari ini."),
    "eta_in_past": _l("Perkiraan tiba tidak boleh sebelum tanggal pesan."),
    "part_not_found": _l("Catatan suku cadang ini tidak ada."),
    "part_settled": _l("Suku cadang ini sudah dicatat tiba atau tidak ditunggu lagi."),
    "arrival_out_of_range": _l("Tanggal tiba harus antara tanggal pesan dan hari ini."),
    "rate_moved_on": _l(
        "Pekerjaan yang baru selesai mengubah laju yang disarankan menjadi %(rate)s. "
        "Periksa lagi sebelum memakainya."
    ),
    "runs_too_few": _l("Baru %(count)s pekerjaan yang selesai. Itu belum cukup untuk laju baru."),
    "wait_unknown": _l("Pilih berapa pekerjaan lagi yang ditunggu."),
    "placement_not_found": _l("Penempatan ini tidak ada."),
}
