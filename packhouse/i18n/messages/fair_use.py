"""The sentences of fair use and of wishes that come back."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

TEXTS: Mapping[str, LazyString] = {
    # Fair use
    "limit_open": _l(
        "Paling banyak %(most)s reservasi yang belum selesai; Anda sudah punya %(used)s."
        " Anda dapat memesan lagi setelah yang pada %(free_after)s selesai."
    ),
    "limit_open_none": _l(
        "Rumah kemasan ini sedang tidak menerima reservasi baru. Hubungi petugas."
    ),
    "limit_week": _l(
        "Paling banyak %(most_minutes)s sepekan. Pada pekan mulai %(starting)s masih boleh"
        " %(left_minutes)s; pekerjaan ini %(wanted_minutes)s."
        " Pekan pertama yang cukup mulai %(room_from)s."
    ),
    "limit_week_full": _l(
        "Paling banyak %(most_minutes)s sepekan. Pada pekan mulai %(starting)s masih boleh"
        " %(left_minutes)s; pekerjaan ini %(wanted_minutes)s."
        " Kurangi jumlahnya, atau minta petugas."
    ),
    "limit_month": _l(
        "Paling banyak %(most_minutes)s sebulan. Pada bulan mulai %(starting)s masih boleh"
        " %(left_minutes)s; pekerjaan ini %(wanted_minutes)s."
        " Bulan pertama yang cukup mulai %(room_from)s."
    ),
    "limit_month_full": _l(
        "Paling banyak %(most_minutes)s sebulan. Pada bulan mulai %(starting)s masih boleh"
        " %(left_minutes)s; pekerjaan ini %(wanted_minutes)s."
        " Kurangi jumlahnya, atau minta petugas."
    ),
    "pool_limit_open": _l(
        "Anggota %(cooperative)s bersama-sama paling banyak punya %(most)s reservasi yang belum"
        " selesai; sekarang %(used)s. Dapat memesan lagi setelah yang pada %(free_after)s selesai."
    ),
    "pool_limit_open_none": _l(
        "Rumah kemasan ini sedang tidak menerima reservasi baru dari %(cooperative)s."
        " Hubungi petugas."
    ),
    "pool_limit_week": _l(
        "Anggota %(cooperative)s bersama-sama paling banyak %(most_minutes)s sepekan. Pada pekan"
        " mulai %(starting)s masih boleh %(left_minutes)s; pekerjaan ini %(wanted_minutes)s."
        " Pekan pertama yang cukup mulai %(room_from)s."
    ),
    "pool_limit_week_full": _l(
        "Anggota %(cooperative)s bersama-sama paling banyak %(most_minutes)s sepekan. Pada pekan"
        " mulai %(starting)s masih boleh %(left_minutes)s; pekerjaan ini %(wanted_minutes)s."
        " Kurangi jumlahnya, atau minta petugas."
    ),
    "pool_limit_month": _l(
        "Anggota %(cooperative)s bersama-sama paling banyak %(most_minutes)s sebulan. Pada bulan"
        " mulai %(starting)s masih boleh %(left_minutes)s; pekerjaan ini %(wanted_minutes)s."
        " Bulan pertama yang cukup mulai %(room_from)s."
    ),
    "pool_limit_month_full": _l(
        "Anggota %(cooperative)s bersama-sama paling banyak %(most_minutes)s sebulan. Pada bulan"
        " mulai %(starting)s masih boleh %(left_minutes)s; pekerjaan ini %(wanted_minutes)s."
        " Kurangi jumlahnya, atau minta petugas."
    ),
    "cooling_down": _l(
        "%(no_shows)s kali tidak datang dalam 90 hari: sampai %(until)s Anda dapat memesan"
        " paling jauh %(horizon_days)s hari ke depan. Tidak ada denda."
    ),
    # Wishes that come back
    "series_reversed": _l("Tanggal terakhir sebelum tanggal pertama."),
    "series_too_long": _l("Paling lama %(most_days)s hari sejak tanggal pertama."),
    "series_too_many": _l(
        "Paling banyak %(most)s tanggal. Pilih tanggal terakhir yang lebih awal."
    ),
    "series_empty": _l("Tidak ada tanggal yang cocok di antara keduanya."),
    "series_nothing_chosen": _l("Pilih sedikitnya satu tanggal."),
    "series_day_unknown": _l("Tanggal itu bukan bagian dari jadwal rutin ini."),
    "series_day_booked": _l("Tanggal itu sudah punya reservasi."),
    "series_nothing_left": _l("Tidak ada lagi reservasi yang dapat diubah mulai tanggal itu."),
    "series_not_found": _l("Jadwal rutin ini tidak ada."),
    "day_closed": _l("Rumah kemasan tutup hari itu."),
    "day_closed_named": _l("Rumah kemasan tutup hari itu: %(name)s."),
}
