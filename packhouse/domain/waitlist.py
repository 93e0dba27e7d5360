"""The waitlist: in which order wishes are served, until when an offer stands, what fits a wish.

The order is public and one function makes it, for the worker that offers, for the page that
shows a place, and for the auditor who checks. It rests on the record up to the end of yesterday,
so that it stands still for a day.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from packhouse.domain.machines import MachineTime, work_minutes
from packhouse.domain.products import Job, ProductTraits
from packhouse.domain.sites import Calendar
from packhouse.domain.slots import Option, options
from packhouse.domain.time_range import TimeRange, ceil_to_slot
from packhouse.errors import Problem

# What counts for a place, in points; whoever has more is served earlier.
POINTS_FIRST_TIMER, POINTS_MICRO, POINTS_LITTLE_SERVED = 4, 2, 1
USED_DAYS = 90
# After so many offers in a row without any answer, those who answer come first.
MOST_SILENT = 2
LONGEST_WISH = timedelta(days=120)
MOST_OPEN = 20

ANSWER_SAME_DAY = timedelta(minutes=15)
ANSWER_WORKING_MINUTES = 120
BEFORE_START = timedelta(hours=1)
# The calendar ahead in which two working hours are looked for.
WORKING_DAYS_AHEAD = timedelta(days=21)


class WishKind(StrEnum):
    """Whether a time is held for her, or she is only told that there is one."""

    OFFER = "offer"
    NOTIFY = "notify"


class WishState(StrEnum):
    """Where a wish stands."""

    OPEN = "open"
    OFFERED = "offered"
    SERVED = "served"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class OfferState(StrEnum):
    """Where an offer stands; ``withdrawn``: the house, or she herself, took it back."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class PartOfDay(StrEnum):
    """When she can begin, on the wall clock of the house: before noon, from noon on, or any."""

    ANY = "any"
    MORNING = "morning"
    AFTERNOON = "afternoon"

    def holds(self, starts_at: datetime, zone: str) -> bool:
        """Say whether a start lies in this part of its day."""
        if self is PartOfDay.ANY:
            return True
        return (starts_at.astimezone(ZoneInfo(zone)).hour < 12) == (self is PartOfDay.MORNING)


ALIVE = frozenset({WishState.OPEN, WishState.OFFERED})


