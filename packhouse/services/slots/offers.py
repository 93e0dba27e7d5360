"""What is asked of machine time, and what is answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from packhouse.domain.slots import Phases
from packhouse.domain.time_range import local_iso
from packhouse.errors import Problem


@dataclass(frozen=True, slots=True)
class Ask:
    """So many pieces of a product; where and when only as far as the person cares."""

    product_id: int
    quantity: int
    site: str | None = None
    machine: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One time (UTC) on one machine: its phases, its price in rupiah, and why it is shown.

    ``reduction`` is the kind of rule that makes ``price`` less than ``full_price``, or empty.
    ``change_until`` is until when a booking there may move, or be cancelled in time: a move to
    a time where that has passed is the last one. ``usual_minutes`` is between what setup and run
    usually take, None while too few runs tell.
    """

    machine: str
    machine_name: str
    site: str
    site_name: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    phases: Phases
    tariff_per_hour: int
    price: int
    full_price: int
    reduction: str
    percent_off: int
    needs_approval: bool
    change_until: datetime
    why: tuple[str, ...]
    usual_minutes: tuple[int, int] | None = None

    def describe(self) -> dict[str, Any]:
        """Return the offer as programs are told it: times in the site's zone, as of a booking."""
        return {
            "machine": self.machine,
            "site": self.site,
            "starts_at": local_iso(self.starts_at, self.zone),
            "ends_at": local_iso(self.ends_at, self.zone),
            "occupied_from": local_iso(self.occupied_from, self.zone),
            "phases": self.phases.describe(),
            "change_until": local_iso(self.change_until, self.zone),
            "price": self.price,
            "full_price": self.full_price,
            "reduction": self.reduction or None,
            "needs_approval": self.needs_approval,
            "why": list(self.why),
        }


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a machine cannot take the job in the window asked for."""

    machine: str
    machine_name: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Up to three offers, and the refusals of the machines that have none."""

    offers: tuple[Offer, ...]
    refusals: tuple[Refusal, ...]
