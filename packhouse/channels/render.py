"""The words of every message, in the language of who reads it.

A message holds no more than she needs to be there, or to stay at home: code, machine, place and
time. No product, no price: the address may be wrong, and others may read along.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext, ngettext

from packhouse.channels.words import WORDS
from packhouse.domain.reminders import MessageKind
from packhouse.domain.time_range import from_epoch
from packhouse.i18n.businesses import MOVED_NAMES
from packhouse.i18n.formats import NBSP, local_date, local_datetime, local_span, machine_time
from packhouse.i18n.locale import force_locale
from packhouse.i18n.names import name_of

# Letters that carry a link to be used once, and the address it begins with.
LINKS: Mapping[MessageKind, str] = MappingProxyType(
    {MessageKind.PASSWORD_LINK: "password-links", MessageKind.EMAIL_LINK: "email-links"}
)


# Facts that are told as a time, beside when to be there.
LIKELY = ("expected", "earlier")
INSTANTS = frozenset({"answer_by", "was", "decide_by", *LIKELY})


@dataclass(frozen=True, slots=True)
class OtherTime:
    """Another time to book: when, on which machine, and what a link to it carries."""

    when: str
    machine: str
    chosen: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words; ``quote`` is what somebody wrote to her, in that person's own."""

    subject: str
    opening: str
    code: str
    machine: str
    site: str
    when: str
    reason: str = ""
    quote: str = ""
    others: tuple[OtherTime, ...] = ()
    more: int = 0
    also: tuple[str, ...] = ()


def render(
    kind: MessageKind, *, facts: Mapping[str, Any], site_name: str, zone: str, locale: str
) -> Rendered:
    """Return a message in words; KeyError when a fact is missing.

    Without any facts it is one whose text has served its time: only what it was about is told.
    """
    if kind in LINKS:
        with force_locale(locale):
            return Rendered(str(WORDS[kind].subject), str(WORDS[kind].opening), "", "", "", "")
    if not facts:
        with force_locale(locale):
            gone = gettext("Isi pesan ini dihapus setelah 90 hari.")
            return Rendered(name_of("message_kind", kind), gone, "", "", plain(site_name), "")
    if kind == MessageKind.COMPLAINT_ANSWERED:
        return _of_complaint(kind, plain(facts["code"]), plain(site_name), locale)
    if kind == MessageKind.PAPER_EXPIRES:
        return _of_paper(kind, facts, plain(site_name), locale)
    if kind == MessageKind.BUSINESS_MERGED:
        return _of_merger(kind, facts, plain(site_name), locale)
    when = period(facts["starts_at"], facts["ends_at"], zone=zone, locale=locale)
    start = local_datetime(from_epoch(facts["starts_at"]), zone, locale=locale)
    known = {"code": plain(facts["code"]), "start": start.replace(NBSP, " ")}
    # What was written before a likely time was told names the booked one.
    known |= dict.fromkeys(LIKELY, known["start"])
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
            quote=plain(facts.get("question") or facts.get("answer") or ""),
            others=tuple(_other(each, facts, zone, locale) for each in facts.get("others", ())),
            more=int(facts.get("more", 0)),
            also=tuple(_also(each, zone, locale) for each in facts.get("also", ())),
        )


def _also(each: Mapping[str, Any], zone: str, locale: str) -> str:
    """Return another row of the same order and day in one line."""
    start, end = from_epoch(each["starts_at"]), from_epoch(each["ends_at"])
    span = local_span(start, end, zone, locale=locale, style=None).replace(NBSP, " ")
    return f"{span}, {plain(each['machine'])} ({plain(each['code'])})"


def _other(each: Mapping[str, Any], facts: Mapping[str, Any], zone: str, locale: str) -> OtherTime:
    starts_at = from_epoch(each["starts_at"])
    return OtherTime(
        when=local_datetime(starts_at, zone, locale=locale).replace(NBSP, " "),
        machine=plain(each["machine_name"]),
        chosen={
            "product": str(facts["product"]),
            "quantity": str(facts["quantity"]),
            "machine": each["machine"],
            "starts_at": machine_time(starts_at),
        },
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


def _of_merger(kind: MessageKind, facts: Mapping[str, Any], site: str, locale: str) -> Rendered:
    """Say which record is the one now, what went over to it, and whom to ask."""
    with force_locale(locale):
        went = [f"{MOVED_NAMES[each]} ({facts['moved'][each]})" for each in MOVED_NAMES
                if facts["moved"].get(each)]  # fmt: skip
        told = {
            "into": plain(facts["into"]),
            "number": facts["business"],
            "merged": plain(facts["merged"]),
            "old": facts["old"],
            "moved": ", ".join(went) or gettext("tidak ada"),
            "ask": ", ".join(each for each in (site, plain(facts["phone"])) if each),
        }
        return Rendered(
            subject=str(WORDS[kind].subject) % told,
            opening=str(WORDS[kind].opening) % told,
            code=told["into"],
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
            *([f"\u201c{rendered.quote}\u201d"] if rendered.quote else []),
            "",
            *_number(rendered),
            gettext("Mesin: %(machine)s", machine=rendered.machine),
            gettext("Tempat: %(site)s", site=rendered.site),
            gettext("Waktu: %(when)s", when=rendered.when),
            *_many(rendered),
            *([gettext("Juga pada hari itu, dari pesanan yang sama:")] if rendered.also else []),
            *(f"- {each}" for each in rendered.also),
            "",
            *_other_times(rendered, url),
            *_where_to(rendered, url),
            "",
            gettext("Pesan ini dikirim otomatis; mohon tidak dibalas."),
        ]
    return "\n".join(lines) + "\n"


def _many(rendered: Rendered) -> list[str]:
    """Say that the same holds of other bookings, of which no mail of its own is sent."""
    if not rendered.more:
        return []
    return [
        ngettext(
            "Sama halnya %(num)d reservasi lain. Semuanya ada di halaman Reservasi.",
            "Sama halnya %(num)d reservasi lain. Semuanya ada di halaman Reservasi.",
            rendered.more,
        )
    ]


def _number(rendered: Rendered) -> list[str]:
    waits = rendered.code.startswith("#")
    return [] if waits else [gettext("Reservasi: %(code)s", code=rendered.code)]


def _other_times(rendered: Rendered, url: str) -> list[str]:
    if not rendered.others:
        return []
    house = url.rpartition("/")[0]
    return [
        gettext("Waktu lain yang masih kosong:"),
        *(
            f"- {each.when}, {each.machine}: {house}/bookings/new?{urlencode(each.chosen)}"
            for each in rendered.others
        ),
        "",
    ]


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
