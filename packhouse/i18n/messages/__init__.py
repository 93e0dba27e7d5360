"""What people read for a problem code, with its facts filled in."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import current_app
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from packhouse.i18n import formats
from packhouse.i18n.locale import current_locale, force_locale
from packhouse.i18n.messages import (
    board,
    complaints,
    downtime,
    fair_use,
    jobs,
    machines,
    papers,
    replanning,
    requests,
    sessions,
    texts,
    waitlist,
)
from packhouse.i18n.names import name_of

# One table a file, for what belongs together; a code stands in one of them only.
PROBLEM_TEXTS: Mapping[str, LazyString] = {
    **texts.TEXTS,
    **board.TEXTS,
    **sessions.TEXTS,
    **downtime.TEXTS,
    **replanning.TEXTS,
    **papers.TEXTS,
    **requests.TEXTS,
    **complaints.TEXTS,
    **fair_use.TEXTS,
    **jobs.TEXTS,
    **machines.TEXTS,
    **waitlist.TEXTS,
}


def problem_text(code: str, facts: Mapping[str, object], locale: str | None = None) -> str:
    """Return the sentence for a problem; one that nobody has written yet is told plainly.

    Instants among the facts are told in ``facts["zone"]`` or the house's own zone. Never raises:
    an error about an error helps nobody.
    """
    if locale is not None:
        with force_locale(locale):
            return problem_text(code, facts)
    text = str(PROBLEM_TEXTS.get(code, PROBLEM_TEXTS["rule_broken"]))
    known = _Spoken({key: speak(key, value, facts) for key, value in facts.items()})
    return text % known if "%(" in text else text


class _Spoken(dict[str, str]):
    """Facts as words; one that is missing leaves a gap instead of an exception."""

    def __missing__(self, key: str) -> str:
        return "…"


def speak(key: str, value: object, facts: Mapping[str, object]) -> str:
    """Return a fact as it is said, by what its name says it is."""
    if value is None:
        return formats.NOTHING
    if isinstance(value, datetime):
        return formats.local_datetime(value, _zone(facts), locale=current_locale(), style="short")
    if isinstance(value, date):
        return formats.local_date(value, _zone(facts), locale=current_locale())
    for belongs, tell in SPEAKERS:
        if belongs(key):
            return tell(value)
    if isinstance(value, int | float | Decimal):
        return formats.number(value, locale=current_locale())
    return _list(value) if isinstance(value, tuple | list | frozenset | set) else str(value)


def _zone(facts: Mapping[str, object]) -> str:
    given = facts.get("zone")
    if given:
        return str(given)
    return str(current_app.config["ZONE"]) if current_app else "Asia/Pontianak"


def _list(values: Iterable[object]) -> str:
    return formats.listing(values, locale=current_locale())


def _named(family: str) -> Callable[[Any], str]:
    return lambda value: name_of(family, value)


def _minutes(value: Any) -> str:
    if isinstance(value, tuple):
        return _list(map(_minutes, value))
    return formats.duration(value, locale=current_locale())


def _seconds(value: Any) -> str:
    return f"{value} {_l('detik')}"


def _rupiah(value: Any) -> str:
    return formats.rupiah(int(value), locale=current_locale())


def _occupation(value: Any) -> str:
    return name_of("occupation", value).lower()


SPEAKERS: tuple[tuple[Callable[[str], bool], Callable[[Any], str]], ...] = (
    (lambda key: key.endswith("lane"), _named("lane")),
    (lambda key: key.endswith("minutes"), _minutes),
    (lambda key: key == "seconds", _seconds),
    (lambda key: key.startswith(("tariff", "price", "amount")), _rupiah),
    (lambda key: key == "kind", _occupation),
    (lambda key: key == "level", _named("cleaning")),
    (lambda key: key == "pack", _named("pack")),
    (lambda key: key == "paper", _named("paper")),
    (lambda key: key == "package", _named("package")),
    (lambda key: key == "number", str),
    (lambda key: key == "packs", lambda value: _list(name_of("pack", each) for each in value)),
    (lambda key: key in ("state", "from_state", "to_state"), _named("state")),
    (
        lambda key: key in ("wish_state", "offer_state"),
        lambda value: _named("waiting")(value).lower(),
    ),
    (lambda key: key == "plan_state", lambda value: _named("plan_state")(value).lower()),
    (lambda key: key == "reason", _named("reason")),
    (lambda key: key in ("regency", "regency_code"), _named("regency")),
    (lambda key: key in ("opens", "closes"), formats.clock),
    (lambda key: key in ("machine", "code", "email", "zone", "nib", "text", "value"), str),
)
