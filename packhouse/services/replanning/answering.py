"""What people say to their new time, themselves or over the phone."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_act_for, may_replan
from packhouse.domain.replanning.answers import ANSWERABLE, Answer, AnswerState, CallResult
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, NotFound, WrongState
from packhouse.models.bookings import Booking
from packhouse.models.replanning import PlanAnswer
from packhouse.services.bookings import become, locked_booking, note, release

LONGEST_NOTE = 500
# Where each answer leads; who has said so already is told the same again.
BECOMES = {
    Answer.ACCEPT: AnswerState.ACCEPTED,
    Answer.DECLINE: AnswerState.DECLINED,
    Answer.CALL: AnswerState.CALL_WANTED,
}


@use_case
def answer(*, code: str, answer: str, actor: Actor, now: datetime) -> str:
    """Take the answer to the new time of a booking; return where she stands now.

    A no gives the time back: the booking is displaced, keeps its code and its rank, and she
    chooses another time or cancels, which costs her nothing and counts against nobody. The same
    answer again changes nothing. Raises NotFound, NotAllowed, Malformed, and WrongState where
    there is nothing to answer, or no more.
    """
    if answer not in set(Answer):
        raise Malformed("code_unknown", field="answer", value=answer)
    wanted = BECOMES[Answer(answer)]
    with transaction() as session:
        booking, spot = locked_booking(session, code=code, actor=actor, now=now)
        if not may_act_for(actor, booking.business_id, booking.site_id):
            raise NotAllowed
        asked = _latest(session, booking)
        if asked.state == wanted:
            return wanted
        if (
            asked.state not in ANSWERABLE
            or asked.booking_version != booking.version
            or booking.starts_at <= now
        ):
            raise WrongState("answer_over", code=code)
        asked.state, asked.answered_at, asked.answered_by = wanted, now, actor.id
        note(session, booking, action=f"answer:{wanted}", actor=actor, now=now, plan=asked.plan_id)
        if wanted is AnswerState.DECLINED:
            become(session, booking, State.DISPLACED, actor=actor, now=now, reason="declined")
            release(session, booking, spot)
        return wanted


def _latest(session: Session, booking: Booking) -> PlanAnswer:
    found = session.scalar(
        select(PlanAnswer)
        .where(PlanAnswer.booking_id == booking.id)
        .order_by(PlanAnswer.plan_id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise WrongState("nothing_to_answer", code=booking.code)
    return found


@use_case
def note_call(*, code: str, result: str, actor: Actor, now: datetime, remark: str = "") -> str:
    """Note that the desk has called about a booking; return where she stands now.

    ``agreed`` accepts the new time for her. Who was not reached stays on the list. Raises
    NotFound, NotAllowed, Malformed, WrongState where no plan has touched the booking, or where
    she cannot agree because she has no time yet.
    """
    if result not in set(CallResult):
        raise Malformed("code_unknown", field="result", value=result)
    with transaction() as session:
        booking, _spot = locked_booking(session, code=code, actor=actor, now=now)
        if not may_replan(actor, booking.site_id):
            raise NotFound("booking_not_found", code=code)
        asked = _latest(session, booking)
        if result == CallResult.AGREED and booking.state == State.DISPLACED:
            raise WrongState("no_time_to_agree_to", code=code)
        asked.calls += 1
        asked.called_at, asked.called_by = now, actor.id
        asked.result, asked.note = result, remark.strip()[:LONGEST_NOTE]
        if result != CallResult.UNREACHED:
            asked.state = AnswerState.CALLED
        note(session, booking, action="answer:called", actor=actor, now=now, result=result)
        return asked.state
