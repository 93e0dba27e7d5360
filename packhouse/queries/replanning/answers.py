"""What people were asked about their new times, and whom the desk is to call."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, literal_column, select
from sqlalchemy.orm import aliased

from packhouse.db import reading
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_replan
from packhouse.domain.replanning.answers import ANSWERABLE, AnswerState, must_be_called
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine
from packhouse.models.products import Product
from packhouse.models.replanning import PlanAnswer, PlanRow
from packhouse.models.sites import Site
from packhouse.queries.bookings.named import TO_CALL
from packhouse.queries.runs import Contact, contacts_of

SILENT = "silent"


@dataclass(frozen=True, slots=True)
class NewTime:
    """What a person was told about the new time of one booking, and what she may still say.

    ``state`` is an answer's, or ``silent`` once the deadline has passed; ``was_…`` is where the
    booking stood before, ``machine`` where it stands now.
    """

    code: str
    state: str
    product_name: str
    zone: str
    was_machine: str
    was_starts_at: datetime
    was_ends_at: datetime
    machine: str
    starts_at: datetime
    ends_at: datetime
    answer_by: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class CallItem:
    """Somebody the desk should speak with about a booking.

    ``state`` says why: to_call, call_wanted, declined, called (and still without a time) or
    silent. ``has_time`` says whether it holds a time.
    """

    code: str
    state: str
    business_name: str
    product_name: str
    pack: str
    quantity: int
    zone: str
    machine_name: str
    starts_at: datetime
    ends_at: datetime
    has_time: bool
    answer_by: datetime | None
    calls: int
    called_at: datetime | None
    result: str
    note: str
    contacts: tuple[Contact, ...]


def new_time_of(*, booking_id: int, now: datetime) -> NewTime | None:
    """Return what the last applied plan asked about a booking, as long as it stands by it.

    The caller has checked that the booking is the reader's to see.
    """
    row = reading().execute(_TIMES.where(Booking.id == booking_id)).one_or_none()
    return _new_time(row, now) if row is not None else None


def new_times(*, actor: Actor, now: datetime) -> tuple[NewTime, ...]:
    """Return what the businesses of a producer are asked and have not answered, by start."""
    if actor.role != Role.PRODUCER or not actor.business_ids:
        return ()
    rows = reading().execute(
        _TIMES.where(
            Booking.business_id.in_(actor.business_ids),
            PlanAnswer.state.in_((AnswerState.ASKED, AnswerState.INFORMED)),
        ).order_by(Booking.starts_at, Booking.id)
    )
    return tuple(found for row in rows if (found := _new_time(row, now)).is_open)


def calls(*, site: str, actor: Actor, now: datetime) -> tuple[CallItem, ...]:
    """Return whom a house should call: first who has no time, in the order in which they booked.

    For whom a plan found no time stays here until she has one or has called it off; whom no plan
    has looked at yet, ``affected`` tells. Raises NotFound.
    """
    session = reading()
    site_id = session.scalar(select(Site.id).where(Site.code == site))
    if site_id is None or not may_replan(actor, site_id):
        raise NotFound("site_not_found", site=site)
    without = session.execute(
        _CALLS.where(
            Booking.site_id == site_id,
            Booking.state == State.DISPLACED,
        ).order_by(Booking.created_at, Booking.id)
    ).all()
    unsettled = session.execute(
        _CALLS.where(
            literal_column("plan_answers.state IN ('asked', 'to_call', 'call_wanted')"),
            PlanAnswer.site_id == site_id,
            PlanAnswer.booking_version == Booking.version,
            Booking.state.in_((State.CONFIRMED, State.REQUESTED)),
        ).order_by(Booking.starts_at, Booking.id)
    ).all()
    rows = [*without, *(each for each in unsettled if _calls_for(each, now))]
    people = contacts_of(business_ids=sorted({each.business_id for each in rows}))
    return tuple(_call(each, people.get(each.business_id, ())) for each in rows)


# --- selecting ----------------------------------------------------------------------------------

_LAST = (
    select(func.max(PlanAnswer.plan_id))
    .where(PlanAnswer.booking_id == Booking.id)
    .correlate(Booking)
    .scalar_subquery()
)
_was = aliased(Machine)
_TIMES: Select[*tuple[Any, ...]] = (
    select(
        PlanAnswer,
        Booking.code,
        Booking.state,
        Booking.version,
        Booking.starts_at,
        Booking.ends_at,
        PlanRow.was_starts_at,
        PlanRow.was_ends_at,
        _was.name.label("was_machine"),
        Machine.name.label("machine"),
        Product.name.label("product_name"),
        Site.zone,
    )
    .select_from(Booking)
    .join(PlanAnswer, and_(PlanAnswer.booking_id == Booking.id, PlanAnswer.plan_id == _LAST))
    .join(PlanRow, and_(PlanRow.plan_id == PlanAnswer.plan_id, PlanRow.booking_id == Booking.id))
    .join(_was, _was.id == PlanRow.was_machine_id)
    .join(Machine, Machine.id == Booking.machine_id)
    .join(Product, Product.id == Booking.product_id)
    .join(Site, Site.id == Booking.site_id)
)
_CALLS: Select[*tuple[Any, ...]] = (
    select(PlanAnswer, *TO_CALL, Booking.state, Machine.name.label("machine_name"), Site.zone)
    .select_from(Booking)
    .join(Business, Business.id == Booking.business_id)
    .join(Product, Product.id == Booking.product_id)
    .join(Machine, Machine.id == Booking.machine_id)
    .join(Site, Site.id == Booking.site_id)
    .join(PlanAnswer, and_(PlanAnswer.booking_id == Booking.id, PlanAnswer.plan_id == _LAST))
)


def _new_time(row: Row[*tuple[Any, ...]], now: datetime) -> NewTime:
    asked: PlanAnswer = row[0]
    stands = asked.booking_version == row.version and row.state in (
        State.CONFIRMED,
        State.REQUESTED,
    )
    silent = (
        asked.state == AnswerState.ASKED and asked.answer_by is not None and asked.answer_by <= now
    )
    return NewTime(
        code=row.code,
        state=SILENT if silent else asked.state,
        product_name=row.product_name,
        zone=row.zone,
        was_machine=row.was_machine,
        was_starts_at=row.was_starts_at,
        was_ends_at=row.was_ends_at,
        machine=row.machine,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        answer_by=asked.answer_by,
        is_open=stands and asked.state in ANSWERABLE and row.starts_at > now,
    )


def _calls_for(row: Row[*tuple[Any, ...]], now: datetime) -> bool:
    asked: PlanAnswer = row[0]
    return must_be_called(AnswerState(asked.state), due_at=asked.answer_by, now=now)


def _call(row: Row[*tuple[Any, ...]], contacts: tuple[Contact, ...]) -> CallItem:
    asked: PlanAnswer = row[0]
    has_time = row.state != State.DISPLACED
    return CallItem(
        code=row.code,
        state=SILENT if asked.state == AnswerState.ASKED and has_time else asked.state,
        business_name=row.business_name,
        product_name=row.product_name,
        pack=row.pack,
        quantity=row.quantity,
        zone=row.zone,
        machine_name=row.machine_name,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        has_time=has_time,
        answer_by=asked.answer_by,
        calls=asked.calls,
        called_at=asked.called_at,
        result=asked.result or "",
        note=asked.note,
        contacts=contacts,
    )
