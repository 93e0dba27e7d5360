"""What re-planning is asked and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from packhouse.domain.machines import MachineSpec, MachineTime
from packhouse.domain.products import Job
from packhouse.domain.slots.placing import Placement

Cost = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A machine and a start."""

    machine: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Affected:
    """A booking that lost its time, or will: what it needs and what a change costs its people.

    ``specs`` are the machines that may take it, each with the rate for its pack. ``not_before``
    and ``not_after`` bound its new start (the notice and the way she has to come; the house's
    horizon). ``travel_minutes`` is one way. ``rank`` is its place in the order of booking, from
    0: who booked first chooses first where all else is equal. ``pinned`` is the spot the operator
    chose for it, ``excluded`` are spots, and ``excluded_machines`` machines, that she ruled out;
    ``to_call`` says that she wants to call instead. ``after`` is the code of the affected booking
    of the same job that must be done, and its packs carried over (BREATHING_MINUTES), before this
    one starts (seal, then code); where that one must call, so must this one. ``not_before`` and
    ``not_after`` already hold the steps that do not move. They do not bind a pin: whoever pinned
    it has asked.
    """

    code: str
    job: Job
    was: Spot
    ends_at: datetime
    specs: tuple[MachineSpec, ...]
    not_before: datetime
    not_after: datetime
    travel_minutes: int = 0
    is_first_visit: bool = False
    rank: int = 0
    pinned: Spot | None = None
    excluded: frozenset[Spot] = frozenset()
    excluded_machines: frozenset[str] = frozenset()
    to_call: bool = False
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything planning may look at, and nothing that changes meanwhile.

    ``machines`` by code: calendar, neighbours that stay (the affected bookings are not among
    them) and slots without a free operator. ``operators_free`` by start of slot, in slots where
    attended machines could outnumber the operators: how many more may run then.
    """

    affected: tuple[Affected, ...]
    machines: Mapping[str, MachineTime]
    operators_free: Mapping[datetime, int] = field(default_factory=dict)


class Result(StrEnum):
    """What a plan does with a booking."""

    MOVE = "move"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happens to one booking, and why.

    ``reasons`` are codes: same_time, same_day, next_free_day, other_machine, same_machine, pinned,
    least_cleaning, first_visit, long_way, no_machine, no_room, steps_do_not_fit, asked_to_call.
    ``shift_minutes`` is the distance of the starts, never negative.
    """

    code: str
    result: Result
    placement: Placement | None
    shift_minutes: int
    changed_day: bool
    added_cleaning_minutes: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A proposal, in the order of the affected bookings, and how good it is known to be.

    ``cost`` is, in falling order of weight: bookings to call, changed days, weighted minutes of
    shift, added minutes of cleaning. ``bound`` is a proven lower bound of the same kind, over
    every start on the grid; behind its first part that is below the cost it says nothing. The
    plan is optimal when they are equal. ``baseline`` is the cost of placing one after another.
    """

    outcomes: tuple[Outcome, ...]
    cost: Cost
    bound: Cost
    baseline: Cost

    @property
    def is_optimal(self) -> bool:
        """Whether nothing better exists within the rules."""
        return self.cost == self.bound
