"""Complaints: taken from anyone, answered by who manages the house, opened again, closed.

What people write stays out of the audit trail and the log; the trail holds states and deadlines.
"""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.complaints import (
    ABOVE_THE_HOUSE,
    WAITING,
    ComplaintState,
    EntryKind,
    Ticket,
    Topic,
    answer_due,
    may_become,
    may_reopen,
    problems_with,
    ticket_for,
)
from packhouse.domain.permissions import may_answer_complaint
from packhouse.domain.reminders import MessageKind
from packhouse.domain.time_range import to_epoch
from packhouse.domain.users import SYSTEM, Actor, secret_hash
from packhouse.errors import KeyReused, NotFound, Problem, RuleBroken, WrongState
from packhouse.models.complaints import Complaint, ComplaintEntry
from packhouse.models.sites import Site, load_calendar
from packhouse.services.audit import Subject, record
from packhouse.services.reminders import tell_person


@dataclass(frozen=True, slots=True)
class Grievance:
    """What somebody complains about; everything but topic and text may be empty."""

    topic: str
    text: str
    name: str = ""
    phone: str = ""
    booking_code: str = ""


@use_case
def file_complaint(
    *, site: str, grievance: Grievance, actor: Actor | None, now: datetime, key: str
) -> Ticket:
    """Take a complaint about a house (its code) and return its ticket, the only time in full.

    Anyone may complain, also without a name; ``actor`` is None for who is not signed in. The same
    key is the same complaint. Raises RuleBroken with all problems at once, KeyReused.
    """
    given = _trimmed(grievance)
    problems = problems_with(
        topic=given.topic, text=given.text, name=given.name, phone=given.phone,
        booking_code=given.booking_code,
    )  # fmt: skip
    ticket = ticket_for(key)
    with transaction() as session:
        # Locked, so that two copies of one form come one after the other.
        house = session.scalar(
            select(Site).where(Site.code == site).with_for_update(key_share=True)
        )
        if house is None:
            problems.append(Problem("site_unknown", {"site": site}))
        if problems or house is None:
            raise RuleBroken(problems)
        known = session.scalar(select(Complaint).where(Complaint.number == ticket.number))
        if known is not None:
            return _same(known, given, ticket)
        topic = Topic(given.topic)
        due_at = answer_due(topic=topic, since=now, calendar=load_calendar(session, house.id))
        complaint = Complaint(
            site_id=house.id, number=ticket.number, secret_hash=secret_hash(ticket.secret),
            topic=topic, text=given.text, name=given.name, phone=given.phone,
            booking_code=given.booking_code, user_id=actor.id if actor else None,
            state=ComplaintState.RECEIVED, filed_at=now, asked_at=now, due_at=due_at,
            was_late=False,
        )  # fmt: skip
        session.add(complaint)
        session.flush()
        _note(session, "complaint:filed", complaint, actor=actor, now=now)
    return ticket


@use_case
def answer_complaint(*, complaint_id: int, text: str, actor: Actor, now: datetime) -> None:
    """Answer a complaint; an answer may be followed by another until it is closed.

    Raises RuleBroken, WrongState, and NotFound to who may not see it.
    """
    text = text.strip()
    with transaction() as session:
        complaint = _to_answer(session, complaint_id, actor)
        if problems := _problems_with_text(text):
            raise RuleBroken(problems)
        # Whoever was answered in time and gets a second answer has not waited for that one.
        late = complaint.state in WAITING and now > complaint.due_at
        _go(complaint, ComplaintState.ANSWERED, otherwise="complaint_answered")
        complaint.was_late = complaint.was_late or late
        complaint.answered_at = now
        _write(session, complaint, EntryKind.ANSWER, text, author=actor, now=now)
        _tell_writer(session, complaint, now=now)
        _note(session, "complaint:answered", complaint, actor=actor, now=now)


@use_case
def close_complaint(*, complaint_id: int, actor: Actor, now: datetime) -> None:
    """Close an answered complaint; for some time the complainer may still open it again.

    Raises WrongState, and NotFound to who may not see it.
    """
    with transaction() as session:
        complaint = _to_answer(session, complaint_id, actor)
        _go(complaint, ComplaintState.CLOSED, otherwise="complaint_unanswered")
        complaint.closed_at = now
        _note(session, "complaint:closed", complaint, actor=actor, now=now)


