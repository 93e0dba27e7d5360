"""A site is without power, water, gas, air or steam: all machines that need it are down."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.downtime import OUTAGES, Utility
from packhouse.domain.permissions import may_manage, may_operate
from packhouse.domain.time_range import ceil_to_slot
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, NotFound, Problem, RuleBroken, WrongState
from packhouse.models.downtime import Breakdown, MachineUtility, Outage, utilities_of
from packhouse.models.machines import Machine
from packhouse.models.sites import Site
from packhouse.services.audit import Subject, record
from packhouse.services.downtime.past import BATCH, LONGER
from packhouse.services.downtime.steps import LONGEST, Affected, audit, settle
from packhouse.services.slots import lock_place, lock_places


@dataclass(frozen=True, slots=True)
class Down:
    """What an outage takes: machines, and the bookings that lost their time by it."""

    id: int
    machines: tuple[str, ...]
    affected: tuple[Affected, ...]


@use_case
def report_outage(
    *,
    site: str,
    utility: str,
    until: datetime,
    actor: Actor,
    now: datetime,
    from_at: datetime | None = None,
    note: str = "",
) -> Down:
    """Take all machines of a site that need it, now or from an announced time on.

    Telling again of an outage of the same, on or announced for that time, changes its times.
    Raises NotFound, NotAllowed, Malformed, RuleBroken.
    """
    if utility not in set(Utility):
        raise Malformed("utility_unknown", utility=utility, known=sorted(Utility))
    begin = now if from_at is None else max(from_at, now)
    if not begin < until or until - begin > LONGEST or begin > now + LONGEST:
        raise RuleBroken([Problem("period_out_of_range", {"days": LONGEST.days})])
    with transaction() as session:
        place = _locked_site(session, site, actor)
        outage = _same(session, place, utility, begin, until)
        if outage is None:
            outage = Outage(site_id=place.id, utility=utility, from_at=begin, told_at=now)
            session.add(outage)
        outage.to_at, outage.note, outage.reported_by = until, note, actor.id
        if outage.begun_at is None:
            outage.from_at, outage.told_at = begin, now
            outage.begun_at = now if begin == now else None
        session.flush()
        return _taken(session, outage, actor, now, "outage:told")


def _same(
    session: Session, site: Site, utility: str, begin: datetime, until: datetime
) -> Outage | None:
    """Return the open outage of the same that is on, or announced for the same time."""
    return session.scalars(
        select(Outage)
        .where(
            Outage.site_id == site.id,
            Outage.utility == utility,
            Outage.ended_at.is_(None),
            Outage.from_at < until,
            Outage.to_at > begin,
        )
        .order_by(Outage.begun_at.is_(None), Outage.from_at)
        .limit(1)
    ).first()


@use_case
def end_outage(*, outage_id: int, actor: Actor, now: datetime) -> Down:
    """Say that an outage is over, or will not come: its machines work again at once.

    Those that are broken as well stay so. Raises NotFound, WrongState.
    """
    with transaction() as session:
        outage = session.get(Outage, outage_id)
        site = session.get_one(Site, outage.site_id) if outage is not None else None
        if outage is None or site is None or not may_operate(actor, site.id):
            raise NotFound("outage_not_found")
        _locked_site(session, site.code, actor)
        session.refresh(outage)
        if outage.ended_at is not None:
            raise WrongState("outage_over")
        return _ended(session, outage, actor, now)


@use_case
def follow_outages(*, actor: Actor, now: datetime) -> int:
    """Begin the outages that were announced for now, and end those that are over; return how many.

    One that was told while it was on lasts another hour at a time until somebody ends it.
    """
    with transaction() as session:
        due = select(Outage.id, Site.code).join(Site, Site.id == Outage.site_id)
        due = due.where(Outage.ended_at.is_(None)).order_by(Site.id, Outage.id).limit(BATCH)
        late = Outage.begun_at.is_(None) & (Outage.from_at <= now)
        rows = session.execute(due.where(late | (Outage.to_at <= now))).all()
        for row in rows:
            _locked_site(session, row.code, actor)
            outage = session.get_one(Outage, row.id, populate_existing=True)
            if outage.ended_at is None:
                _follow(session, outage, actor, now)
        return len(rows) + _catch_up(session, actor, now)


def _catch_up(session: Session, actor: Actor, now: datetime) -> int:
    """Settle the machines that came to a site in the dark, or left it; return how many.

    Those that are retired meanwhile are told as well: a machine is not down for ever.
    """
    needed = and_(
        MachineUtility.machine_id == Machine.id,
        MachineUtility.utility == Outage.utility,
        Outage.site_id == Machine.site_id,
        Outage.begun_at.is_not(None),
        Outage.ended_at.is_(None),
    )
    down = and_(Breakdown.machine_id == Machine.id, Breakdown.ended_at.is_(None))
    in_service = Machine.retired_at.is_(None) | (Machine.retired_at > now)
    dark = exists().where(needed)
    missed = session.scalars(
        select(Machine.id).where(
            or_(
                and_(in_service, dark, ~exists().where(down)),
                and_(~dark, exists().where(down, Breakdown.reason.in_(sorted(OUTAGES)))),
            )
        )
    ).all()
    for spot in lock_places(session, machine_ids=missed, now=now):
        settle(session, spot=spot, actor=actor, now=now)
    return len(missed)


def _follow(session: Session, outage: Outage, actor: Actor, now: datetime) -> None:
    if outage.to_at <= now and outage.told_at < outage.from_at:
        _ended(session, outage, actor, now)
    elif outage.to_at <= now:
        outage.to_at = ceil_to_slot(now + LONGER)
        _taken(session, outage, actor, now, "outage:lasts")
    elif outage.begun_at is None and outage.from_at <= now:
        other = session.scalar(
            select(Outage).where(
                Outage.site_id == outage.site_id,
                Outage.utility == outage.utility,
                Outage.begun_at.is_not(None),
                Outage.ended_at.is_(None),
            )
        )
        if other is not None:
            # It came before it was announced: one outage goes on.
            other.to_at = max(other.to_at, outage.to_at)
            outage.ended_at, outage = now, other
        else:
            outage.begun_at = now
        _taken(session, outage, actor, now, "outage:begun")


@use_case
def set_utilities(
    *, machine: str, utilities: Collection[str], actor: Actor, now: datetime
) -> tuple[Affected, ...]:
    """Say what a machine cannot work without; return the bookings an outage takes by that."""
    unknown = sorted(set(utilities) - set(Utility))
    if unknown:
        raise Malformed("utility_unknown", utility=unknown[0], known=sorted(Utility))
    with transaction() as session:
        spot = lock_place(session, code=machine, now=now)
        if not may_manage(actor, spot.site.id):
            raise NotAllowed
        before = utilities_of(session, machine_id=spot.machine.id)
        wanted = frozenset(Utility(each) for each in utilities)
        for each in before - wanted:
            key = {"machine_id": spot.machine.id, "utility": each}
            session.delete(session.get_one(MachineUtility, key))
        session.add_all(
            MachineUtility(machine_id=spot.machine.id, utility=each)
            for each in sorted(wanted - before)
        )
        session.flush()
        if before != wanted:
            audit(session, spot, actor, now, "machine:utilities", utilities=sorted(wanted))
        return settle(session, spot=spot, actor=actor, now=now)


# --- steps --------------------------------------------------------------------------------------


def _locked_site(session: Session, code: str, actor: Actor) -> Site:
    """Return a site whose outages stand still until the commit."""
    site = session.scalar(select(Site).where(Site.code == code).with_for_update(key_share=True))
    if site is None:
        raise NotFound("site_unknown", site=code)
    if not may_operate(actor, site.id):
        raise NotAllowed
    return site


def _ended(session: Session, outage: Outage, actor: Actor, now: datetime) -> Down:
    outage.ended_at = now
    return _taken(session, outage, actor, now, "outage:ended")


def _taken(session: Session, outage: Outage, actor: Actor, now: datetime, action: str) -> Down:
    """Settle every machine of the site that needs what is out, in the order of their ids."""
    session.flush()
    ids = session.scalars(
        select(Machine.id)
        .join(MachineUtility, MachineUtility.machine_id == Machine.id)
        .where(
            Machine.site_id == outage.site_id,
            MachineUtility.utility == outage.utility,
            Machine.retired_at.is_(None) | (Machine.retired_at > now),
        )
    ).all()
    places = lock_places(session, machine_ids=ids, now=now)
    affected = [hit for spot in places for hit in settle(session, spot=spot, actor=actor, now=now)]
    record(
        session, actor=actor, now=now, action=action,
        subject=Subject("outage", outage.id, outage.site_id), utility=outage.utility,
        machines=[spot.machine.code for spot in places],
        from_at=int(outage.from_at.timestamp()), to_at=int(outage.to_at.timestamp()),
    )  # fmt: skip
    return Down(outage.id, tuple(spot.machine.code for spot in places), tuple(affected))
