"""The sentence of each problem code, with places for its facts."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TEXTS: Mapping[str, LazyString] = {
    # Anything
    "error": _l("Ada yang tidak beres di pihak kami. Coba sekali lagi."),
    "cleaning_in_the_way": _l(
        "Pada %(day)s waktu itu diperlukan untuk membersihkan mesin di antara reservasi. Pilih"
        " waktu lain, atau pindahkan reservasinya dahulu."
    ),
    "not_guarded": _l(
        "Basis data belum siap dipakai. Pengelola sistem perlu menjalankan init-db, lalu"
        " memulai ulang."
    ),
    "unavailable": _l("Sistem sedang sibuk. Tunggu sebentar, lalu coba lagi."),
    "malformed": _l("Isian ini tidak dapat dibaca."),
    "code_unknown": _l("Kode %(value)s tidak dikenal untuk %(field)s."),
    "not_found": _l("Halaman atau data ini tidak ada, atau bukan milik Anda."),
    "not_allowed": _l("Anda tidak berwenang melakukan ini."),
    "unauthorized": _l("Masuk dahulu untuk melanjutkan."),
    "csrf": _l("Formulir ini sudah lama terbuka. Muat ulang halaman, lalu kirim sekali lagi."),
    "conflict": _l("Keadaannya sudah berubah. Muat ulang halaman ini."),
    "rule_broken": _l("Permintaan ini belum memenuhi aturan."),
    "stale": _l("Data ini baru saja diubah orang lain. Periksa lagi, lalu kirim ulang."),
    "wrong_state": _l("Langkah ini tidak dapat dilakukan pada keadaan sekarang."),
    "key_reused": _l("Kiriman ini sudah dipakai untuk permintaan lain. Muat ulang formulirnya."),
    "too_many": _l("Terlalu banyak percobaan. Tunggu sebentar, lalu coba lagi."),
    "too_large": _l("Kiriman ini terlalu besar."),
    "method_not_allowed": _l("Alamat ini tidak melayani cara permintaan itu."),
    # What programs send
    "field_missing": _l("Isian %(field)s belum ada."),
    "field_unknown": _l("Isian %(field)s tidak dikenal."),
    "field_malformed": _l("Isian %(field)s tidak dapat dibaca."),
    "naive_time": _l("Waktu pada %(field)s tidak menyebut selisihnya dari UTC (contoh: +07:00)."),
    "time_malformed": _l("Waktu pada %(field)s tidak terbaca. Contoh: 2026-11-26T08:30:00+07:00."),
    "day_malformed": _l("Tanggal pada %(field)s tidak terbaca. Contoh: 2026-11-26."),
    "out_of_range": _l("Isian %(field)s harus antara %(least)s dan %(most)s."),
    "length_out_of_range": _l("Panjang isian %(field)s harus antara %(least)s dan %(most)s."),
    "not_json": _l("Kiriman harus berupa JSON (application/json)."),
    "product_ambiguous": _l("Ada beberapa produk bernama %(name)s. Sebutkan nomornya."),
    "parts_do_not_add_up": _l("Jumlah semua bagian harus sama dengan %(quantity)s kemasan."),
    "parts_out_of_range": _l("Satu pekerjaan paling banyak %(most)s bagian."),
    # Time on a machine
    "slot_taken": _l("Waktu ini baru saja diambil orang lain. Pilih waktu lain."),
    "time_taken": _l("Mesin sudah terpakai %(starts_at)s sampai %(ends_at)s (%(kind)s)."),
    "off_grid": _l("Waktu mulai harus pada kelipatan lima menit."),
    "in_the_past": _l("Waktu ini sudah lewat."),
    "too_soon": _l("Terlalu dekat: pesan sedikitnya %(notice_minutes)s sebelum mulai."),
    "too_far": _l("Terlalu jauh: jadwal dibuka sampai %(horizon_days)s hari ke depan."),
    "window_empty": _l("Pilih tanggal dalam %(horizon_days)s hari ke depan."),
    "closed_window": _l("Rumah kemasan tutup antara %(from)s dan %(to)s."),
    "no_free_time": _l("Semua waktu yang cukup sudah terisi sampai %(to)s."),
    "closed_day": _l("Rumah kemasan tutup pada %(day)s."),
    "outside_hours": _l("Di luar jam buka: %(opens_at)s sampai %(closes_at)s."),
    "past_closing": _l(
        "Pekerjaan %(work_minutes)s ini tidak selesai sebelum tutup pada %(closes_at)s."
    ),
    "longer_than_day": _l(
        "Pekerjaan ini perlu %(needed_minutes)s, lebih lama dari satu hari buka (%(day_minutes)s)."
        " Sehari cukup untuk %(quantity_per_day)s kemasan: bagi menjadi beberapa hari."
    ),
    "cleaning_before_missing": _l(
        "Tidak cukup waktu untuk membersihkan mesin sebelum Anda"
        " (%(level)s, %(minutes)s setelah %(previous_ends_at)s)."
    ),
    "cleaning_after_missing": _l(
        "Tidak cukup waktu untuk membersihkan mesin bagi pelanggan berikutnya"
        " (%(level)s, %(minutes)s sebelum %(following_starts_at)s)."
    ),
    "closing_clean_missing": _l(
        "Pembersihan penutup (%(minutes)s) tidak selesai sebelum tutup pada %(closes_at)s."
    ),
    "operators_full": _l("Semua operator sudah bertugas antara %(starts_at)s dan %(ends_at)s."),
    # Bookings
    "booking_not_found": _l("Reservasi ini tidak ada, atau bukan milik Anda."),
    "product_not_found": _l("Produk ini tidak ada, atau bukan milik Anda."),
    "machine_not_found": _l("Mesin ini tidak ada."),
    "site_not_found": _l("Rumah kemasan ini tidak ada."),
    "quantity_out_of_range": _l("Jumlah kemasan harus antara 1 dan %(most)s."),
    "move_window_closed": _l(
        "Kurang dari %(hours)s jam sebelum mulai, jadwal hanya dapat dipindah oleh petugas."
        " Hubungi petugas, atau batalkan: dicatat terlambat, kecuali waktunya dipakai orang lain."
    ),
    "booking_changed": _l("Reservasi ini berubah sejak Anda membukanya."),
    "booking_moved": _l("Reservasi ini baru saja dipindah. Muat ulang halamannya."),
    "reason_missing": _l("Tulis alasannya."),
    "cursor_unreadable": _l("Alamat halaman daftar ini tidak terbaca. Mulai dari awal."),
    "bookings_in_the_way": _l(
        "Ada reservasi %(code)s pada %(starts_at)s. Pindahkan dahulu, lalu ulangi."
    ),
    # Machines
    "machine_not_yet_commissioned": _l("Mesin ini baru beroperasi mulai %(commissioned_at)s."),
    "machine_retired": _l("Mesin ini tidak dipakai lagi sejak %(retired_at)s."),
    "machine_broken": _l("Mesin ini sedang rusak."),
    "machine_not_broken": _l("Mesin %(machine)s tidak sedang rusak."),
    "machine_running": _l("Mesin ini masih berjalan untuk reservasi %(code)s. Selesaikan dahulu."),
    "maintenance_not_found": _l("Perawatan ini tidak ada, atau sudah selesai."),
    "expected_back_out_of_range": _l(
        "Perkiraan selesai harus setelah sekarang, paling lama %(days)s hari."
    ),
    "period_out_of_range": _l(
        "Awal harus setelah sekarang dan akhir setelah awal, paling lama %(days)s hari."
    ),
    "reason_unknown": _l("Pilih alasan dari daftar."),
    "machine_packs_missing": _l("Pilih sedikitnya satu kemasan untuk mesin ini."),
    "machine_rate_not_positive": _l("Laju mesin harus lebih dari nol kemasan per menit."),
    "machine_setup_out_of_range": _l("Waktu persiapan harus antara 0 menit dan 24 jam."),
    "machine_cleaning_not_rising": _l(
        "Waktu pembersihan tidak boleh turun dari tingkat 1 ke tingkat 3."
    ),
    "machine_tariff_negative": _l("Tarif tidak boleh kurang dari nol."),
    "machine_retired_before_commissioned": _l("Mesin berhenti sebelum mulai beroperasi."),
    "machine_code_malformed": _l(
        "Kode mesin: 1 sampai 40 huruf, angka, titik, atau tanda hubung, tanpa spasi."
    ),
    "machine_code_taken": _l("Kode %(code)s sudah dipakai mesin lain."),
    "machine_kind_malformed": _l(
        "Jenis mesin ditulis dengan huruf kecil, angka, dan garis bawah, misalnya band_sealer."
    ),
    "machine_at_other_site": _l("Mesin %(code)s milik rumah kemasan lain."),
    "machine_rate_too_large": _l("Laju mesin paling banyak %(maximum)s kemasan per menit."),
    "machine_has_bookings": _l(
        "Masih ada %(bookings)s reservasi atau pekerjaan setelah waktu itu. Pindahkan dahulu."
    ),
    "machine_used_before_commissioned": _l(
        "Mesin ini sudah dipakai sejak %(starts_at)s; ia tidak dapat mulai beroperasi sesudahnya."
    ),
    "attended_has_bookings": _l(
        "Perlu tidaknya operator tidak dapat diubah selama ada %(bookings)s reservasi mendatang."
    ),
    "cleaning_does_not_fit": _l(
        "Pembersihan yang lebih lama tidak muat di antara reservasi pada %(days)s hari,"
        " mulai %(day)s. Pindahkan dahulu reservasi itu."
    ),
    "lane_fixed": _l(
        "Jalur mesin %(machine)s tidak dapat diubah: alat satu jalur tidak berpindah."
    ),
    "lane_unknown": _l("Jalur harus halal atau non_halal."),
    "pack_malformed": _l(
        "Kode kemasan ditulis dengan huruf kecil, angka, dan garis bawah, bukan: %(value)s."
    ),
    "pack_has_bookings": _l(
        "Kemasan %(pack)s masih dipakai %(bookings)s reservasi pada mesin ini. Pindahkan dahulu."
    ),
    "year_out_of_range": _l("Tahun perolehan ini tidak mungkin."),
    "amount_out_of_range": _l("Jumlah uang ini di luar batas."),
    "purpose_unknown": _l("Tujuan ini tidak ada."),
    "account_closed": _l("Akun ini ditutup pemiliknya dan tidak dapat dibuka lagi."),
    "staff_account": _l("Akun petugas ditutup oleh pengelola sistem, bukan oleh pemiliknya."),
    "open_bookings": _l("Batalkan atau selesaikan dahulu reservasi ini: %(codes)s."),
    "open_wishes": _l("Keluar dahulu dari daftar tunggu (%(count)s keinginan)."),
    "reduction_kind_unknown": _l("Pilih untuk siapa keringanan ini."),
    "reduction_not_found": _l("Keringanan ini tidak ada."),
    "reduction_ended": _l("Keringanan ini sudah berakhir."),
    "percent_out_of_range": _l("Isi 1 sampai %(maximum)s persen."),
    "legal_basis_missing": _l(
        "Tarif berbayar memerlukan dasar hukum, misalnya nomor peraturannya."
    ),
    "tariff_in_the_past": _l(
        "Tarif tidak dapat berlaku surut. Pilih waktu mulai yang akan datang."
    ),
    # Lists from a spreadsheet
    "log_empty": _l("Catatan mesin ini kosong."),
    "log_machine_unknown": _l("Mesin %(machine)s tidak ada, atau bukan di rumah kemasan Anda."),
    "log_reason_unknown": _l("Keadaan mesin %(text)s tidak dikenal."),
    "log_time_unreadable": _l("Waktu %(text)s tidak terbaca. Contoh: 2026-11-26T08:30."),
    "log_time_reversed": _l("Waktu selesai harus setelah waktu mulai."),
    "log_time_in_future": _l("Waktu selesai %(text)s belum lewat."),
    "log_count_unreadable": _l("Jumlah %(text)s bukan angka bulat, atau terlalu besar."),
    "log_lines_overlap": _l("Waktunya bertumpuk dengan baris %(other)s."),
    "log_already_recorded": _l("Mesin ini sudah mempunyai catatan pada waktu itu."),
    "list_empty": _l("Daftar ini kosong."),
    "columns_missing": _l("Kolom ini tidak ada dalam daftar: %(columns)s."),
    "columns_unknown": _l("Kolom ini tidak dikenal: %(columns)s."),
    "columns_repeated": _l("Ada kolom dengan nama yang sama."),
    "cells_too_many": _l("Baris ini mempunyai lebih banyak isian daripada kolom."),
    "list_not_utf8": _l("Berkas ini bukan teks UTF-8. Simpan lagi sebagai CSV UTF-8."),
    "list_unreadable": _l("Baris ini tidak terbaca sebagai CSV; periksa tanda kutipnya."),
    "cell_unreadable": _l("Isi kolom %(field)s tidak terbaca: %(value)s."),
    "line_repeated": _l("Kode %(code)s sudah ada pada baris %(other)s."),
    "pack_not_handled": _l("Mesin %(machine)s tidak dapat memakai kemasan %(pack)s."),
    "lane_mismatch": _l(
        "Produk %(product_lane)s tidak boleh memakai mesin jalur lain."
        " Pembersihan tidak mengubah hal ini."
    ),
    "quantity_not_positive": _l("Jumlah kemasan harus lebih dari nol."),
    # Opening hours and closures
    "zone_unknown": _l("Zona waktu %(zone)s tidak dikenal."),
    "zone_has_summer_time": _l("Zona waktu %(zone)s memakai waktu musim panas."),
    "zone_off_grid": _l("Zona waktu %(zone)s tidak tepat pada kelipatan lima menit."),
    "hours_empty": _l("Jam buka masih kosong."),
    "hours_times_missing": _l("Jamnya belum ada (tanda ke-%(position)s)."),
    "hours_weekday_unknown": _l("Hari ini tidak dikenal: %(text)s (tanda ke-%(position)s)."),
    "hours_days_reversed": _l("Urutan hari terbalik: %(text)s (tanda ke-%(position)s)."),
    "hours_interval_unreadable": _l("Jam tidak terbaca: %(text)s. Tulis seperti 07:30-12:00."),
    "hours_past_midnight": _l("Jam buka tidak boleh melewati tengah malam: %(text)s."),
    "hours_reversed": _l("Jam tutup harus setelah jam buka."),
    "hours_off_grid": _l("Jam buka harus pada kelipatan lima menit."),
    "hours_overlap": _l("Jam buka saling bertumpuk: %(text)s."),
    "hours_validity_reversed": _l("Akhir masa berlaku mendahului awalnya."),
    "closure_reversed": _l("Hari terakhir tutup mendahului hari pertama."),
    # Sites
    "site_unknown": _l("Rumah kemasan %(site)s tidak ada."),
    "site_code_taken": _l("Kode %(code)s sudah dipakai rumah kemasan lain."),
    "site_code_malformed": _l(
        "Kode rumah kemasan: 1 sampai 40 huruf, angka, titik, atau tanda hubung, tanpa spasi."
    ),
    "name_missing": _l("Nama masih kosong."),
    "name_long": _l("Nama paling panjang %(maximum)s huruf."),
    "text_long": _l("Teks ini paling panjang %(maximum)s huruf."),
    "owner_unknown": _l("Pemilik harus provinsi, kota, atau koperasi."),
    "regency_unknown": _l("Kode kabupaten/kota %(value)s tidak dikenal. Contoh: 61.71."),
    "operators_out_of_range": _l("Jumlah operator harus antara 0 dan %(maximum)s."),
    "operators_booked": _l(
        "%(bookings)s reservasi memerlukan sampai %(needed)s operator, mulai %(starts_at)s."
        " Pindahkan dahulu reservasi itu."
    ),
    "policy_out_of_range": _l("Nilai ini harus antara %(least)s dan %(most)s."),
    "shift_reversed": _l("Akhir giliran kerja harus setelah awalnya."),
    "shift_long": _l("Giliran kerja paling lama %(days)s hari."),
    "hours_last": _l("Jam buka yang terakhir tidak dapat dihapus. Ganti dengan jam yang lain."),
    "closure_exists": _l("Hari tutup ini sudah tercatat."),
    "closure_long": _l("Satu penutupan paling lama %(days)s hari."),
    # Businesses
    "nib_taken": _l("NIB %(nib)s sudah terdaftar atas nama usaha lain."),
    "nib_missing": _l("Isi NIB dahulu; tingkat ini memerlukannya."),
    "business_not_found": _l("Usaha ini tidak ada, atau bukan milik Anda."),
    "person_already_member": _l("Orang ini sudah tercatat pada usaha ini."),
    "owner_last": _l("Usaha memerlukan sedikitnya satu pemilik. Tambahkan pemilik lain dahulu."),
    "not_a_producer": _l("%(email)s bukan akun pelaku UMKM, jadi tidak dapat mewakili usaha."),
    "not_a_cooperative": _l("Hanya koperasi yang mempunyai anggota."),
    "member_is_cooperative": _l("Anggota koperasi harus UMKM, bukan koperasi."),
    "member_already": _l("Usaha ini sudah menjadi anggota."),
    "cooperative_has_members": _l("Koperasi ini masih mempunyai %(members)s anggota."),
    # Products
    "allergen_unknown": _l("Alergen ini tidak dikenal: %(value)s."),
    "aroma_unknown": _l("Aroma ini tidak dikenal: %(value)s."),
    "product_has_bookings": _l(
        "Produk ini sudah dipakai dalam %(bookings)s reservasi, jadi kemasan, jalur, alergen,"
        " aroma, dan sifat basahnya tidak dapat diubah. Buat produk baru, lalu arsipkan yang ini."
    ),
    "product_archived": _l("Produk ini sudah diarsipkan."),
    # People
    "sign_in_failed": _l("Surel atau nomor HP, atau kata sandinya, tidak cocok."),
    "several_people": _l(
        "Nomor ini dipakai beberapa orang dengan kata sandi yang sama. Pilih nama Anda, lalu ketik"
        " kata sandi sekali lagi."
    ),
    "too_many_sign_ups": _l(
        "Nomor ini baru saja dipakai mendaftar beberapa kali. Masuk dengan kata sandi Anda, atau"
        " minta bantuan petugas."
    ),
    "sign_up_repeated": _l(
        "Dengan formulir ini sudah ada yang mendaftar. Bila itu Anda, silakan masuk; bila Anda"
        " mendaftarkan orang lain, ketik kata sandinya dan kirim sekali lagi."
    ),
    "link_over": _l("Tautan ini sudah dipakai atau sudah lewat waktunya. Minta tautan baru."),
    "code_wrong": _l(
        "Kode ini tidak cocok dengan surel atau nomor itu, atau sudah lewat waktunya. Periksa"
        " keduanya, atau minta kode baru kepada petugas."
    ),
    "too_many_sign_ins": _l("Terlalu banyak percobaan masuk. Coba lagi dalam %(seconds)s."),
    "password_wrong": _l("Kata sandi yang sekarang tidak cocok."),
    "password_short": _l("Kata sandi sedikitnya %(minimum)s huruf."),
    "password_long": _l("Kata sandi paling banyak %(maximum)s huruf."),
    "password_common": _l("Kata sandi ini terlalu mudah ditebak."),
    "password_personal": _l("Jangan memakai nama, surel, atau nomor Anda sebagai kata sandi."),
    "email_taken": _l("Surel ini sudah dipakai."),
    "email_malformed": _l("Alamat surel ini tidak benar. Contoh: nama@contoh.id"),
    "phone_malformed": _l("Nomor ponsel ini tidak benar. Contoh: 0812 3456 7890"),
    "phone_missing": _l("Isi nomor HP Anda. Contoh: 0812 3456 7890"),
    "phone_landline": _l(
        "Ini nomor telepon rumah atau kantor, yang tidak menerima WhatsApp atau SMS. Tulis nomor"
        " HP, misalnya 0812 3456 7890."
    ),
    "contact_missing": _l("Isi surel atau nomor HP, agar Anda dapat masuk dan dihubungi."),
    "village_missing": _l("Tulis nama desa atau kelurahan."),
    "product_sounds_non_halal": _l(
        "Nama produk ini terdengar non-halal. Bila benar, tekan tombol untuk produk non-halal;"
        " bila tidak, ubah namanya. Keduanya tidak pernah memakai mesin yang sama."
    ),
    "locale_unknown": _l("Bahasa ini tidak tersedia."),
    "own_account": _l("Anda tidak dapat melakukan ini pada akun sendiri."),
    "user_unknown": _l("Tidak ada pengguna dengan surel %(email)s."),
    "role_unknown": _l("Peran %(role)s tidak dikenal."),
    "size_unknown": _l("Golongan usaha %(value)s tidak dikenal."),
    "level_unknown": _l("Tingkat berkas %(value)s tidak dikenal."),
    "business_kind_unknown": _l("Jenis usaha %(value)s tidak dikenal."),
    "nib_malformed": _l("NIB harus tepat 13 angka."),
    # Reports
    "period_reversed": _l("Tanggal akhir mendahului tanggal awal."),
    "period_too_long": _l("Rentang paling lama %(days)s hari."),
    "period_unlikely": _l("Laporan hanya ada untuk tahun %(first)s sampai %(last)s."),
    "out_missing": _l("Format %(value)s ditulis ke berkas: sebutkan --out BERKAS."),
    "by_unknown": _l("Laporan tidak dapat dirinci menurut %(by)s."),
    # The day
    "another_day": _l("Reservasi ini untuk %(starts_at)s, bukan hari ini."),
    "too_early": _l("Mesin masih dipakai sebelum %(starts_at)s."),
    "grace_running": _l("Tunggu sampai %(until)s sebelum mencatat tidak hadir."),
    "not_running": _l("Reservasi %(code)s tidak sedang berjalan (%(state)s)."),
    "count_out_of_range": _l("Jumlah hitungan harus antara 0 dan %(most)s."),
    "message_not_dead": _l("Pesan ini tidak perlu dikirim ulang."),
    "message_too_late": _l("Pesan ini sudah terlambat untuk dikirim."),
}
