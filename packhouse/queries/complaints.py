"""Complaints as their writers follow them, as managers answer them, and as figures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hmac import compare_digest
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.complaints import (
    ABOVE_THE_HOUSE,
    WAITING,
    ComplaintState,
    EntryKind,
    Ticket,
    Topic,
    may_reopen,
    working_days_left,
)
from packhouse.domain.permissions import may_administer, may_answer_complaint, may_review
from packhouse.domain.users import Actor, Role, secret_hash
from packhouse.errors import NotAllowed, NotFound
from packhouse.models.complaints import Complaint, ComplaintEntry
from packhouse.models.sites import Site, load_calendars
from packhouse.models.users import User

MOST_WAITING = 200
MOST_ANSWERED = 50


@dataclass(frozen=True, slots=True)
class ComplaintItem:
    """A complaint in a list; ``days_left`` are working days, negative when the answer is late.

    They are None once it is answered.
    """

    id: int
    number: str
    topic: str
    state: str
    site: str
    site_name: str
    zone: str
    filed_at: datetime
    due_at: datetime
    answered_at: datetime | None
    days_left: int | None

    @property
    def is_late(self) -> bool:
        """Say whether the house should have answered by now."""
        return self.days_left is not None and self.days_left < 0


@dataclass(frozen=True, slots=True)
class EntryItem:
    """An answer, with who gave it, or why the complaint was opened again."""

    kind: str
    author: str
    text: str
    at: datetime

    @property
    def is_answer(self) -> bool:
        """Say whether the house wrote this."""
        return self.kind == EntryKind.ANSWER


@dataclass(frozen=True, slots=True)
class ComplaintDetail:
    """A complaint with all that was written; ``may_reopen`` is what its writer may do now."""

    item: ComplaintItem
    text: str
    name: str
    phone: str
    booking_code: str
    entries: tuple[EntryItem, ...]
    may_reopen: bool


@dataclass(frozen=True, slots=True)
class ComplaintFigures:
    """What a house's complaints come to: counts without words or names."""

    site: str
    site_name: str
    filed: int
    waiting: int
    overdue: int
    late: int
    by_topic: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ComplaintMonth:
    """What came to a house in one local month, and how it was answered so far."""

    site: str
    site_name: str
    month: date
    filed: int
    answered: int
    in_time: int
    waiting: int


_COMPLAINTS: Select[*tuple[Any, ...]] = select(Complaint, Site.code, Site.name, Site.zone).join(
    Site, Site.id == Complaint.site_id
)


def complaint_by_ticket(*, ticket: Ticket, now: datetime) -> ComplaintDetail:
    """Return what the holder of a ticket may follow. Raises NotFound."""
    session = reading()
    row = session.execute(_COMPLAINTS.where(Complaint.number == ticket.number)).one_or_none()
    if row is None or not compare_digest(row[0].secret_hash, secret_hash(ticket.secret)):
        raise NotFound("complaint_not_found")
    return _detail(session, row, now)


def my_complaint(*, complaint_id: int, actor: Actor, now: datetime) -> ComplaintDetail:
    """Return a complaint that this person filed while signed in. Raises NotFound."""
    session = reading()
    row = session.execute(
        _COMPLAINTS.where(Complaint.id == complaint_id, Complaint.user_id == actor.id)
    ).one_or_none()
    if row is None:
        raise NotFound("complaint_not_found")
    return _detail(session, row, now)


def complaint_to_answer(*, complaint_id: int, actor: Actor, now: datetime) -> ComplaintDetail:
    """Return a complaint to who may answer it. Raises NotFound to everybody else."""
    session = reading()
    row = session.execute(_COMPLAINTS.where(Complaint.id == complaint_id)).one_or_none()
    if row is None or not may_answer_complaint(
        actor, row[0].site_id, about_the_house=Topic(row[0].topic) in ABOVE_THE_HOUSE
    ):
        raise NotFound("complaint_not_found")
    return _detail(session, row, now)


def my_complaints(*, actor: Actor, now: datetime) -> tuple[ComplaintItem, ...]:
    """Return what this person filed while signed in, newest first."""
    session = reading()
    rows = session.execute(
        _COMPLAINTS.where(Complaint.user_id == actor.id)
        .order_by(Complaint.id.desc())
        .limit(MOST_ANSWERED)
    ).all()
    return _items(session, rows, now)


def complaints_waiting(*, actor: Actor, now: datetime) -> tuple[ComplaintItem, ...]:
    """Return what this person has to answer, the most overdue first."""
    session = reading()
    rows = session.execute(
        _COMPLAINTS.where(_answerable(actor), Complaint.state.in_(WAITING))
        .order_by(Complaint.due_at, Complaint.id)
        .limit(MOST_WAITING)
    ).all()
    return _items(session, rows, now)


def complaints_answered(*, actor: Actor, now: datetime) -> tuple[ComplaintItem, ...]:
    """Return the latest that are answered or closed, newest answer first."""
    session = reading()
    rows = session.execute(
        _COMPLAINTS.where(_answerable(actor), Complaint.state.notin_(WAITING))
        .order_by(Complaint.answered_at.desc(), Complaint.id.desc())
        .limit(MOST_ANSWERED)
    ).all()
    return _items(session, rows, now)


