"""The words of every message, in the language of who reads it.

A message holds no more than she needs to be there, or to stay at home: code, machine, place and
time. No product, no price: the address may be wrong, and others may read along.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from packhouse.domain.reminders import MessageKind
from packhouse.domain.time_range import from_epoch
from packhouse.i18n.formats import NBSP, local_date, local_datetime, local_span
from packhouse.i18n.locale import force_locale
from packhouse.i18n.names import name_of


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
            _l("Jadwal %(code)s bergeser sedikit: %(start)s"),
            _l(
                "Waktu lama Anda, %(was)s, tidak dapat dipakai. Maaf. Yang berlaku sekarang adalah"
                " jadwal di bawah ini. Bila Anda tidak dapat datang, buka reservasinya dan tolak:"
                " Anda boleh memilih waktu lain atau membatalkan tanpa catatan."
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
                "Pemakaian sebelum Anda belum selesai, jadi mesin mungkin terlambat siap."
                " Reservasi Anda tetap berlaku."
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
    }
)


# Letters that carry a link to be used once, and the address it begins with.
LINKS: Mapping[MessageKind, str] = MappingProxyType(
    {MessageKind.PASSWORD_LINK: "password-links", MessageKind.EMAIL_LINK: "email-links"}
)


# Facts that are told as a time, beside when to be there.
INSTANTS = frozenset({"answer_by", "was"})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words."""

    subject: str
    opening: str
    code: str
    machine: str
    site: str
    when: str
    reason: str = ""


def render(
    kind: MessageKind, *, facts: Mapping[str, Any], site_name: str, zone: str, locale: str
) -> Rendered:
    """Return a message in words; KeyError when a fact is missing."""
    if kind in LINKS:
        with force_locale(locale):
            return Rendered(str(WORDS[kind].subject), str(WORDS[kind].opening), "", "", "", "")
    if kind == MessageKind.COMPLAINT_ANSWERED:
        return _of_complaint(kind, plain(facts["code"]), plain(site_name), locale)
    if kind == MessageKind.PAPER_EXPIRES:
        return _of_paper(kind, facts, plain(site_name), locale)
    when = period(facts["starts_at"], facts["ends_at"], zone=zone, locale=locale)
    start = local_datetime(from_epoch(facts["starts_at"]), zone, locale=locale)
    known = {"code": plain(facts["code"]), "start": start.replace(NBSP, " ")}
    for name in INSTANTS & facts.keys():
        told = local_datetime(from_epoch(facts[name]), zone, locale=locale)
        known[name] = told.replace(NBSP, " ")
    with force_locale(locale):
        return Rendered(
            subject=str(WORDS[kind].subject) % known,
            opening=str(WORDS[kind].opening) % known,
            code=known["code"],
            machine=plain(facts["machine"]),
            site=plain(site_name),
            when=when,
            reason=plain(facts.get("reason", "")),
        )


def _of_complaint(kind: MessageKind, code: str, site: str, locale: str) -> Rendered:
    """Name the complaint and the house; what it is about stays on its own page."""
    with force_locale(locale):
        return Rendered(
            subject=str(WORDS[kind].subject) % {"code": code},
            opening=str(WORDS[kind].opening),
            code=code,
            machine="",
            site=site,
            when="",
        )


def _of_paper(kind: MessageKind, facts: Mapping[str, Any], site: str, locale: str) -> Rendered:
    """Name the kind of paper and its last day; its number stays on the page of the business."""
    day = local_date(date.fromisoformat(facts["day"]), "UTC", locale=locale, style="long")
    with force_locale(locale):
        paper = name_of("paper", facts["paper"])
        told = {"paper": paper, "day": day.replace(NBSP, " ")}
        return Rendered(
            subject=str(WORDS[kind].subject) % told,
            opening=str(WORDS[kind].opening),
            code=paper,
            machine="",
            site=site,
            when="",
        )


def letter(rendered: Rendered, *, name: str, url: str, locale: str) -> str:
    """Return the plain text of a mail."""
    if not rendered.code:
        return _letter_with_link(rendered, name=name, url=url, locale=locale)
    if not rendered.when:
        return _letter_of_news(rendered, name=name, url=url, locale=locale)
    with force_locale(locale):
        lines = [
            gettext("Halo %(name)s,", name=plain(name)),
            "",
            rendered.opening,
            *([gettext("Alasan: %(reason)s", reason=rendered.reason)] if rendered.reason else []),
            "",
            *_number(rendered),
            gettext("Mesin: %(machine)s", machine=rendered.machine),
            gettext("Tempat: %(site)s", site=rendered.site),
            gettext("Waktu: %(when)s", when=rendered.when),
            "",
            *_where_to(rendered, url),
            "",
            gettext("Pesan ini dikirim otomatis; mohon tidak dibalas."),
        ]
    return "\n".join(lines) + "\n"


def _number(rendered: Rendered) -> list[str]:
    waits = rendered.code.startswith("#")
    return [] if waits else [gettext("Reservasi: %(code)s", code=rendered.code)]


def _where_to(rendered: Rendered, url: str) -> list[str]:
    if "/offers/" not in url:
        return [gettext("Rinciannya ada di %(url)s", url=url)]
    return [
        gettext("Terima waktu ini: %(url)s", url=f"{url}?answer=accept"),
        gettext("Tolak, untuk yang berikutnya: %(url)s", url=f"{url}?answer=decline"),
    ]


def _letter_with_link(rendered: Rendered, *, name: str, url: str, locale: str) -> str:
    with force_locale(locale):
        lines = [
            gettext("Halo %(name)s,", name=plain(name)),
            "",
            rendered.opening,
            "",
            url,
            "",
            gettext("Tautan ini hanya berlaku sekali. Jangan berikan kepada siapa pun."),
            gettext("Pesan ini dikirim otomatis; mohon tidak dibalas."),
        ]
    return "\n".join(lines) + "\n"


def _letter_of_news(rendered: Rendered, *, name: str, url: str, locale: str) -> str:
    """Return a letter about what happens at no certain time and on no machine."""
    with force_locale(locale):
        lines = [
            gettext("Halo %(name)s,", name=plain(name)),
            "",
            f"{rendered.subject}. {rendered.opening}",
            "",
            gettext("Rinciannya ada di %(url)s", url=url),
            "",
            gettext("Pesan ini dikirim otomatis; mohon tidak dibalas."),
        ]
    return "\n".join(lines) + "\n"


def period(starts_at: int, ends_at: int, *, zone: str, locale: str) -> str:
    """Return the site's local day and times, such as "Kamis, 26 November 2026, 08.00–09.00 WIB"."""
    span = local_span(from_epoch(starts_at), from_epoch(ends_at), zone, locale=locale)
    return span.replace(NBSP, " ")  # Old mail programs show it as a strange letter.


def plain(text: str) -> str:
    """Return a name or title on one line, without control characters."""
    # A line break in a name could pass for a line, or a header, of the mail's own.
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
