"""Plans as frozen values: in a list, whole, and as programs are told them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from packhouse.domain.replanning import Result
from packhouse.domain.replanning.answers import PlanState
from packhouse.domain.time_range import local_iso
from packhouse.queries.runs import Contact

Cost = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PlanWork:
    """The planned work that a plan makes room for."""

    machine: str
    machine_name: str
    reason: str
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class RowItem:
    """One booking of a plan: before and after, why, what the operator decided, and her answer.

    ``has_changed``: the booking is no longer as the plan saw it. ``is_small``: she would only be
    told. ``answer`` is empty until the plan is applied.
    """

    code: str
    business_name: str
    product_name: str
    pack: str
    quantity: int
    cause: str
    was_machine: str
    was_machine_name: str
    was_starts_at: datetime
    was_ends_at: datetime
    result: str
    machine: str
    machine_name: str
    starts_at: datetime | None
    ends_at: datetime | None
    shift_minutes: int
    changed_day: bool
    cleaning_minutes: int
    reasons: tuple[str, ...]
    is_pinned: bool
    excluded: tuple[tuple[str, datetime], ...]
    excluded_machines: tuple[str, ...]
    to_call: bool
    has_changed: bool
    is_small: bool
    answer: str
    contacts: tuple[Contact, ...]

    @property
    def is_marked(self) -> bool:
        """Say whether the operator decided anything about it."""
        marks = (self.is_pinned, self.excluded, self.excluded_machines, self.to_call)
        return any(map(bool, marks))


@dataclass(frozen=True, slots=True)
class PlanItem:
    """A plan in a list; ``moved`` and ``to_call`` count its bookings."""

    id: int
    state: str
    cause: str
    site: str
    site_name: str
    zone: str
    created_at: datetime
    applied_at: datetime | None
    moved: int
    to_call: int


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan with its rows. ``added`` are bookings that need a time since it was made."""

    id: int
    version: int
    state: str
    cause: str
    site_id: int
    site: str
    site_name: str
    zone: str
    created_at: datetime
    solved_at: datetime
    created_by: str
    applied_at: datetime | None
    applied_by: str
    seconds: float
    cost: Cost
    bound: Cost
    baseline: Cost
    work: PlanWork | None
    rows: tuple[RowItem, ...]
    added: tuple[str, ...]
    is_late: bool
    machines: tuple[tuple[str, str], ...]

    @property
    def is_optimal(self) -> bool:
        """Say whether nothing better exists within the rules."""
        return self.cost == self.bound

    @property
    def gap(self) -> tuple[str, int] | None:
        """What might still be saved: the first kind of cost above its bound, and how much."""
        return _difference(self.cost, self.bound)

    @property
    def saved(self) -> tuple[str, int] | None:
        """What it saves beside placing one after another."""
        found = _difference(self.baseline, self.cost)
        return found if found and found[1] > 0 else None

    @property
    def moving(self) -> tuple[RowItem, ...]:
        """The bookings that get a time."""
        return tuple(each for each in self.rows if each.result == Result.MOVE)

    @property
    def calling(self) -> tuple[RowItem, ...]:
        """The bookings for which there is none."""
        return tuple(each for each in self.rows if each.result == Result.CALL)

    @property
    def is_outdated(self) -> bool:
        """Say whether applying it would be refused, or would forget somebody."""
        changed = any(each.has_changed for each in self.rows)
        return self.state == PlanState.PROPOSED and (changed or self.is_late or bool(self.added))

    @property
    def answer(self) -> dict[str, Any]:
        """Return the plan as programs are told it."""
        return {
            "id": self.id,
            "state": self.state,
            "cause": self.cause,
            "site": self.site,
            "version": self.version,
            "created_at": local_iso(self.created_at, self.zone),
            "applied_at": local_iso(self.applied_at, self.zone) if self.applied_at else None,
            "outdated": self.is_outdated,
            "optimal": self.is_optimal,
            "cost": _cost(self.cost),
            "bound": _cost(self.bound),
            "baseline": _cost(self.baseline),
            "bookings": [_told(each, self.zone) for each in self.rows],
        }


COSTS = ("to_call", "changed_days", "weighted_minutes", "cleaning_minutes")


def _cost(cost: Cost) -> dict[str, int]:
    return dict(zip(COSTS, cost, strict=True))


def _difference(more: Cost, less: Cost) -> tuple[str, int] | None:
    pairs = zip(COSTS, more, less, strict=True)
    return next(((name, high - low) for name, high, low in pairs if high != low), None)


def _told(row: RowItem, zone: str) -> dict[str, Any]:
    after = None
    if row.starts_at is not None and row.ends_at is not None:
        after = {
            "machine": row.machine,
            "starts_at": local_iso(row.starts_at, zone),
            "ends_at": local_iso(row.ends_at, zone),
        }
    return {
        "code": row.code,
        "result": row.result,
        "before": {
            "machine": row.was_machine,
            "starts_at": local_iso(row.was_starts_at, zone),
            "ends_at": local_iso(row.was_ends_at, zone),
        },
        "after": after,
        "reasons": list(row.reasons),
        "answer": row.answer or None,
    }
