"""The register of machines as assets: its rows, where each stood, and in which shape."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from packhouse.db import reading
from packhouse.domain.bookings import State
from packhouse.domain.machines import Asset, asset_of
from packhouse.domain.permissions import may_audit, may_manage, may_operate, may_review
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.machines import ConditionNote, Machine, Placement, RateDecision
from packhouse.models.sites import Site
from packhouse.models.slots import Occupation
from packhouse.models.users import User
from packhouse.queries import id_after

MOST_HISTORY = 50
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A machine as the asset officer keeps it; ``room`` is where it stands.

    ``condition_at`` is when somebody last looked; None for a machine nobody has looked at since
    it was registered.
    """

    machine: str
    name: str
    kind: str
    lane: str
    site: str
    site_name: str
    zone: str
    room: str
    placement: str
    due_on: date | None
    asset: Asset
    condition_at: datetime | None
    commissioned_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Register:
    """Rows of the register by site and code; ``next`` is the cursor of the page behind."""

    rows: tuple[RegisterRow, ...]
    next: str | None


def register(
    *,
    actor: Actor,
    site: str | None = None,
    condition: str | None = None,
    cursor: str | None = None,
    limit: int | None = PER_PAGE,
) -> Register:
    """Return the register, or one house's (by code), in one query; ``limit`` None is all of it.

    Machines that are used no more stay in it. Raises NotAllowed, Malformed for a bad cursor.
    """
    if not may_review(actor):
        raise NotAllowed
    query = _ROWS.order_by(Machine.id)
    if site is not None:
        query = query.where(Site.code == site)
    if condition is not None:
        query = query.where(Machine.condition == condition)
    if cursor is not None:
        query = query.where(Machine.id > id_after(cursor))
    if limit is not None:
        query = query.limit(limit + 1)
    found = reading().execute(query).all()
    shown = found if limit is None else found[:limit]
    more = limit is not None and len(found) > limit
    return Register(tuple(_row(each) for each in shown), str(shown[-1].id) if more else None)


def register_row(*, code: str, actor: Actor) -> RegisterRow:
    """Return the row of one machine, for its card. Raises NotAllowed, NotFound."""
    row = reading().execute(_ROWS.where(Machine.code == code)).one_or_none()
    if row is None:
        raise NotFound("machine_not_found", machine=code)
    if not (may_review(actor) or may_operate(actor, row.site_id)):
        raise NotAllowed
    return _row(row)


# --- one machine's history ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlacementItem:
    """Where a machine stood, from when to when, why and on the strength of what."""

    id: int
    site: str
    site_name: str
    room: str
    kind: str
    reason: str
    document: str
    due_on: date | None
    from_at: datetime
    to_at: datetime | None
    who: str


@dataclass(frozen=True, slots=True)
class ConditionItem:
    """In which shape a machine was found, when and by whom."""

    condition: str
    note: str
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class RateChange:
    """What became of a pack's rate, in packs a minute; ``runs`` is how many taught it."""

    pack: str
    action: str
    rate_before: float
    rate: float
    runs: int
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class AssetHistory:
    """Where a machine was, its shape and its rates over time, newest first."""

    placements: tuple[PlacementItem, ...] = ()
    conditions: tuple[ConditionItem, ...] = ()
    rates: tuple[RateChange, ...] = ()


def asset_history(*, machine_id: int, site_id: int, actor: Actor | None) -> AssetHistory:
    """Return what happened to a machine as an asset; it names people, so only staff see it."""
    if actor is None or not (may_operate(actor, site_id) or may_audit(actor)):
        return AssetHistory()
    session = reading()
    placements = session.execute(
        _PLACEMENTS.where(Placement.machine_id == machine_id)
        .order_by(Placement.from_at.desc())
        .limit(MOST_HISTORY)
    )
    conditions = session.execute(
        select(ConditionNote.condition, ConditionNote.note, ConditionNote.found_at, User.name)
        .outerjoin(User, User.id == ConditionNote.noted_by)
        .where(ConditionNote.machine_id == machine_id)
        .order_by(ConditionNote.found_at.desc(), ConditionNote.id.desc())
        .limit(MOST_HISTORY)
    )
    rates = session.execute(
        select(
            RateDecision.pack,
            RateDecision.action,
            RateDecision.rate_before,
            RateDecision.rate,
            RateDecision.runs,
            RateDecision.decided_at,
            User.name,
        )
        .outerjoin(User, User.id == RateDecision.decided_by)
        .where(RateDecision.machine_id == machine_id)
        .order_by(RateDecision.id.desc())
        .limit(MOST_HISTORY)
    )
    return AssetHistory(
        tuple(_placement(row) for row in placements),
        tuple(ConditionItem(*row[:3], row.name or "") for row in conditions),
        tuple(RateChange(*row[:6], row.name or "") for row in rates),
    )


