"""What people call the messages of the house, how they go, and where they stand."""

from flask_babel import lazy_gettext as _l

MESSAGE_STATE_NAMES = {
    "due": _l("Akan dikirim"),
    "sending": _l("Sedang dikirim"),
    "sent": _l("Terkirim"),
    "unknown": _l("Belum pasti terkirim"),
    "expired": _l("Lewat waktu"),
    "cancelled": _l("Batal dikirim"),
    "suppressed": _l("Tidak dikirim"),
    "dead": _l("Gagal dikirim"),
}
CHANNEL_NAMES = {
    "in_app": _l("Di aplikasi"),
    "email": _l("Surel"),
    "whatsapp": _l("WhatsApp"),
    "sms": _l("SMS"),
    "telegram": _l("Telegram"),
}
MESSAGE_KIND_NAMES = {
    "booking_confirmed": _l("Reservasi dipastikan"),
    "booking_requested": _l("Permohonan diterima"),
    "request_approved": _l("Permohonan disetujui"),
    "request_rejected": _l("Permohonan ditolak"),
    "request_expired": _l("Permohonan kedaluwarsa"),
    "request_asked": _l("Pertanyaan tentang permohonan"),
    "request_answered": _l("Pertanyaan dijawab"),
    "request_missed": _l("Permohonan lewat tanpa keputusan"),
    "booking_moved": _l("Jadwal dipindah"),
    "booking_cancelled": _l("Reservasi dibatalkan"),
    "booking_displaced": _l("Perlu jadwal baru"),
    "new_time_asked": _l("Waktu pengganti, menunggu jawaban"),
    "new_time_told": _l("Mesin atau jam berubah sedikit"),
    "reminder_3_days": _l("Pengingat H-3"),
    "reminder_1_day": _l("Pengingat H-1"),
    "reminder_2_hours": _l("Pengingat 2 jam"),
    "no_show": _l("Tidak hadir"),
    "run_overran": _l("Mesin terlambat bebas"),
    "may_come_earlier": _l("Boleh datang lebih awal"),
    "password_link": _l("Tautan kata sandi"),
    "email_link": _l("Tautan surel"),
    "offer_made": _l("Tawaran dari daftar tunggu"),
    "offer_expired": _l("Tawaran lewat waktu"),
    "offer_withdrawn": _l("Tawaran ditarik"),
    "time_freed": _l("Ada waktu kosong"),
    "wish_lapsed": _l("Permintaan di daftar tunggu berakhir"),
    "complaint_answered": _l("Pengaduan dijawab"),
    "paper_expires": _l("Dokumen akan berakhir"),
    "business_merged": _l("Dua catatan usaha menjadi satu"),
    "work_proposed": _l("Perawatan perlu keputusan"),
}
