"""What people call the things of re-planning."""

from flask_babel import lazy_gettext as _l

PLAN_STATE_NAMES = {
    "proposed": _l("Usulan"),
    "applied": _l("Diterapkan"),
    "outdated": _l("Diganti usulan baru"),
    "discarded": _l("Tidak dipakai"),
}
CAUSE_NAMES = {
    "breakdown": _l("Kehilangan waktunya"),
    "maintenance": _l("Perawatan mesin"),
    "hours": _l("Jam buka atau petugas berubah"),
}
LOST_NAMES = {
    "breakdown": _l("Mesin rusak"),
    "maintenance": _l("Perawatan mesin"),
    "hours": _l("Jam buka atau petugas berubah"),
    "declined": _l("Waktu pengganti ditolak"),
}
MOVE_REASON_NAMES = {
    "same_time": _l("Jamnya tetap"),
    "same_day": _l("Tetap hari yang sama"),
    "next_free_day": _l("Hari kosong terdekat"),
    "other_machine": _l("Pindah ke mesin lain yang kosong"),
    "same_machine": _l("Mesinnya tetap"),
    "pinned": _l("Dikunci petugas di sini"),
    "least_cleaning": _l("Pembersihan paling sedikit"),
    "first_visit": _l("Pertama kali datang, jadi digeser sesedikit mungkin"),
    "long_way": _l("Rumahnya jauh, jadi digeser sesedikit mungkin"),
    "no_machine": _l("Tidak ada mesin lain yang dapat mengerjakannya"),
    "no_room": _l("Tidak ada waktu kosong yang cukup"),
    "steps_do_not_fit": _l("Langkah lain dari pekerjaan yang sama tidak cocok waktunya"),
    "asked_to_call": _l("Petugas memilih menelepon"),
}
ANSWER_NAMES = {
    "asked": _l("Menunggu jawaban"),
    "informed": _l("Diberi tahu saja"),
    "to_call": _l("Perlu ditelepon"),
    "accepted": _l("Menerima"),
    "declined": _l("Menolak"),
    "call_wanted": _l("Minta ditelepon"),
    "called": _l("Sudah ditelepon"),
    "silent": _l("Tidak menjawab"),
}
CALL_RESULT_NAMES = {
    "agreed": _l("Setuju dengan waktu barunya"),
    "other_time": _l("Sudah sepakat waktu lain atau batal"),
    "unreached": _l("Tidak terjawab"),
}