@use_case
def reopen_complaint(
    *, complaint: Ticket | int, text: str, actor: Actor | None, now: datetime
) -> None:
    """Say why an answer does not help: who holds the ticket, or signed in and filed it (its id).

    The clock starts again. Raises RuleBroken, WrongState, NotFound.
    """
    text = text.strip()
    with transaction() as session:
        found = _own(session, complaint, actor)
        state = ComplaintState(found.state)
        if not may_reopen(state=state, answered_at=found.answered_at, now=now):
            raise WrongState("complaint_not_to_reopen")
        if problems := _problems_with_text(text):
            raise RuleBroken(problems)
        found.state = ComplaintState.REOPENED
        found.closed_at, found.asked_at = None, now
        calendar = load_calendar(session, found.site_id)
        found.due_at = answer_due(topic=Topic(found.topic), since=now, calendar=calendar)
        _write(session, found, EntryKind.REOPENING, text, author=None, now=now)
        _note(session, "complaint:reopened", found, actor=actor, now=now)


# --- steps --------------------------------------------------------------------------------------


def _trimmed(given: Grievance) -> Grievance:
    return Grievance(
        given.topic, given.text.strip(), given.name.strip(), given.phone.strip(),
        given.booking_code.strip().upper(),
    )  # fmt: skip


def _same(known: Complaint, given: Grievance, ticket: Ticket) -> Ticket:
    """Return the ticket again to who sent the same form again."""
    told = (known.topic, known.text, known.name, known.phone, known.booking_code)
    sent = (given.topic, given.text, given.name, given.phone, given.booking_code)
    if told != sent or not compare_digest(known.secret_hash, secret_hash(ticket.secret)):
        raise KeyReused
    return ticket


def _problems_with_text(text: str) -> list[Problem]:
    return problems_with(topic=Topic.OTHER, text=text, name="", phone="", booking_code="")


def _go(complaint: Complaint, state: ComplaintState, *, otherwise: str) -> None:
    if not may_become(ComplaintState(complaint.state), state):
        raise WrongState(otherwise)
    complaint.state = state


def _to_answer(session: Session, complaint_id: int, actor: Actor) -> Complaint:
    found = session.get(Complaint, complaint_id, with_for_update=True)
    if found is None or not may_answer_complaint(
        actor, found.site_id, about_the_house=Topic(found.topic) in ABOVE_THE_HOUSE
    ):
        raise NotFound("complaint_not_found")
    return found


def _own(session: Session, complaint: Ticket | int, actor: Actor | None) -> Complaint:
    query = select(Complaint).with_for_update()
    if isinstance(complaint, Ticket):
        found = session.scalar(query.where(Complaint.number == complaint.number))
        held = found is not None and compare_digest(
            found.secret_hash, secret_hash(complaint.secret)
        )
    else:
        found = session.scalar(query.where(Complaint.id == complaint))
        held = found is not None and actor is not None and actor.id == found.user_id
    if found is None or not held:
        raise NotFound("complaint_not_found")
    return found


def _write(
    session: Session, complaint: Complaint, kind: EntryKind, text: str, *,
    author: Actor | None, now: datetime,
) -> None:  # fmt: skip
    session.add(
        ComplaintEntry(
            complaint_id=complaint.id,
            kind=kind,
            author_id=author.id if author else None,
            text=text,
            at=now,
        )
    )


def _tell_writer(session: Session, complaint: Complaint, *, now: datetime) -> None:
    """Tell who was signed in when she complained; others look by their ticket."""
    if complaint.user_id is None:
        return
    tell_person(
        session,
        kind=MessageKind.COMPLAINT_ANSWERED,
        user_id=complaint.user_id,
        site=session.get_one(Site, complaint.site_id),
        key=f"complaint:{complaint.id}:{to_epoch(now)}",
        facts={"code": complaint.number, "complaint": complaint.id},
        now=now,
    )


def _note(
    session: Session, action: str, complaint: Complaint, *, actor: Actor | None, now: datetime
) -> None:
    record(
        session,
        actor=actor or SYSTEM,
        now=now,
        action=action,
        subject=Subject("complaint", complaint.id, complaint.site_id),
        state=str(complaint.state),
        topic=str(complaint.topic),
        due_at=to_epoch(complaint.due_at),
    )
