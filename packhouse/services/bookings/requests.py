"""Requests: approved, rejected, asked back, answered, or expired by themselves."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading, transaction, use_case
from packhouse.domain.bookings import (
    ExceptionKind,
    State,
    extended_deadline,
    problems_with_words,
)
from packhouse.domain.permissions import may_act_for, may_manage
from packhouse.domain.reminders import MessageKind
from packhouse.domain.time_range import to_epoch
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken, Stale, WrongState
from packhouse.models.bookings import (
    Booking,
    RequestQuestion,
    house_at,
    is_ordered,
    load_broken_limits,
    load_holders,
)
from packhouse.models.machines import Machine
from packhouse.models.sites import Site
from packhouse.models.slots import Occupation
from packhouse.models.users import User, UserSite
from packhouse.services.bookings.booking import Wish, alternatives_to
from packhouse.services.bookings.exceptions import keep_exception
from packhouse.services.bookings.steps import Answer, answer_of, become, locked_booking, note
from packhouse.services.businesses import problems_with_tier
from packhouse.services.reminders import tell, tell_and_remind, tell_person
from packhouse.services.slots import Place, free

BATCH = 100


@use_case
def approve(
    *,
    code: str,
    actor: Actor,
    now: datetime,
    version: int | None = None,
    override: str = "",
) -> Answer:
    """Confirm a request; a second approval returns the same answer.

    ``version`` is the one the manager looked at. A request that breaks a limit by now is only
    approved with a reason (``override``), which is kept. Raises RuleBroken with every limit,
    Stale, WrongState, NotFound, NotAllowed.
    """
    with transaction() as session:
        booking, spot = _request(session, code, actor, now)
        if booking.state == State.CONFIRMED:
            return answer_of(session, booking)
        if booking.state != State.REQUESTED:  # Displaced since: it holds no time to confirm.
            raise WrongState("wrong_state", code=code, state=booking.state, wanted=State.CONFIRMED)
        _check_version(booking, version)
        broken = _broken_by(session, booking, spot, now)
        reason = override.strip() if broken else ""
        if broken and (words := problems_with_words(reason, code="override_reason_missing")):
            raise RuleBroken([*broken, *words])
        become(session, booking, State.CONFIRMED, actor=actor, now=now)
        if broken:
            keep_exception(
                session, kind=ExceptionKind.APPROVED, site_id=booking.site_id, reason=reason,
                actor=actor, now=now, booking_id=booking.id,
                beyond=[each.code for each in broken],
            )  # fmt: skip
        kind = MessageKind.REQUEST_APPROVED
        tell_and_remind(session, kind=kind, booking=booking, site=spot.site, now=now)
        return answer_of(session, booking)


@use_case
def reject(
    *, code: str, reason: str, actor: Actor, now: datetime, version: int | None = None
) -> Answer:
    """Refuse a request with a reason that its owner reads; its time is free at once.

    Raises RuleBroken without a reason, Stale, WrongState, NotFound, NotAllowed.
    """
    if words := problems_with_words(reason, code="reason_missing"):
        raise RuleBroken(words)
    others = _other_times(code, actor, now)
    with transaction() as session:
        booking, spot = _request(session, code, actor, now)
        if booking.state == State.REJECTED:
            return answer_of(session, booking)
        _check_version(booking, version)
        become(session, booking, State.REJECTED, actor=actor, now=now, reason=reason.strip())
        release(session, booking, spot)
        tell(
            session, kind=MessageKind.REQUEST_REJECTED, booking=booking, site=spot.site, now=now,
            payload=others,
        )  # fmt: skip
        return answer_of(session, booking)


@use_case
def ask(
    *, code: str, question: str, actor: Actor, now: datetime, version: int | None = None
) -> Answer:
    """Ask the owner of a request something; the first question gives both more time.

    The same question once more changes nothing. Raises RuleBroken for no words or while another
    question waits, Stale, WrongState, NotFound, NotAllowed.
    """
    if words := problems_with_words(question, code="question_missing"):
        raise RuleBroken(words)
    with transaction() as session:
        booking, spot = _request(session, code, actor, now)
        _still_waits(booking, now)
        earlier = _questions(session, booking)
        if earlier and earlier[-1].answered_at is None:
            if earlier[-1].question == question.strip():
                return answer_of(session, booking)
            raise RuleBroken([Problem("question_open")])
        _check_version(booking, version)
        session.add(
            RequestQuestion(
                booking_id=booking.id, question=question.strip(), asked_by=actor.id, asked_at=now
            )
        )
        assert booking.decide_by is not None
        booking.decide_by = extended_deadline(
            decide_by=booking.decide_by, now=now, starts_at=booking.starts_at,
            request_hours=spot.site.request_hours, asked_before=bool(earlier),
        )  # fmt: skip
        booking.version += 1
        note(session, booking, action="booking:asked", actor=actor, now=now)
        facts = {"question": question.strip(), "decide_by": to_epoch(booking.decide_by)}
        tell(
            session, kind=MessageKind.REQUEST_ASKED, booking=booking, site=spot.site, now=now,
            payload=facts,
        )  # fmt: skip
        return answer_of(session, booking)


@use_case
def answer(*, code: str, text: str, actor: Actor, now: datetime) -> Answer:
    """Answer what the house asked about a request; who asked reads it at once.

    The same answer once more changes nothing. Raises RuleBroken for no words, WrongState when
    nothing is asked or the request is over, NotFound.
    """
    if words := problems_with_words(text, code="answer_missing"):
        raise RuleBroken(words)
    with transaction() as session:
        booking, spot = locked_booking(session, code=code, actor=actor, now=now)
        if not may_act_for(actor, booking.business_id, booking.site_id):
            raise NotFound("booking_not_found", code=code)
        asked = _questions(session, booking)
        if asked and asked[-1].answer == text.strip():
            return answer_of(session, booking)
        _still_waits(booking, now)
        if not asked or asked[-1].answered_at is not None:
            raise WrongState("nothing_asked", code=code)
        last = asked[-1]
        last.answer, last.answered_by, last.answered_at = text.strip(), actor.id, now
        booking.version += 1
        note(session, booking, action="booking:answered", actor=actor, now=now)
        facts = _facts(session, booking) | {"answer": text.strip()}
        if last.asked_by is not None:
            tell_person(
                session, kind=MessageKind.REQUEST_ANSWERED, user_id=last.asked_by, site=spot.site,
                key=f"question:{last.id}", facts=facts, now=now,
            )  # fmt: skip
        return answer_of(session, booking)


@use_case
def expire_requests(*, actor: Actor, now: datetime) -> int:
    """Let requests whose deadline has passed expire, and tell both sides; return how many."""
    with transaction() as session:
        due = session.scalars(
            select(Booking.code)
            .where(Booking.state == State.REQUESTED, Booking.decide_by <= now)
            .order_by(Booking.decide_by)
            .limit(BATCH)
        ).all()
        for code in due:
            booking, spot = locked_booking(session, code=code, actor=actor, now=now)
            still = booking.decide_by is not None and booking.decide_by <= now
            if booking.state != State.REQUESTED or not still:
                continue
            become(session, booking, State.EXPIRED, actor=actor, now=now)
            release(session, booking, spot)
            tell(
                session, kind=MessageKind.REQUEST_EXPIRED, booking=booking, site=spot.site, now=now
            )
            _tell_house(session, booking, spot, now)
        return len(due)


# --- steps --------------------------------------------------------------------------------------


def _request(session: Session, code: str, actor: Actor, now: datetime) -> tuple[Booking, Place]:
    booking, spot = locked_booking(session, code=code, actor=actor, now=now)
    if not may_manage(actor, booking.site_id):
        raise NotAllowed
    return booking, spot


def release(session: Session, booking: Booking, spot: Place) -> None:
    """Give a booking's time back, with the cleaning of those around it."""
    occupation = session.get_one(Occupation, booking.occupation_id)
    if occupation.status == "live":
        free(session, spot=spot, occupation=occupation)


