"""What each kind of message says, before the facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from packhouse.domain.reminders import MessageKind


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind of message says, before the facts."""

    subject: LazyString
    opening: LazyString


WORDS: Mapping[MessageKind, Words] = MappingProxyType(
    {
        MessageKind.BOOKING_CONFIRMED: Words(
            _l("Reservasi %(code)s sudah pasti"),
            _l("Reservasi Anda sudah pasti. Kami akan mengingatkan Anda sebelum hari itu."),
        ),
        MessageKind.BOOKING_REQUESTED: Words(
            _l("Permintaan %(code)s menunggu keputusan"),
            _l(
                "Permintaan Anda sudah kami terima dan waktunya kami tahan."
                " Tunggu keputusan petugas sebelum berangkat."
            ),
        ),
        MessageKind.REQUEST_APPROVED: Words(
            _l("Permintaan %(code)s disetujui"),
            _l("Permintaan Anda disetujui. Reservasi Anda sudah pasti."),
        ),
        MessageKind.REQUEST_REJECTED: Words(
            _l("Permintaan %(code)s ditolak"),
            _l(
                "Maaf, permintaan Anda tidak dapat kami penuhi."
                " Jangan berangkat untuk jadwal ini; silakan pilih waktu lain."
            ),
        ),
        MessageKind.REQUEST_EXPIRED: Words(
            _l("Permintaan %(code)s kedaluwarsa"),
            _l(
                "Permintaan Anda belum diputuskan sampai batas waktunya, jadi waktunya kami lepas."
                " Jangan berangkat untuk jadwal ini; silakan pilih waktu lain."
            ),
        ),
        MessageKind.REQUEST_ASKED: Words(
            _l("Rumah kemasan bertanya tentang permintaan %(code)s"),
            _l(
                "Sebelum memutuskan, petugas perlu jawaban Anda. Jawablah sebelum %(decide_by)s;"
                " waktunya tetap kami tahan sampai saat itu."
            ),
        ),
        MessageKind.REQUEST_ANSWERED: Words(
            _l("Permintaan %(code)s: pertanyaan Anda dijawab"),
            _l("Pemohon menjawab pertanyaan Anda. Putuskan permintaannya sebelum batas waktunya."),
        ),
        MessageKind.REQUEST_MISSED: Words(
            _l("Permintaan %(code)s lewat tanpa keputusan"),
            _l(
                "Tidak ada yang memutuskan permintaan ini sampai batas waktunya. Waktunya sudah"
                " dilepas dan pemohonnya diberi tahu. Bila perlu, hubungi dia."
            ),
        ),
        MessageKind.WORK_PROPOSED: Words(
            _l("Perawatan %(code)s perlu keputusan"),
            _l(
                "Perawatan berkala mesin ini segera jatuh tempo, tetapi tidak ada waktu kosong."
                " Carikan waktu lain untuk yang sudah memesan, atau pilih waktu lain."
            ),
        ),
        MessageKind.BOOKING_MOVED: Words(
            _l("Jadwal %(code)s berubah"),
            _l("Jadwal Anda berubah. Yang berlaku sekarang adalah jadwal di bawah ini."),
        ),
        MessageKind.BOOKING_CANCELLED: Words(
            _l("Reservasi %(code)s dibatalkan"),
            _l("Reservasi ini dibatalkan. Jangan berangkat untuk jadwal ini."),
        ),
        MessageKind.BOOKING_DISPLACED: Words(
            _l("Jangan berangkat dulu: mesin untuk %(code)s terganggu"),
            _l(
                "Mesin yang Anda pesan sedang terganggu. Jangan berangkat dulu:"
                " petugas mencarikan waktu pengganti dan akan mengabari Anda."
            ),
        ),
        MessageKind.NEW_TIME_ASKED: Words(
            _l("Waktu pengganti untuk %(code)s: %(start)s"),
            _l(
                "Waktu lama Anda, %(was)s, tidak dapat dipakai. Maaf. Waktu di bawah ini sudah kami"
                " tahan untuk Anda. Terima, tolak untuk memilih waktu lain, atau minta ditelepon,"
                " sampai %(answer_by)s. Bila Anda tidak menjawab, waktu ini tetap milik Anda dan"
                " petugas menelepon Anda."
            ),
        ),
        MessageKind.NEW_TIME_TOLD: Words(
            _l("Mesin atau jam %(code)s berubah sedikit: %(start)s"),
            _l(
                "Maaf, jadwal Anda berubah sedikit; semula %(was)s. Yang berlaku sekarang adalah"
                " jadwal di bawah ini. Bila Anda tidak dapat datang, buka reservasinya: Anda boleh"
                " memilih waktu lain atau membatalkan tanpa catatan."
            ),
        ),
        MessageKind.REMINDER_3_DAYS: Words(
            _l("Pengingat: reservasi %(code)s, %(start)s"),
            _l(
                "Jadwal Anda sudah dekat. Siapkan produk dan bahan kemasan."
                " Bila tidak jadi, batalkan sekarang agar orang lain dapat memakai mesinnya."
            ),
        ),
        MessageKind.REMINDER_1_DAY: Words(
            _l("Aman berangkat: reservasi %(code)s, %(start)s"),
            _l("Jadwal Anda tetap dan waktu mesin sudah disediakan untuk Anda. Aman berangkat."),
        ),
        MessageKind.REMINDER_2_HOURS: Words(
            _l("Sebentar lagi: reservasi %(code)s, %(start)s"),
            _l("Jadwal Anda tetap. Aman berangkat."),
        ),
        MessageKind.NO_SHOW: Words(
            _l("Reservasi %(code)s dicatat tidak hadir"),
            _l(
                "Anda belum datang sampai batas toleransi, jadi sisa waktunya kami lepas."
                " Bila ini keliru, hubungi petugas."
            ),
        ),
        MessageKind.RUN_OVERRAN: Words(
            _l("Mesin untuk %(code)s mungkin terlambat siap"),
            _l(
                "Pemakaian sebelum Anda belum selesai. Mesin kemungkinan baru siap untuk Anda"
                " %(expected)s. Reservasi Anda tetap berlaku, dan Anda tidak dihitung terlambat."
            ),
        ),
        MessageKind.MAY_COME_EARLIER: Words(
            _l("Anda boleh datang lebih awal untuk %(code)s"),
            _l(
                "Pemakaian sebelum Anda selesai lebih cepat. Bila Anda mau, mesin siap untuk Anda"
                " mulai %(earlier)s. Bila tidak, jadwal Anda tetap."
            ),
        ),
        MessageKind.PASSWORD_LINK: Words(
            _l("Tautan untuk membuat kata sandi baru"),
            _l(
                "Ada yang meminta kata sandi baru untuk akun Anda. Bila itu Anda, buka tautan di"
                " bawah ini dalam satu jam. Bila bukan, abaikan pesan ini: tidak ada yang berubah."
            ),
        ),
        MessageKind.EMAIL_LINK: Words(
            _l("Tautan untuk memastikan alamat surel"),
            _l(
                "Alamat ini ditulis sebagai surel sebuah akun. Bila itu akun Anda, buka tautan di"
                " bawah ini dalam satu hari. Bila bukan, abaikan pesan ini: tidak ada yang berubah."
            ),
        ),
        MessageKind.OFFER_MADE: Words(
            _l("Daftar tunggu %(code)s: ada waktu untuk Anda, %(start)s"),
            _l(
                "Giliran Anda di daftar tunggu. Waktu di bawah ini kami tahan hanya untuk Anda"
                " sampai %(answer_by)s. Terima atau tolak; sesudah itu kami tawarkan kepada yang"
                " berikutnya. Tempat Anda di daftar tunggu tidak hilang."
            ),
        ),
        MessageKind.OFFER_EXPIRED: Words(
            _l("Daftar tunggu %(code)s: tawaran sudah lewat, %(start)s"),
            _l(
                "Tawaran ini tidak dijawab sampai batas waktunya, jadi kami tawarkan kepada yang"
                " berikutnya. Anda tetap di daftar tunggu, di tempat yang sama."
            ),
        ),
        MessageKind.OFFER_WITHDRAWN: Words(
            _l("Daftar tunggu %(code)s: tawaran kami tarik, %(start)s"),
            _l(
                "Maaf, mesinnya terganggu, jadi tawaran ini tidak berlaku lagi."
                " Anda tetap di daftar tunggu, di tempat yang sama."
            ),
        ),
        MessageKind.TIME_FREED: Words(
            _l("Daftar tunggu %(code)s: ada waktu kosong, %(start)s"),
            _l(
                "Anda minta diberi tahu bila ada waktu kosong. Waktu ini tidak kami tahan:"
                " siapa yang memesan lebih dahulu, dia yang mendapat."
            ),
        ),
        MessageKind.WISH_LAPSED: Words(
            _l("Daftar tunggu %(code)s: permintaan Anda berakhir"),
            _l(
                "Sampai hari terakhir yang Anda sebut, tidak ada waktu yang cocok. Maaf."
                " Permintaan ini kami catat sebagai kebutuhan yang belum terlayani."
                " Anda dapat mendaftar lagi dengan tanggal lain."
            ),
        ),
        MessageKind.COMPLAINT_ANSWERED: Words(
            _l("Pengaduan %(code)s sudah dijawab"),
            _l(
                "Rumah kemasan menjawab pengaduan Anda. Bila belum menyelesaikan, Anda dapat"
                " membukanya lagi selama 30 hari."
            ),
        ),
        MessageKind.PAPER_EXPIRES: Words(
            _l("%(paper)s berakhir pada %(day)s"),
            _l(
                "Perpanjang sekarang, lalu catat yang baru pada halaman usaha Anda."
                " Memesan mesin tetap dapat seperti biasa."
            ),
        ),
        MessageKind.BUSINESS_MERGED: Words(
            _l("Dua catatan usaha Anda menjadi satu: %(into)s"),
            _l(
                "Yang berlaku sekarang: %(into)s, nomor %(number)s. Catatan %(merged)s, nomor"
                " %(old)s, diteruskan di sana. Yang berpindah: %(moved)s. Reservasi dan dokumen"
                " tetap berlaku seperti sebelumnya. Bila ini keliru, tanyakan kepada %(ask)s."
            ),
        ),
    }
)
