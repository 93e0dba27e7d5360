"""What the operator's day looks like: a board with its machines and cards, and one session."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from packhouse.domain.bookings import Expected, State
from packhouse.domain.runs import PRODUCTIVE, Reason
from packhouse.domain.time_range import TimeRange, subtract
from packhouse.errors import Problem

WORKING = PRODUCTIVE | {Reason.SETUP}
SHORTEST_GAP = timedelta(minutes=15)
# Fewer minutes are not worth a word: nobody is that punctual.
SLIPS_FROM = 5
# So many of those who are still to come are told at length.
MOST_TO_COME = 16
FEW_TO_COME = 12


class Standing(StrEnum):
    """Where a booking stands on its day: its state, and what the clock says about it."""

    EXPECTED = "expected"
    LATE = "late"  # her time has begun, the house's grace still runs
    MISSED = "missed"  # the grace is over
    HERE = "here"
    RUNNING = "running"
    OVER = "over"  # still running behind its end
    ASKED = "asked"
    DISPLACED = "displaced"
    FINISHED = "finished"
    NO_SHOW = "no_show"
    GONE = "gone"


TO_COME = frozenset({Standing.EXPECTED, Standing.ASKED})
AHEAD = TO_COME | {Standing.LATE, Standing.MISSED, Standing.HERE}


class Action(StrEnum):
    """What an operator may do with a booking now; the services check the same."""

    CHECK_IN = "check_in"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"
    NO_SHOW = "no_show"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class House:
    """A site as its board needs it."""

    id: int
    code: str
    name: str
    zone: str
    grace_minutes: int
    delay_minutes: int
    wall_key: str


@dataclass(frozen=True, slots=True)
class Clean:
    """The clean before a booking, and why it is that thorough.

    ``why`` is allergens, aroma, wet or brush; ``allergens`` and ``aroma`` are the codes of what
    the product before, ``after``, leaves behind.
    """

    level: int
    minutes: int
    why: str
    after: str
    allergens: tuple[str, ...] = ()
    aroma: str = ""


@dataclass(frozen=True, slots=True)
class JobCard:
    """One booking on the board, with what may be done about it. Instants are UTC.

    The machine is kept from ``occupied_from`` to ``kept_until``, its end or where it ended early.
    ``reason`` is the state of its open run, ``start_problem`` why its run cannot begin now,
    ``likely`` when it will as things stand; each is None where there is nothing to tell.
    """

    code: str
    state: State
    standing: Standing
    source: str
    machine: str
    machine_name: str
    business_id: int | None
    business_name: str
    product_name: str
    pack: str
    quantity: int
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    kept_until: datetime
    grace_until: datetime
    setup_minutes: int
    run_minutes: int
    clean: Clean | None
    reason: Reason | None
    actions: tuple[Action, ...]
    start_problem: Problem | None
    likely: Expected | None = None

    @property
    def may_come_back(self) -> bool:
        """Say whether a mark of absence may still be taken back, if her time is free."""
        return Action.BACK in self.actions

    @property
    def slips_to(self) -> datetime | None:
        """Return when it will begin because the house is not ready in time, if it is not."""
        if self.likely is None or self.likely.house_minutes < SLIPS_FROM:
            return None
        return self.likely.starts_at

    @property
    def is_paused(self) -> bool:
        """Say whether its open run waits for somebody or something."""
        return self.reason is not None and self.reason not in WORKING

    @property
    def used_until(self) -> datetime:
        """Return when its time on the machine ended, or is to end."""
        if self.standing == Standing.FINISHED and self.kept_until > self.starts_at:
            return min(self.kept_until, self.ends_at)
        return self.ends_at

    @property
    def planned_minutes(self) -> int:
        """Minutes of setup and run, without breaks."""
        return self.setup_minutes + self.run_minutes


@dataclass(frozen=True, slots=True)
class OpenRun:
    """The run that is on, and the state the machine is in; ``code`` is empty without a booking."""

    code: str
    started_at: datetime
    planned_end: datetime | None
    reason: Reason
    since: datetime

    @property
    def is_paused(self) -> bool:
        """Say whether the run waits for somebody or something."""
        return self.reason not in WORKING


@dataclass(frozen=True, slots=True)
class OpenBreakdown:
    """A machine is broken since an instant, for a reason, and expected back."""

    reason: Reason
    started_at: datetime
    expected_back_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Block:
    """Time of a machine that is no booking: maintenance, breakdown, hold or offer."""

    kind: str
    reason: str
    note: str
    from_at: datetime
    to_at: datetime
    is_live: bool


@dataclass(frozen=True, slots=True)
class MachineBoard:
    """One machine on one day: what it does now, what it is booked for, and when it is free."""

    id: int
    code: str
    name: str
    state: str
    run: OpenRun | None
    breakdown: OpenBreakdown | None
    jobs: tuple[JobCard, ...]
    blocks: tuple[Block, ...]
    gaps: tuple[TimeRange, ...]

    def free_now(self, now: datetime) -> TimeRange | None:
        """Return the free time this machine stands in, if it does."""
        return next((gap for gap in self.gaps if gap.start <= now + SHORTEST_GAP), None)


@dataclass(frozen=True, slots=True)
class Board:
    """One local day of one site. ``opens`` and ``closes`` are whole local hours around it."""

    site: House
    day: date
    now: datetime
    is_today: bool
    open_ranges: tuple[TimeRange, ...]
    opens: datetime
    closes: datetime
    machines: tuple[MachineBoard, ...]

    @property
    def jobs(self) -> list[JobCard]:
        """Every booking of the day, by time."""
        found = [job for machine in self.machines for job in machine.jobs]
        return sorted(found, key=lambda job: (job.starts_at, job.code))

    @property
    def by_standing(self) -> dict[Standing, list[JobCard]]:
        """Every booking of the day by where it stands, and by time."""
        found: dict[Standing, list[JobCard]] = defaultdict(list)
        for job in self.jobs:
            found[job.standing].append(job)
        return found

    @property
    def to_serve(self) -> list[JobCard]:
        """Who is here or overdue, and of those still to come the next, by time.

        Of those still to come it is the next on each machine, soonest first, and where these are
        few whoever else comes soonest: a board stays short however full its day is.
        """
        found = [job for job in self.jobs if job.standing in AHEAD]
        waiting = [job for job in found if job.standing in TO_COME]
        following: dict[str, str] = {}
        for job in waiting:
            following.setdefault(job.machine, job.code)
        soon = set(list(following.values())[:MOST_TO_COME])
        rest = [job.code for job in waiting if job.code not in soon]
        soon.update(rest[: max(FEW_TO_COME - len(soon), 0)])
        return [job for job in found if job.standing not in TO_COME or job.code in soon]

    @property
    def slipping(self) -> list[JobCard]:
        """Who will begin later than booked because the house is not ready, by time."""
        return [job for job in self.jobs if job.slips_to is not None]

    @property
    def needs_replanning(self) -> bool:
        """Say whether what slips is more than the house may ask, or no longer fits the day."""
        return any(
            job.likely.house_minutes > self.site.delay_minutes or job.likely.past_closing
            for job in self.slipping
            if job.likely is not None
        )

    @property
    def shut(self) -> list[tuple[datetime, datetime]]:
        """When the house is closed between the hours shown."""
        whole = [TimeRange(self.opens, self.closes)]
        return [(each.start, each.end) for each in subtract(whole, self.open_ranges)]


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call about a booking."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """One booking as its session screen shows it, with its machine and who comes after."""

    site: House
    job: JobCard
    machine: MachineBoard
    following: JobCard | None
    contacts: tuple[Contact, ...]
    now: datetime

    @property
    def run(self) -> OpenRun | None:
        """Return the open run of this booking."""
        run = self.machine.run
        return run if run is not None and run.code == self.job.code else None

    @property
    def elapsed_minutes(self) -> int:
        """Whole minutes since the run began; 0 without one."""
        return (self.now - self.run.started_at) // timedelta(minutes=1) if self.run else 0
