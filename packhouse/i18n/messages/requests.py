"""The sentences of requests, exceptions and working time."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TEXTS: Mapping[str, LazyString] = {
    "override_reason_missing": _l(
        "Permohonan ini melewati batas di atas. Tulis alasan pengecualiannya bila tetap disetujui."
    ),
    "question_missing": _l("Tulis pertanyaannya."),
    "question_open": _l("Pertanyaan sebelumnya belum dijawab. Tunggu jawabannya, atau putuskan."),
    "answer_missing": _l("Tulis jawabannya."),
    "nothing_asked": _l("Tidak ada pertanyaan yang menunggu jawaban."),
    "request_over": _l("Batas waktu permohonan ini sudah lewat; waktunya dilepas."),
    "misfits_unseen": _l(
        "Perubahan ini membuat %(bookings)s reservasi tidak sesuai lagi. Periksa daftarnya,"
        " lalu simpan sekali lagi."
    ),
    "shift_days_out_of_range": _l("Paling banyak %(most)s hari berturut-turut."),
    "hours_changed_since": _l(
        "Jam buka sudah diubah lagi sesudah itu. Batalkan perubahan yang terakhir dahulu."
    ),
}
