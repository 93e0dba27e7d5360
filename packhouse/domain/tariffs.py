"""What machine time costs: the tariff, the reductions by rule, and how it is rounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MOST_PERCENT = 100


class ReductionKind(StrEnum):
    """For whom a reduction is. Their order decides between equal ones: the narrower first."""

    TRIAL = "trial"
    COOPERATIVE = "cooperative"
    MICRO = "micro"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Client:
    """What the rules ask about a business: size class, level, whether a cooperative serves it."""

    size: str
    level: str
    in_cooperative: bool = False


@dataclass(frozen=True, slots=True)
class Reduction:
    """So many percent less for a kind of business; ``site_id`` None holds in every house."""

    id: int
    kind: ReductionKind
    percent: int
    site_id: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """Whole rupiah: ``full`` by the tariff, ``due`` after the reduction, if there is one."""

    full: int
    due: int
    reduction: Reduction | None = None

    @property
    def kind(self) -> str:
        """The kind of the reduction; empty without one, or where nothing was to be paid anyway."""
        return self.reduction.kind.value if self.reduction and self.full else ""

    @property
    def percent(self) -> int:
        """By how much per cent the reduction lowers the tariff."""
        return self.reduction.percent if self.reduction and self.full else 0


def is_entitled(kind: ReductionKind, client: Client) -> bool:
    """Say whether a reduction of this kind is meant for a business.

    ``trial`` is a business without a NIB, which may only try out; ``micro`` the size class of
    PP 7/2021; ``cooperative`` a cooperative or a member of one.
    """
    return {
        ReductionKind.TRIAL: client.level == "trial",
        ReductionKind.COOPERATIVE: client.in_cooperative,
        ReductionKind.MICRO: client.size == "mikro",
        ReductionKind.EVERYONE: True,
    }[kind]


def best_reduction(
    reductions: Iterable[Reduction], client: Client, *, site_id: int
) -> Reduction | None:
    """Return the one reduction that counts in a house: the highest; they never add up."""
    order = list(ReductionKind)
    mine = [
        each
        for each in reductions
        if each.site_id in (None, site_id) and is_entitled(each.kind, client)
    ]
    return min(
        mine, key=lambda each: (-each.percent, order.index(each.kind), each.id), default=None
    )


def price_of(tariff_per_hour: int, minutes: int, percent_off: int = 0) -> int:
    """Return whole rupiah for so many minutes of setup and run, half a rupiah rounded up.

    The reduction is taken before rounding, so that it is rounded once.
    """
    return (tariff_per_hour * minutes * (MOST_PERCENT - percent_off) + 3000) // 6000


def price_with(tariff_per_hour: int, minutes: int, reduction: Reduction | None) -> Price:
    """Return what so many minutes cost, before and after a reduction."""
    full = price_of(tariff_per_hour, minutes)
    if reduction is None:
        return Price(full, full)
    return Price(full, price_of(tariff_per_hour, minutes, reduction.percent), reduction)
