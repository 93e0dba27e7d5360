"""What templates may say beyond Jinja: local times, rupiah, names of codes, icons."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from packhouse import clock
from packhouse.i18n import formats
from packhouse.i18n.locale import current_locale
from packhouse.i18n.messages import problem_text
from packhouse.i18n.names import name_of

EN_DASH_APART = f" {formats.EN_DASH} "  # Stands between two days; there a line may end.
SYMBOL = re.compile(r'<symbol[^>]*\bid="([a-z0-9-]+)"[^>]*>(.*?)</symbol>', re.DOTALL)
Zone = str | ZoneInfo | None


def init_filters(app: Flask) -> None:
    """Teach the templates of this app."""
    app.jinja_env.filters.update(
        localdate=localdate,
        localtime=localtime,
        localdatetime=localdatetime,
        rupiah=_spoken(formats.rupiah),
        percent=_spoken(formats.percent),
        duration=_spoken(formats.duration),
        number=_spoken(formats.number),
        listing=_spoken(formats.listing),
        clocktime=_spoken(formats.clock),
        weekday=_spoken(formats.weekday),
        machine_time=formats.machine_time,
        ago=ago,
        named=_named,
    )
    app.jinja_env.globals.update(
        icon=icon,
        icon_sprite=icon_sprite,
        localspan=localspan,
        clockspan=clockspan,
        one_hour=timedelta(hours=1),
        one_day=timedelta(days=1),
        name_of=name_of,
        problem_text=problem_text,
        current_locale=current_locale,
        zone_abbreviation=lambda zone=None: formats.zone_abbreviation(_zone(zone)),
    )


def _zone(zone: Zone) -> str | ZoneInfo:
    return zone or str(current_app.config["ZONE"])


# Taking the context keeps Jinja from computing a filter of a constant once and for all readers.
def _spoken(say: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def tell(_context: Context, value: Any, **options: Any) -> str:
        return say(value, locale=current_locale(), **options)

    return tell


@pass_context
def _named(_context: Context, code: object, family: str) -> str:
    return name_of(family, code)


def localdate(value: date | datetime | None, zone: Zone = None, style: str = "full") -> str:
    """Return "Kamis, 26 November 2026" in the site's zone, the house's where none is given."""
    if value is None:
        return formats.NOTHING
    return formats.local_date(value, _zone(zone), locale=current_locale(), style=style)


def localtime(value: datetime | None, zone: Zone = None, *, named: bool = True) -> Markup | str:
    """Return "08.00 WIB" as a time element."""
    if value is None:
        return formats.NOTHING
    text = formats.local_time(value, _zone(zone), locale=current_locale(), named=named)
    return _time_element(value, text)


def localdatetime(value: datetime | None, zone: Zone = None, style: str = "full") -> Markup | str:
    """Return "Kamis, 26 November 2026, 08.00 WIB" as a time element."""
    if value is None:
        return formats.NOTHING
    text = formats.local_datetime(value, _zone(zone), locale=current_locale(), style=style)
    return _time_element(value, text)


def localspan(
    start: datetime, end: datetime, zone: Zone = None, style: str | None = "full"
) -> Markup:
    """Return "Kamis, 26 November 2026, 08.00–09.25 WIB"; style None leaves the date out."""
    text = formats.local_span(start, end, _zone(zone), locale=current_locale(), style=style)
    day, comma, times = text.rpartition(", ")
    # A line must not end between two times.
    kept = Markup('{}{}<span class="nowrap">{}</span>').format(day, comma, times)
    return _time_element(start, kept if EN_DASH_APART not in text else text)


def clockspan(start: datetime, end: datetime, zone: Zone = None) -> str:
    """Return "08.00–09.25", where the day and the zone stand elsewhere."""
    ends = formats.local_time(end, _zone(zone), locale=current_locale(), named=False)
    begins = formats.local_time(start, _zone(zone), locale=current_locale(), named=False)
    return f"{begins}{formats.EN_DASH}{ends}"


def ago(value: datetime, now: datetime | None = None) -> Markup:
    """Return "3 jam yang lalu"; the exact instant is in its datetime attribute."""
    return _time_element(value, formats.ago(value, now or clock.now(), locale=current_locale()))


def _time_element(value: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(formats.machine_time(value), text)


@cache
def _symbols() -> dict[str, str]:
    # The wheel's sprite has two thousand icons in a megabyte; a page needs a dozen of them.
    sprite = files("flask_bootstrap") / "static" / "bootstrap5" / "icons" / "bootstrap-icons.svg"
    return dict(SYMBOL.findall(sprite.read_text(encoding="utf-8")))


def icon(name: str, label: str | None = None) -> Markup:
    """Return a reference to an icon, and note that the page needs its drawing.

    An icon beside its word is decoration; one that stands alone needs a label.
    """
    if name not in _symbols():
        raise LookupError(f"there is no icon called {name}")
    wanted: set[str] = g.setdefault("icons", set())
    wanted.add(name)
    hidden = Markup('aria-hidden="true"')
    role = Markup('role="img" aria-label="{}"').format(label) if label else hidden
    return Markup('<svg class="i" {}><use href="#i-{}"/></svg>').format(role, escape(name))


def icon_sprite() -> Markup:
    """Return the drawings of the icons used so far; the last thing a page or a part of it says."""
    wanted: set[str] = g.pop("icons", set())
    if not wanted:
        return Markup("")
    symbols = _symbols()
    drawn: Any = "".join(
        f'<symbol id="i-{name}" viewBox="0 0 16 16">{symbols[name]}</symbol>'
        for name in sorted(wanted)
    )
    return Markup(f'<svg class="sprite" aria-hidden="true">{drawn}</svg>')  # noqa: S704
