"""How dates, times, money, shares and durations are written in Indonesian and in English.

Pure functions of a value and a locale ("id" or "en"), for pages, messages and documents alike.
Where Indonesian usage and the CLDR tables differ (the dot in times, WIB instead of "Waktu
Indonesia", no decimals in rupiah), the usage of Indonesian public offices is followed.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from babel import dates, lists, numbers

NBSP = "\u00a0"
EN_DASH = "\u2013"
NOTHING = EN_DASH  # What stands for a figure that does not exist: a ratio without a denominator.

# Indonesia has three times; CLDR has no short names for them.
ABBREVIATIONS = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}
DATE_PATTERNS = {
    "full": "EEEE, d MMMM y",
    "long": "d MMMM y",
    "medium": "d MMM y",
    "short": "EEE, d MMM",
    "month": "MMMM y",
    "weekday": "EEEE",
    "day": "d MMM",
}
UNITS = {"id": ("jam", "menit", "hari"), "en": ("h", "min", "d")}


def zone_of(zone: str | ZoneInfo) -> ZoneInfo:
    """Return the zone itself, given it or its name."""
    return ZoneInfo(zone) if isinstance(zone, str) else zone


def zone_abbreviation(zone: str | ZoneInfo) -> str:
    """Return WIB, WITA or WIT; the name of the zone for any other."""
    name = str(zone_of(zone))
    return ABBREVIATIONS.get(name, name)


def local(value: datetime, zone: str | ZoneInfo) -> datetime:
    """Return the instant on the wall clock of a zone; a naive value is a mistake of ours."""
    if value.tzinfo is None:
        raise ValueError("a stored instant has a zone; this one has none")
    return value.astimezone(zone_of(zone))


def local_date(
    value: date | datetime, zone: str | ZoneInfo, *, locale: str = "id", style: str = "full"
) -> str:
    """Return "Kamis, 26 November 2026"; styles: full, long, medium, short, month, weekday, day."""
    day = local(value, zone).date() if isinstance(value, datetime) else value
    return dates.format_date(day, DATE_PATTERNS[style], locale=locale)


def clock(minutes: int, *, locale: str = "id") -> str:
    """Return minutes after midnight as "08.00" or "08:00"."""
    return f"{minutes // 60:02}{_colon(locale)}{minutes % 60:02}"


def local_time(
    value: datetime, zone: str | ZoneInfo, *, locale: str = "id", named: bool = True
) -> str:
    """Return "08.00 WIB"; without the zone's name where many times stand together."""
    wall = local(value, zone)
    text = clock(wall.hour * 60 + wall.minute, locale=locale)
    return f"{text}{NBSP}{zone_abbreviation(zone)}" if named else text


def local_datetime(
    value: datetime, zone: str | ZoneInfo, *, locale: str = "id", style: str = "full"
) -> str:
    """Return "Kamis, 26 November 2026, 08.00 WIB"."""
    day = local_date(value, zone, locale=locale, style=style)
    return f"{day}, {local_time(value, zone, locale=locale)}"


def local_span(
    start: datetime,
    end: datetime,
    zone: str | ZoneInfo,
    *,
    locale: str = "id",
    style: str | None = "full",
) -> str:
    """Return "Kamis, 26 November 2026, 08.00–09.25 WIB"; style None leaves the date out."""
    same_day = local(start, zone).date() == local(end, zone).date()
    if not same_day:
        first = local_datetime(start, zone, locale=locale, style=style or "short")
        last = local_datetime(end, zone, locale=locale, style=style or "short")
        return f"{first} {EN_DASH} {last}"
    opens = local_time(start, zone, locale=locale, named=False)
    times = f"{opens}{EN_DASH}{local_time(end, zone, locale=locale)}"
    return f"{local_date(start, zone, locale=locale, style=style)}, {times}" if style else times


def machine_time(value: datetime) -> str:
    """Return the instant for programs: ISO 8601 in UTC, as the datetime attribute wants it."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ago(value: datetime, now: datetime, *, locale: str = "id") -> str:
    """Return "3 jam yang lalu" or "dalam 2 hari"."""
    return dates.format_timedelta(value - now, add_direction=True, locale=locale)


def rupiah(amount: int, *, locale: str = "id") -> str:
    """Return "Rp 1.250.000" ("Rp 1,250,000" in English): whole rupiah, never cents."""
    sign = "-" if amount < 0 else ""
    return f"{sign}Rp{NBSP}{numbers.format_decimal(abs(amount), '#,##0', locale=locale)}"


def number(value: int | float | Decimal | None, *, locale: str = "id", digits: int = 1) -> str:
    """Return "1.250" or "12,5": grouped, at most so many decimals."""
    if value is None:
        return NOTHING
    pattern = "#,##0" + ("." + "#" * digits if digits else "")
    return numbers.format_decimal(_rounded(value, digits), pattern, locale=locale)


def percent(ratio: float | Decimal | None, *, locale: str = "id", digits: int = 1) -> str:
    """Return 0.625 as "62,5%"; a ratio that does not exist is a dash, never zero."""
    if ratio is None:
        return NOTHING
    hundredths = _rounded(Decimal(str(ratio)) * 100, digits)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return f"{numbers.format_decimal(hundredths, pattern, locale=locale)}%"


def duration(minutes: int | float | None, *, locale: str = "id") -> str:
    """Return 85 minutes as "1 jam 25 menit" ("1 h 25 min"), rounded to the minute."""
    if minutes is None:
        return NOTHING
    whole = int(Decimal(str(minutes)).quantize(Decimal(1), ROUND_HALF_UP))
    hour, minute, _day = UNITS[_language(locale)]
    sign, whole = ("-" if whole < 0 else "", abs(whole))
    parts = [(whole // 60, hour), (whole % 60, minute)]
    told = [f"{number(count, locale=locale)}{NBSP}{unit}" for count, unit in parts if count]
    return sign + (" ".join(told) or f"0{NBSP}{minute}")


def listing(items: Iterable[object], *, locale: str = "id") -> str:
    """Return "durian, kopi, dan terasi"."""
    return lists.format_list([str(item) for item in items], locale=locale)


def weekday(number_of_day: int, *, locale: str = "id") -> str:
    """Return the name of a weekday, Monday = 0."""
    return str(dates.get_day_names("wide", locale=locale)[number_of_day])


def _rounded(value: int | float | Decimal, digits: int) -> Decimal:
    # Half up, as people round; Babel would round half to even.
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _language(locale: str) -> str:
    return "en" if locale.startswith("en") else "id"


def _colon(locale: str) -> str:
    return ":" if _language(locale) == "en" else "."
