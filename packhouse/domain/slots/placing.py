"""One start on one machine: does the job fit there, and if not, why not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from packhouse.domain.machines import (
    MachineSpec,
    MachineTime,
    WorkMinutes,
    occupations_on,
    problems_with_job,
    work_minutes,
)
from packhouse.domain.products import (
    CleaningLevel,
    Job,
    Neighbour,
    ProductTraits,
    clean_start,
    cleaning_level,
    walls_until,
)
from packhouse.domain.sites import WorkingDay
from packhouse.domain.time_range import TimeRange, from_epoch, is_on_grid, to_epoch
from packhouse.errors import Problem


@dataclass(frozen=True, slots=True)
class Phases:
    """What a visit consists of, in minutes of working time and in this order.

    The changeover is the house's clean before she comes, of the given `level`. Setup and run are
    hers and priced; the run holds the rounding to the grid. The break is inside her time and
    free. The closing clean is kept free after the last product of a day.
    """

    changeover_minutes: int
    level: CleaningLevel
    setup_minutes: int
    run_minutes: int
    rounding_minutes: int
    break_minutes: int
    closing_clean_minutes: int

    @property
    def work_minutes(self) -> int:
        """Setup and run: the minutes that have a price."""
        return self.setup_minutes + self.run_minutes

    def describe(self) -> list[dict[str, Any]]:
        """Return the phases as programs are told them, in order."""
        return [
            {"phase": "changeover", "minutes": self.changeover_minutes, "level": int(self.level)},
            {"phase": "setup", "minutes": self.setup_minutes},
            {"phase": "run", "minutes": self.run_minutes},
            {"phase": "break", "minutes": self.break_minutes},
            {"phase": "closing_clean", "minutes": self.closing_clean_minutes},
        ]


@dataclass(frozen=True, slots=True)
class Placement:
    """A job that fits: when, and what changes for the booking after it.

    `following` is the next product of the day, if any; its start stays, and its `occupied_from`
    becomes `following_occupied_from` in the same transaction.
    """

    machine: str
    occupied_from: datetime
    starts_at: datetime
    ends_at: datetime
    phases: Phases
    following: Neighbour | None
    following_occupied_from: datetime | None


def place(machine: MachineTime, job: Job, starts_at: datetime) -> Placement | tuple[Problem, ...]:
    """Return the job placed at exactly this start, or every rule that forbids it, at once."""
    problems = list(problems_with_job(machine.spec, job))
    if not is_on_grid(starts_at):
        problems.append(Problem("off_grid", {"starts_at": starts_at}))
    if job.quantity < 1:
        return tuple(problems)
    day = machine.calendar.working_day(machine.calendar.day_of(starts_at))
    work = work_minutes(machine.spec, job)
    ends_at = _end(day, to_epoch(starts_at), work.total)
    problems += _problems_with_hours(machine.spec, day, starts_at, ends_at, work)
    if ends_at is None:
        return tuple(problems)
    visit = TimeRange(starts_at, ends_at)
    problems += _problems_with_service(machine.spec, visit)
    problems += _problems_with_others(machine, day, visit)
    if job.traits.lane != machine.spec.lane:
        return tuple(problems)
    around = _Surroundings(machine, day, visit, job.traits)
    problems += around.problems()
    return tuple(problems) if problems else around.placement(work)


def _end(day: WorkingDay, starts: int, minutes: int) -> datetime | None:
    """Return when work ends that starts in open time, None if it does not fit in the day."""
    if not any(opens <= starts < closes for opens, closes, _ in day.spans):
        return None
    target = day.position(starts) + minutes * 60
    return from_epoch(day.end_at(target)) if target <= day.length else None


def _problems_with_hours(
    spec: MachineSpec,
    day: WorkingDay,
    starts_at: datetime,
    ends_at: datetime | None,
    work: WorkMinutes,
) -> Iterator[Problem]:
    if not day.length:
        yield Problem("closed_day", {"day": day.day})
        return
    too_long = longer_than(spec, work, day.length // 60)
    if too_long:
        yield too_long
    opens_at, closes_at = day.ranges[0].start, day.ranges[-1].end
    if not any(each.contains(starts_at) for each in day.ranges):
        yield Problem("outside_hours", {"opens_at": opens_at, "closes_at": closes_at})
    elif ends_at is None and not too_long:
        yield Problem("past_closing", {"closes_at": closes_at, "work_minutes": work.total})


def _problems_with_service(spec: MachineSpec, visit: TimeRange) -> Iterator[Problem]:
    if visit.start < spec.commissioned_at:
        yield Problem("machine_not_yet_commissioned", {"commissioned_at": spec.commissioned_at})
    if spec.retired_at and visit.end > spec.retired_at:
        yield Problem("machine_retired", {"retired_at": spec.retired_at})


def _problems_with_others(
    machine: MachineTime, day: WorkingDay, visit: TimeRange
) -> Iterator[Problem]:
    for each in occupations_on(machine, day):
        if each.keeps_from < visit.end and visit.start < each.ends_at:
            yield Problem(
                "time_taken",
                {"kind": each.kind, "starts_at": each.starts_at, "ends_at": each.ends_at},
            )
    if machine.spec.attended:
        for full in machine.operators_full:
            if full.overlaps(visit):
                yield Problem("operators_full", {"starts_at": full.start, "ends_at": full.end})


class _Surroundings:
    """The last product before a visit, the next one after it, and the walls between."""

    def __init__(
        self, machine: MachineTime, day: WorkingDay, visit: TimeRange, traits: ProductTraits
    ) -> None:
        self.spec, self.day, self.visit = machine.spec, day, visit
        others = occupations_on(machine, day)
        earlier = [each for each in others if each.starts_at < visit.start]
        later = [each for each in others if each.starts_at >= visit.start]
        self.previous = next((each for each in reversed(earlier) if each.traits), None)
        self.following = next((each for each in later if each.traits), None)
        self.walls_before = walls_until(reversed(earlier), self.previous)[::-1]
        self.walls_after = walls_until(later, self.following)
        self.level = cleaning_level(self.previous.traits if self.previous else None, traits)
        self.changeover = self.spec.cleaning_for(self.level)
        self.following_level = (
            cleaning_level(traits, self.following.traits)
            if self.following and self.following.traits
            else CleaningLevel.FULL
        )
        self.following_clean = self.spec.cleaning_for(self.following_level)

    def clean_before(self) -> datetime | None:
        """Return the visit's `occupied_from`."""
        if self.previous is None:
            return self.visit.start
        return clean_start(
            self.day,
            self.previous.ends_at,
            self.visit.start,
            self.walls_before,
            self.changeover,
        )

    def clean_after(self) -> datetime | None:
        """Return the `occupied_from` of the next product, or when the closing clean starts."""
        before = self.following.starts_at if self.following else self.day.ranges[-1].end
        return clean_start(self.day, self.visit.end, before, self.walls_after, self.following_clean)

    def problems(self) -> Iterator[Problem]:
        """Yield the cleans that do not fit; where a visit overlaps a product, that says it."""
        ends_at = self.previous.ends_at if self.previous else self.visit.start
        if ends_at <= self.visit.start and self.clean_before() is None:
            before = {"level": self.level, "minutes": self.changeover}
            yield Problem("cleaning_before_missing", {**before, "previous_ends_at": ends_at})
        after = {"level": self.following_level, "minutes": self.following_clean}
        starts_at = self.following.starts_at if self.following else self.visit.end
        if self.visit.end > starts_at or self.clean_after() is not None:
            return
        if self.following:
            yield Problem("cleaning_after_missing", {**after, "following_starts_at": starts_at})
        else:
            closes_at = self.day.ranges[-1].end
            yield Problem("closing_clean_missing", {**after, "closes_at": closes_at})

    def placement(self, work: WorkMinutes) -> Placement:
        """Return the placement of a visit without problems."""
        return Placement(
            machine=self.spec.code,
            occupied_from=self.clean_before() or self.visit.start,
            starts_at=self.visit.start,
            ends_at=self.visit.end,
            phases=Phases(
                changeover_minutes=self.changeover,
                level=self.level,
                setup_minutes=work.setup_minutes,
                run_minutes=work.run_minutes,
                rounding_minutes=work.rounding_minutes,
                break_minutes=self.visit.minutes - work.total,
                closing_clean_minutes=0 if self.following else self.following_clean,
            ),
            following=self.following,
            following_occupied_from=self.clean_after() if self.following else None,
        )


def longer_than(spec: MachineSpec, work: WorkMinutes, day_minutes: int) -> Problem | None:
    """Return the refusal of a job that fills more than a whole empty day."""
    closing = spec.cleaning_for(CleaningLevel.FULL)
    if work.total + closing <= day_minutes:
        return None
    run_room = max(day_minutes - closing - spec.setup_minutes, 0)
    run = work.run_minutes - work.rounding_minutes
    return Problem(
        "longer_than_day",
        {
            "needed_minutes": work.total + closing,
            "day_minutes": day_minutes,
            "quantity_per_day": int(run_room * spec.rate_per_minute),
            "days": -(-run // run_room) if run_room else None,
        },
    )
