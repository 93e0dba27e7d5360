"""The operator's day: check-in, start, pause, resume, finish, no-show."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.bookings import Booking
from packhouse.api.wire import Blueprint, Input, Known, Nothing, Number, Repeatable, asking
from packhouse.domain.permissions import Access, allow
from packhouse.domain.runs import PAUSE_REASONS
from packhouse.services import runs
from packhouse.services.runs import MOST_PIECES, Counts

bp = Blueprint("api-runs", __name__, description="What really happens to a booking on its day.")


class Pause(Input):
    reason = fields.String(required=True, validate=Known(sorted(PAUSE_REASONS)))


class Count(Input):
    good = Number(least=0, most=MOST_PIECES, required=True)
    rejected = Number(least=0, most=MOST_PIECES, required=True)


@bp.route("/bookings/<code>/check-in", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Nothing, required=False)
@bp.response(200, Booking)
def check_in(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Note that the customer is there."""
    return runs.check_in(code=code, actor=asking(), now=clock.now())


@bp.route("/bookings/<code>/start", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Nothing, required=False)
@bp.response(200, Booking)
def start(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Start the run of a booking."""
    return runs.start(code=code, actor=asking(), now=clock.now())


@bp.route("/bookings/<code>/pause", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Pause)
@bp.response(200, Booking)
def pause(told: dict[str, str], code: str) -> ResponseReturnValue:
    """Interrupt a run for a reason."""
    return runs.pause(code=code, reason=told["reason"], actor=asking(), now=clock.now())


@bp.route("/bookings/<code>/resume", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Nothing, required=False)
@bp.response(200, Booking)
def resume(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Go on with a run after a pause."""
    return runs.resume(code=code, actor=asking(), now=clock.now())


@bp.route("/bookings/<code>/finish", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Count)
@bp.arguments(Repeatable, location="headers")
@bp.response(200, Booking)
def finish(told: dict[str, int], once: dict[str, str], code: str) -> ResponseReturnValue:
    """End a run with its counts; what is left of its time is free at once."""
    return runs.finish(
        code=code, counts=Counts(**told), actor=asking(), now=clock.now(), key=once.get("key")
    )


@bp.route("/bookings/<code>/no-show", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Nothing, required=False)
@bp.response(200, Booking)
def no_show(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Note that the customer did not come, when the house's grace is over."""
    return runs.no_show(code=code, actor=asking(), now=clock.now())