# --- the order ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides the place of a wish.

    ``used_minutes``: setup and run of the business's finished bookings of the last 90 days.
    ``silent``: offers in a row that nobody answered. ``preferred_at``: when the staff put it
    first, for a reason that is kept and shown.
    """

    wish_id: int
    arrived_at: datetime
    first_timer: bool = False
    micro: bool = False
    little_served: bool = False
    used_minutes: int = 0
    silent: int = 0
    preferred_at: datetime | None = None

    @property
    def points(self) -> int:
        """First visit, micro business, little-served regency, added up."""
        return (
            POINTS_FIRST_TIMER * self.first_timer
            + POINTS_MICRO * self.micro
            + POINTS_LITTLE_SERVED * self.little_served
        )

    @property
    def key(self) -> tuple[int, int, int, int, int, int, int]:
        """The place of a wish among others: the smaller is served earlier; no two are equal."""
        return (
            0 if self.preferred_at else 1,
            int(self.preferred_at.timestamp()) if self.preferred_at else 0,
            1 if self.silent >= MOST_SILENT else 0,
            -self.points,
            self.used_minutes,
            int(self.arrived_at.timestamp()),
            self.wish_id,
        )

    @property
    def why(self) -> tuple[str, ...]:
        """Codes of what moved it forward or back, most telling first."""
        told = (
            (self.preferred_at is not None, "preferred"),
            (self.silent >= MOST_SILENT, "silent"),
            (self.first_timer, "first_timer"),
            (self.micro, "micro"),
            (self.little_served, "little_served"),
            (not self.first_timer and self.used_minutes == 0, "unused"),
            (self.used_minutes > 0, "used"),
        )
        return (*(code for holds, code in told if holds), "arrival")


def in_order(standings: Iterable[Standing]) -> list[Standing]:
    """Return wishes in the order in which they are served: the one order there is.

    Put first by the staff; then who answers; then by points (first visit 4, micro business 2,
    little-served regency 1); then fewer minutes used in 90 days; then who came earlier.
    """
    return sorted(standings, key=lambda each: each.key)


def little_served(minutes_by_regency: Mapping[str, int], regencies: Collection[str]) -> set[str]:
    """Return the regencies that used less than half of what a regency uses on average.

    Of one house in 90 days, over all regencies with a business that is registered; where nobody
    has used anything yet, nobody is behind.
    """
    if not regencies:
        return set()
    total = sum(minutes_by_regency.get(each, 0) for each in regencies)
    return {
        each for each in regencies if minutes_by_regency.get(each, 0) * 2 * len(regencies) < total
    }


# --- the deadline -------------------------------------------------------------------------------


def earliest_start(now: datetime) -> datetime:
    """Return the earliest start worth offering: she must be able to answer before it."""
    return ceil_to_slot(now + ANSWER_SAME_DAY)


def answer_by(*, now: datetime, starts_at: datetime, calendar: Calendar) -> datetime:
    """Return until when an offer stands.

    On the same local day 15 minutes. Further ahead two hours of the house's working time, so
    that nobody loses her turn overnight, but an hour before the start at the latest. Never less
    than 15 minutes, and never beyond the start.
    """
    least = now + ANSWER_SAME_DAY
    if calendar.day_of(now) == calendar.day_of(starts_at):
        return min(least, starts_at)
    latest = starts_at - BEFORE_START
    left = timedelta(minutes=ANSWER_WORKING_MINUTES)
    until = latest
    for each in (
        calendar.open_ranges(now, min(latest, now + WORKING_DAYS_AHEAD)) if (latest > now) else ()
    ):
        if each.end - each.start >= left:
            until = each.start + left
            break
        left -= each.end - each.start
    return min(max(min(until, latest), least), starts_at)


# --- what fits ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Need:
    """What a wish asks of a machine: at least so many pieces, at most so many, and when."""

    traits: ProductTraits
    pack: str
    quantity: int
    least: int
    window: TimeRange
    part: PartOfDay

    def job(self, quantity: int) -> Job:
        """Return so many pieces as a job."""
        return Job(self.traits, self.pack, quantity)


@dataclass(frozen=True, slots=True)
class Fit:
    """A time for a wish, and how many pieces of it fit there."""

    option: Option
    quantity: int


def longest_gap(machine: MachineTime, day: TimeRange) -> int:
    """Return the minutes between occupations of a day, at most: no job that is longer fits."""
    working = machine.calendar.working_day(machine.calendar.day_of(day.start))
    if not working.length:
        return 0
    opens, closes = working.ranges[0].start, working.ranges[-1].end
    busy = sorted(
        (each.keeps_from, each.ends_at)
        for each in machine.neighbours
        if each.starts_at < closes and each.ends_at > opens
    )
    longest, free_from = timedelta(0), opens
    for start, end in busy:
        longest = max(longest, start - free_from)
        free_from = max(free_from, end)
    longest = max(longest, closes - free_from)
    return int(longest.total_seconds()) // 60


def best_fit(machine: MachineTime, need: Need, window: TimeRange) -> Fit | None:
    """Return the best time for a wish within a window of one local day, None where there is none.

    As many of the pieces as fit; then the time that leaves least of its gap unusable to others,
    then the earliest.
    """
    shared = need.window.intersection(window)
    if shared is None or need.least < 1:
        return None
    enough = _best(machine, need, need.least, shared)
    if enough is None or need.quantity == need.least:
        return Fit(enough, need.least) if enough else None
    whole = _best(machine, need, need.quantity, shared)
    if whole is not None:
        return Fit(whole, need.quantity)
    low, high, found = need.least, need.quantity, enough
    while high - low > 1:
        middle = (low + high) // 2
        option = _best(machine, need, middle, shared)
        if option is None:
            high = middle
        else:
            low, found = middle, option
        if work_minutes(machine.spec, need.job(low)).total == (
            work_minutes(machine.spec, need.job(high)).total
        ):
            break
    return Fit(found, low)


def _best(machine: MachineTime, need: Need, quantity: int, window: TimeRange) -> Option | None:
    found = (
        each
        for each in options(machine, need.job(quantity), window)
        if need.part.holds(each.starts_at, machine.calendar.zone)
    )
    return min(
        found,
        key=lambda each: (each.fragment_minutes, each.left_minutes, each.starts_at),
        default=None,
    )


def problems_with_wish(
    *, quantity: int, least: int, most: int, window: TimeRange, now: datetime, horizon_days: int
) -> list[Problem]:
    """Return everything that is wrong with what a wish asks for."""
    problems = []
    if not 1 <= quantity <= most:
        problems.append(Problem("quantity_out_of_range", {"quantity": quantity, "most": most}))
    if not 1 <= least <= quantity:
        problems.append(Problem("least_out_of_range", {"field": "least", "most": quantity}))
    if window.end <= now:
        problems.append(Problem("wish_in_the_past", {"field": "to"}))
    elif window.end - window.start > LONGEST_WISH:
        problems.append(Problem("wish_too_long", {"field": "to", "days": LONGEST_WISH.days}))
    elif window.start > now + timedelta(days=horizon_days):
        problems.append(Problem("too_far", {"field": "from", "horizon_days": horizon_days}))
    return problems


# --- the link in a message ----------------------------------------------------------------------


def offer_token(secret: str, offer_id: int) -> str:
    """Return what opens one offer without signing in, and nothing else; it is kept nowhere.

    Once the offer is answered or over, it only tells so.
    """
    sign = hmac.new(secret.encode(), f"offer:{offer_id}".encode(), hashlib.sha256).hexdigest()
    return f"{offer_id:x}-{sign[:40]}"


def offer_of_token(secret: str, token: str) -> int | None:
    """Return the offer a token opens; None for one that this house did not make."""
    number, _, _ = token.partition("-")
    try:
        offer_id = int(number[:16], 16)
    except ValueError:
        return None
    known = offer_token(secret, offer_id)
    return offer_id if hmac.compare_digest(known.encode(), token.encode()) else None
