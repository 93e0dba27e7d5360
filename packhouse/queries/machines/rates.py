"""What the finished runs of a house teach of the rates it plans with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.machines import Lesson, is_waited_for, lesson
from packhouse.domain.permissions import may_manage
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.models.machines import Machine, MachinePack, RateDecision
from packhouse.models.runs import Sample, load_samples
from packhouse.models.sites import Site


@dataclass(frozen=True, slots=True)
class RateLine:
    """A pack of a machine: the rate it is planned with, and what its runs teach.

    ``samples`` are its finished runs, newest first, ``lesson.odd`` says of each whether it is an
    outlier. ``waiting`` means that somebody has left the suggestion until there are more runs.
    """

    machine: str
    machine_name: str
    pack: str
    lesson: Lesson
    samples: tuple[Sample, ...]
    waiting: bool

    @property
    def is_suggested(self) -> bool:
        """Say whether a manager should decide now."""
        return self.lesson.differs and not self.waiting

    @property
    def outliers(self) -> tuple[Sample, ...]:
        """Return the runs that are far from all others."""
        return tuple(each for each, odd in zip(self.samples, self.lesson.odd, strict=True) if odd)


@dataclass(frozen=True, slots=True)
class HouseRates:
    """The rates of a house, those to decide first; a pack without a finished run is left out."""

    site: str
    site_name: str
    zone: str
    lines: tuple[RateLine, ...]

    @property
    def suggested(self) -> tuple[RateLine, ...]:
        """Return what a manager should decide now."""
        return tuple(each for each in self.lines if each.is_suggested)


def house_rates(*, site: str, actor: Actor, now: datetime) -> HouseRates:
    """Return what a house's runs teach, in a constant number of queries.

    Raises NotFound for a house the actor does not manage.
    """
    session = reading()
    house = session.scalar(select(Site).where(Site.code == site))
    if house is None or not may_manage(actor, house.id):
        raise NotFound("site_unknown", site=site)
    packs = session.execute(
        select(
            Machine.id,
            Machine.code,
            Machine.name,
            Machine.rate_per_minute,
            MachinePack.pack,
            MachinePack.rate_per_minute.label("own_rate"),
        )
        .join(MachinePack, MachinePack.machine_id == Machine.id)
        .where(Machine.site_id == house.id, Machine.retired_at.is_(None))
        .order_by(Machine.code, MachinePack.pack)
    ).all()
    ids = sorted({row.id for row in packs})
    samples = load_samples(session, machine_ids=ids, now=now)
    dismissed = _dismissals(session, ids)
    lines = []
    for row in packs:
        runs = tuple(samples.get((row.id, row.pack), ()))
        if not runs:
            continue
        last = dismissed.get((row.id, row.pack))
        waiting = last is not None and is_waited_for(
            [each.run_id for each in runs],
            last_run_id=last.last_run_id,
            wait_runs=last.wait_runs or 0,
        )
        planned = Decimal(str(row.own_rate or row.rate_per_minute))
        learned = lesson(planned, [each.rate for each in runs])
        lines.append(RateLine(row.code, row.name, row.pack, learned, runs, waiting))
    lines.sort(key=lambda each: (not each.is_suggested, each.machine, each.pack))
    return HouseRates(house.code, house.name, house.zone, tuple(lines))


def _dismissals(session: Session, machine_ids: list[int]) -> Mapping[tuple[int, str], RateDecision]:
    """Return the last decision of each pack where that was to wait."""
    newest = (
        select(func.max(RateDecision.id))
        .where(RateDecision.machine_id.in_(machine_ids))
        .group_by(RateDecision.machine_id, RateDecision.pack)
    )
    rows = session.scalars(
        select(RateDecision).where(RateDecision.id.in_(newest), RateDecision.action == "dismissed")
    )
    return {(row.machine_id, row.pack): row for row in rows}
