"""One booking, with all that may be done about it."""

from datetime import datetime, timedelta

from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from packhouse import clock
from packhouse.domain.bookings import Expected, State
from packhouse.domain.permissions import may_enter
from packhouse.domain.users import Actor
from packhouse.forms.bookings import AnswerForm
from packhouse.forms.bookings.requests import DecisionForm
from packhouse.queries.bookings import BookingItem, booking_detail
from packhouse.queries.bookings.jobs import job_links
from packhouse.queries.bookings.requests import questions_about
from packhouse.queries.bookings.series import series_of, was_forgiven
from packhouse.queries.reminders import deliveries_of
from packhouse.queries.replanning import new_time_of
from packhouse.queries.runs import SLIPS_FROM, likely_start
from packhouse.queries.slots import Visit, journey_of, other_times
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.deciding import desk_for
from packhouse.web.bookings.frame import abilities, bp
from packhouse.web.qr import qr_code


@bp.get("/bookings/<code>")
@allow(Access.SIGNED_IN)
def show(code: str) -> ResponseReturnValue:
    return show_booking(code)


def show_booking(
    code: str, *, sent: DecisionForm | None = None, answer_form: AnswerForm | None = None
) -> str:
    """Show a booking; ``sent`` and ``answer_form`` are forms that were refused."""
    actor, now = current_actor(), clock.now()
    detail = booking_detail(code=code, actor=actor)
    may = abilities(actor, detail.booking, now)
    return render_template(
        "bookings/show.html",
        detail=detail,
        booking=detail.booking,
        now=now,
        may=may,
        code_drawing=_drawing(detail.booking),
        likely=_likely(detail.booking, now),
        journey=None
        if may.staff
        else journey_of(
            business_id=detail.booking.business_id,
            machine=detail.booking.machine,
            starts_at=detail.booking.starts_at,
        ),
        one_week=timedelta(days=7),
        series=series_of(booking_id=detail.booking.id),
        job=job_links(booking_ids=[detail.booking.id]).get(detail.booking.id),
        forgiven=(detail.booking.cancelled_late or detail.booking.state == State.NO_SHOW)
        and was_forgiven(booking_id=detail.booking.id),
        has_list=may_enter(actor, Access.PRODUCER),
        messages=deliveries_of(booking_id=detail.booking.id),
        desk=desk_for(detail.booking, queue=False, sent=sent) if may.decide else None,
        others=_other_times(detail.booking, actor, now) if may.act else (),
        questions=questions_about(booking_id=detail.booking.id),
        answer_form=answer_form or AnswerForm(formdata=None),
        new_time=new_time_of(booking_id=detail.booking.id, now=now) if may.act else None,
    )


def _other_times(booking: BookingItem, actor: Actor, now: datetime) -> tuple[Visit, ...]:
    """Return when else her job could be done, for a request that came to nothing."""
    if booking.state not in (State.REJECTED, State.EXPIRED):
        return ()
    near = booking.starts_at - timedelta(days=1)
    return other_times(booking=booking, actor=actor, now=now, from_at=near)


def _likely(booking: BookingItem, now: datetime) -> Expected | None:
    """Return when she will likely begin, if the house is late for her today."""
    if booking.state not in (State.CONFIRMED, State.ARRIVED):
        return None
    likely = likely_start(code=booking.code, now=now)
    return likely if likely is not None and likely.house_minutes >= SLIPS_FROM else None


def _drawing(booking: BookingItem) -> Markup | None:
    """Return the code to show at the door, as long as there is a door to come to."""
    if booking.state not in (State.CONFIRMED, State.REQUESTED):
        return None
    address = url_for("runs.arrive", code=booking.code)
    return qr_code(f"{current_app.config['PUBLIC_URL']}{address}", _("Kode QR reservasi ini"))