def complaint_figures(
    *, actor: Actor, since: datetime, now: datetime
) -> tuple[ComplaintFigures, ...]:
    """Return the counts of every house that has complaints, in one query, by its code.

    Counted is what was filed since an instant; ``late`` had an answer after its time. Raises
    NotAllowed to who reviews nothing.
    """
    if not may_review(actor):
        raise NotAllowed
    waits = Complaint.state.in_(WAITING)
    rows = reading().execute(
        select(
            Site.code,
            Site.name,
            Complaint.topic,
            func.count().label("filed"),
            func.sum(case((waits, 1), else_=0)).label("waiting"),
            func.sum(case((waits & (Complaint.due_at < now), 1), else_=0)).label("overdue"),
            func.sum(case((Complaint.was_late.is_(True), 1), else_=0)).label("late"),
        )
        .join(Site, Site.id == Complaint.site_id)
        .where(Complaint.filed_at >= since, _seen_as_figure(actor))
        .group_by(Site.code, Site.name, Complaint.topic)
        .order_by(Site.code, Complaint.topic)
    )
    houses: dict[str, list[Row[Any]]] = {}
    for row in rows:
        houses.setdefault(row.code, []).append(row)
    return tuple(_figures(found) for found in houses.values())


def complaint_months(*, actor: Actor, since: datetime, now: datetime) -> tuple[ComplaintMonth, ...]:
    """Return the counts of every house by local month of filing, newest first, in one query.

    ``in_time`` are those that never waited beyond their deadline. Raises NotAllowed to who
    reviews nothing.
    """
    if not may_review(actor):
        raise NotAllowed
    rows = reading().execute(
        select(Complaint.filed_at, Complaint.state, Complaint.due_at, Complaint.was_late,
               Site.code, Site.name, Site.zone)
        .join(Site, Site.id == Complaint.site_id)
        .where(Complaint.filed_at >= since, _seen_as_figure(actor))
        .order_by(Site.code)
    )  # fmt: skip
    counts: dict[tuple[str, str, date], Counter[str]] = {}
    for row in rows:
        month = row.filed_at.astimezone(ZoneInfo(row.zone)).date().replace(day=1)
        count = counts.setdefault((row.code, row.name, month), Counter())
        waits = row.state in WAITING
        late = row.was_late or (waits and row.due_at < now)
        count.update(filed=1, waiting=int(waits), answered=int(not waits))
        count.update(in_time=int(not waits and not late))
    found = [
        ComplaintMonth(
            code, name, month, count["filed"], count["answered"], count["in_time"],
            count["waiting"],
        )
        for (code, name, month), count in counts.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: (each.month, each.site), reverse=True))


def _figures(rows: Sequence[Row[Any]]) -> ComplaintFigures:
    def total(name: str) -> int:
        return sum(int(getattr(row, name)) for row in rows)

    topics = tuple((str(row.topic), int(row.filed)) for row in rows)
    return ComplaintFigures(
        rows[0].code, rows[0].name, total("filed"), total("waiting"), total("overdue"),
        total("late"), topics,
    )  # fmt: skip


def _answerable(actor: Actor) -> ColumnElement[bool]:
    """Say in SQL what ``may_answer_complaint`` says of one row."""
    if may_administer(actor):
        return Complaint.id > 0
    if actor.role != Role.MANAGER:
        return Complaint.id < 0
    return Complaint.site_id.in_(actor.site_ids) & Complaint.topic.notin_(ABOVE_THE_HOUSE)


def _seen_as_figure(actor: Actor) -> ColumnElement[bool]:
    everywhere = actor.role != Role.MANAGER
    return or_(everywhere, Complaint.site_id.in_(actor.site_ids))  # type: ignore[arg-type]


def _items(
    session: Session, rows: Sequence[Row[*tuple[Any, ...]]], now: datetime
) -> tuple[ComplaintItem, ...]:
    calendars = load_calendars(session, {row[0].site_id for row in rows})
    return tuple(
        ComplaintItem(
            id=row.id,
            number=row.number,
            topic=row.topic,
            state=row.state,
            site=code,
            site_name=name,
            zone=zone,
            filed_at=row.filed_at,
            due_at=row.due_at,
            answered_at=row.answered_at,
            days_left=working_days_left(due_at=row.due_at, now=now, calendar=calendars[row.site_id])
            if row.state in WAITING
            else None,
        )
        for row, code, name, zone in rows
    )


def _detail(session: Session, row: Row[*tuple[Any, ...]], now: datetime) -> ComplaintDetail:
    complaint = row[0]
    entries = session.execute(
        select(
            ComplaintEntry.kind,
            func.coalesce(User.name, ""),
            ComplaintEntry.text,
            ComplaintEntry.at,
        )
        .outerjoin(User, User.id == ComplaintEntry.author_id)
        .where(ComplaintEntry.complaint_id == complaint.id)
        .order_by(ComplaintEntry.id)
    )
    return ComplaintDetail(
        item=_items(session, [row], now)[0],
        text=complaint.text,
        name=complaint.name,
        phone=complaint.phone,
        booking_code=complaint.booking_code,
        entries=tuple(EntryItem(*each) for each in entries),
        may_reopen=may_reopen(
            state=ComplaintState(complaint.state), answered_at=complaint.answered_at, now=now
        ),
    )
