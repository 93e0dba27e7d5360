"""What people read where a plan, or an answer to it, is refused."""

from flask_babel import lazy_gettext as _l

TEXTS = {
    "plan_not_found": _l("Usulan jadwal ini tidak ada."),
    "plan_outdated": _l(
        "Usulan ini tidak cocok lagi karena ada yang berubah. Tidak ada jadwal yang dipindah."
        " Hitung lagi, lalu terapkan usulan yang baru."
    ),
    "plan_changed": _l("Petugas lain baru saja mengubah usulan ini. Lihat dahulu, lalu terapkan."),
    "plan_booking_changed": _l("%(code)s sudah berubah: %(state)s."),
    "plan_not_proposed": _l("Usulan ini sudah selesai: %(plan_state)s."),
    "nothing_proposed": _l("Belum ada waktu yang diusulkan untuk %(code)s."),
    "nothing_to_answer": _l("Tidak ada waktu baru yang perlu dijawab untuk %(code)s."),
    "answer_over": _l(
        "Waktu ini sudah tidak dapat dijawab lagi: jadwalnya berubah atau sudah dimulai."
    ),
    "no_time_to_agree_to": _l(
        "%(code)s belum punya waktu baru. Pindahkan atau batalkan reservasinya dahulu."
    ),
}