def _other_times(code: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """Return other times for the job of a request, looked for before anything is locked."""
    session = reading()
    row = session.execute(
        select(Booking, Machine.code, Site.notice_minutes)
        .join(Machine, Machine.id == Booking.machine_id)
        .join(Site, Site.id == Booking.site_id)
        .where(Booking.code == code, Booking.state == State.REQUESTED)
    ).first()
    if row is None or not may_manage(actor, row[0].site_id):
        return {}
    booking, machine, notice = row
    wish = Wish(booking.product_id or 0, booking.quantity, machine, booking.starts_at)
    earliest = now + timedelta(minutes=notice)
    return {
        "product": booking.product_id,
        "quantity": booking.quantity,
        "others": [
            {
                "machine": each.machine, "machine_name": each.machine_name,
                "starts_at": to_epoch(each.starts_at),
            }
            for each in alternatives_to(session, wish=wish, actor=actor, now=now)
            if each.starts_at >= earliest
        ],
    }  # fmt: skip


def _check_version(booking: Booking, version: int | None) -> None:
    if version is not None and version != booking.version:
        raise Stale("booking_changed", code=booking.code)


def _still_waits(booking: Booking, now: datetime) -> None:
    """Refuse what comes too late: nobody answers for time that is about to be let go."""
    if booking.state != State.REQUESTED:
        raise WrongState(
            "wrong_state", code=booking.code, state=booking.state, wanted=State.REQUESTED
        )
    if booking.decide_by is not None and booking.decide_by <= now:
        raise WrongState("request_over", code=booking.code)


def _questions(session: Session, booking: Booking) -> list[RequestQuestion]:
    query = select(RequestQuestion).where(RequestQuestion.booking_id == booking.id)
    return list(session.scalars(query.order_by(RequestQuestion.id)))


def _broken_by(session: Session, booking: Booking, spot: Place, now: datetime) -> list[Problem]:
    """Return the limits and tiers a request breaks as things stand now, its own time apart."""
    if booking.business_id is None:
        return []
    limits = load_broken_limits(
        session, house=house_at(spot.site, spot.calendar, starts_at=booking.starts_at, now=now),
        holders=load_holders(session, business_id=booking.business_id),
        minutes=booking.setup_minutes + booking.run_minutes,
        ordered=is_ordered(session, booking.job_id),
        leaving=booking.id,
    )  # fmt: skip
    tier = problems_with_tier(session, business_id=booking.business_id, quantity=booking.quantity)
    return [*(limits if spot.site.limits.are_set else ()), *tier]


def _tell_house(session: Session, booking: Booking, spot: Place, now: datetime) -> None:
    """Tell those who could have decided that nobody did."""
    managers = session.scalars(
        select(User.id)
        .join(UserSite, UserSite.user_id == User.id)
        .where(UserSite.site_id == booking.site_id, User.role == Role.MANAGER, User.is_active)
        .order_by(User.id)
    )
    facts = _facts(session, booking)
    for user_id in managers:
        tell_person(
            session, kind=MessageKind.REQUEST_MISSED, user_id=user_id, site=spot.site,
            key=f"booking:{booking.id}:{booking.version}", facts=facts, now=now,
        )  # fmt: skip


def _facts(session: Session, booking: Booking) -> dict[str, object]:
    return {
        "code": booking.code,
        "machine": session.get_one(Machine, booking.machine_id).name,
        "starts_at": to_epoch(booking.starts_at),
        "ends_at": to_epoch(booking.ends_at),
    }
