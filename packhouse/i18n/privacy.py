"""What is asked when consent is asked for, purpose by purpose.

These are the words of version 1 (`packhouse/domain/privacy.py::VERSIONS`). Who changes what a
text promises raises its version: an old yes then counts no longer.
"""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

PURPOSE_NAMES = {
    "whatsapp": _l("Pesan lewat WhatsApp atau SMS"),
    "facilitator": _l("Dihubungi pendamping usaha"),
    "story": _l("Cerita dan foto usaha"),
    "directory": _l("Daftar pelaku usaha"),
    "news": _l("Kabar pelatihan dan program"),
}

PURPOSE_TEXTS = {
    "whatsapp": _l(
        "Nomor ponsel Anda dipakai untuk mengirim pengingat dan perubahan jadwal lewat WhatsApp "
        "atau SMS. Isinya hanya kode, waktu, dan tempat."
    ),
    "facilitator": _l(
        "Nama, nomor ponsel, dan nama usaha Anda diberikan kepada pendamping dari dinas, agar "
        "Anda dibantu mengurus izin."
    ),
    "story": _l(
        "Nama usaha, foto produk, dan cerita Anda boleh dimuat di laporan dan halaman publik. "
        "Anda melihatnya dahulu sebelum dimuat."
    ),
    "directory": _l(
        "Nama usaha, kabupaten, dan produk Anda boleh tampil di daftar pelaku usaha untuk umum. "
        "Nomor ponsel tidak ditampilkan."
    ),
    "news": _l(
        "Surel dan nomor ponsel Anda dipakai untuk mengabarkan pelatihan dan program bantuan, "
        "paling banyak sebulan sekali."
    ),
}

HELD_NAMES = {
    "audit_entries": _l("Jejak audit tentang Anda"),
    "messages": _l("Pesan kepada Anda"),
    "consents": _l("Jawaban persetujuan"),
    "server_sessions": _l("Perangkat yang masuk"),
    "api_tokens": _l("Kunci program"),
    "calendar_feeds": _l("Alamat kalender"),
    "one_time_secrets": _l("Kode dan tautan sekali pakai"),
    "sign_ups": _l("Pendaftaran pertama"),
    "user_sites": _l("Tempat bertugas"),
    "memberships": _l("Usaha yang Anda wakili"),
    "businesses": _l("Data usaha"),
    "cooperative_members": _l("Keanggotaan koperasi"),
    "products": _lp("banyak", "Produk"),
    "documents": _l("Dokumen dan izin"),
    "verifications": _l("Pemeriksaan dokumen"),
    "jobs": _lp("banyak", "Pekerjaan"),
    "orders": _l("Pesanan bersama"),
    "job_lines": _l("Baris pesanan bersama"),
    "bookings": _lp("banyak", "Reservasi"),
    "request_questions": _l("Pertanyaan tentang permohonan Anda"),
    "series": _l("Reservasi berulang"),
    "wishes": _l("Daftar tunggu"),
    "demands": _l("Permintaan yang belum terlayani"),
    "complaints": _l("Pengaduan"),
}