@dataclass(frozen=True, slots=True)
class MoveRecord:
    """A change of place as its berita acara tells it; ``before`` is None for the first place."""

    row: RegisterRow
    placement: PlacementItem
    before: PlacementItem | None


def move_record(*, code: str, placement_id: int, actor: Actor) -> MoveRecord:
    """Return one change of a machine's place. Raises NotAllowed, NotFound."""
    row = register_row(code=code, actor=actor)
    session = reading()
    found = [
        _placement(each)
        for each in session.execute(
            _PLACEMENTS.where(Machine.code == code).order_by(Placement.from_at)
        )
    ]
    place = next((n for n, each in enumerate(found) if each.id == placement_id), None)
    if place is None:
        raise NotFound("placement_not_found")
    return MoveRecord(row, found[place], found[place - 1] if place else None)


@dataclass(frozen=True, slots=True)
class Held:
    """What keeps a machine where it is: a booking, or a time held for somebody."""

    kind: str
    code: str
    business: str
    state: str
    starts_at: datetime
    ends_at: datetime


def held_on(*, code: str, actor: Actor, now: datetime) -> tuple[Held, ...]:
    """Return the bookings and held times to come on a machine, and who still needs a time.

    Raises NotFound for a machine somebody else manages.
    """
    session = reading()
    machine = session.scalar(select(Machine).where(Machine.code == code))
    if machine is None or not may_manage(actor, machine.site_id):
        raise NotFound("machine_not_found", machine=code)
    return (*_live(session, machine.id, now), *_displaced(session, machine.id))


def _live(session: Session, machine_id: int, now: datetime) -> tuple[Held, ...]:
    rows = session.execute(
        select(
            Occupation.kind, Booking.code, Business.name, Booking.state,
            func.coalesce(Booking.starts_at, Occupation.from_at).label("starts_at"),
            Occupation.to_at,
        )
        .outerjoin(Booking, Booking.occupation_id == Occupation.id)
        .outerjoin(Business, Business.id == Booking.business_id)
        .where(
            Occupation.machine_id == machine_id,
            Occupation.status == "live",
            Occupation.kind.in_(("booking", "hold", "offer")),
            Occupation.to_at > now,
        )
        .order_by(Occupation.from_at)
        .limit(MOST_HISTORY)
    )  # fmt: skip
    return tuple(
        Held(row.kind, row.code or "", row.name or "", row.state or "", row.starts_at, row.to_at)
        for row in rows
    )


def _displaced(session: Session, machine_id: int) -> tuple[Held, ...]:
    rows = session.execute(
        select(Booking.code, Business.name, Booking.state, Booking.starts_at, Booking.ends_at)
        .outerjoin(Business, Business.id == Booking.business_id)
        .where(Booking.machine_id == machine_id, Booking.state == State.DISPLACED)
        .order_by(Booking.starts_at)
        .limit(MOST_HISTORY)
    )
    return tuple(
        Held("booking", row.code, row.name or "", row.state, row.starts_at, row.ends_at)
        for row in rows
    )


# --- selecting ----------------------------------------------------------------------------------


_newest = aliased(ConditionNote)
_ROWS: Select[*tuple[Any, ...]] = (
    select(
        Machine, Machine.id, Site.id.label("site_id"), Site.code.label("site"),
        Site.name.label("site_name"), Site.zone, Placement.room, Placement.kind.label("placement"),
        Placement.due_on,
        select(func.max(_newest.found_at))
        .where(_newest.machine_id == Machine.id)
        .scalar_subquery()
        .label("condition_at"),
    )
    .join(Site, Site.id == Machine.site_id)
    .outerjoin(Placement, and_(Placement.machine_id == Machine.id, Placement.to_at.is_(None)))
)  # fmt: skip
_PLACEMENTS: Select[*tuple[Any, ...]] = (
    select(
        Placement.id, Site.code.label("site"), Site.name.label("site_name"), Placement.room,
        Placement.kind,
        Placement.reason, Placement.document, Placement.due_on, Placement.from_at, Placement.to_at,
        User.name.label("who"),
    )
    .join(Site, Site.id == Placement.site_id)
    .join(Machine, Machine.id == Placement.machine_id)
    .outerjoin(User, User.id == Placement.decided_by)
)  # fmt: skip


def _placement(row: Any) -> PlacementItem:
    return PlacementItem(**{**row._mapping, "who": row.who or ""})


def _row(row: Any) -> RegisterRow:
    machine = row.Machine
    return RegisterRow(
        machine=machine.code,
        name=machine.name,
        kind=machine.kind,
        lane=machine.lane,
        site=row.site,
        site_name=row.site_name,
        zone=row.zone,
        room=row.room or "",
        placement=row.placement or "own",
        due_on=row.due_on,
        asset=asset_of(machine),
        condition_at=row.condition_at,
        commissioned_at=machine.commissioned_at,
        retired_at=machine.retired_at,
    )
