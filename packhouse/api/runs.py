"""The operator's day: check-in, start, pause, resume, finish, no-show."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.bookings import Booking
from packhouse.api.wire import (
    Blueprint,
    Input,
    Instant,
    Known,
    Nothing,
    Number,
    Repeatable,
    Text,
    asking,
)
from packhouse.domain.permissions import Access, allow
from packhouse.domain.runs import PAUSE_REASONS, DeviceClock
from packhouse.services import runs
from packhouse.services.runs import MOST_PIECES, Counts, Tapped

bp = Blueprint("api-runs", __name__, description="What really happens to a booking on its day.")


MOST_LETTERS = 200
# Why a run began without the sign-off of its clean, where a program says nothing about it.
UNSTATED = "api"


class Tap(Input):
    at = Instant(
        metadata={
            "description": "When it was tapped, by the clock of the device; it counts where it can"
            " be believed, else the server's time does and is an estimate."
        }
    )


class Start(Tap):
    unclean = Text(
        most=MOST_LETTERS,
        load_default=UNSTATED,
        metadata={"description": "Why it begins although nobody signed for the clean before it."},
    )


class Pause(Tap):
    reason = fields.String(required=True, validate=Known(sorted(PAUSE_REASONS)))


class Count(Tap):
    good = Number(least=0, most=MOST_PIECES, required=True)
    rejected = Number(least=0, most=MOST_PIECES, required=True)


def _tapped(told: dict[str, Any], once: dict[str, str]) -> Tapped:
    at = told.get("at")
    return Tapped(key=once.get("key"), clock=DeviceClock(at) if at else None)


@bp.route("/bookings/<code>/check-in", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Nothing, required=False)
@bp.response(200, Booking)
def check_in(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Note that the customer is there."""
    return runs.check_in(code=code, actor=asking(), now=clock.now())


@bp.route("/bookings/<code>/start", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Start, required=False)
@bp.arguments(Repeatable, location="headers")
@bp.response(200, Booking)
def start(told: dict[str, Any], once: dict[str, str], code: str) -> ResponseReturnValue:
    """Start the run of a booking."""
    return runs.start(
        code=code, actor=asking(), now=clock.now(), tapped=_tapped(told, once),
        unclean=told.get("unclean") or UNSTATED,
    )  # fmt: skip


@bp.route("/bookings/<code>/pause", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Pause)
@bp.arguments(Repeatable, location="headers")
@bp.response(200, Booking)
def pause(told: dict[str, Any], once: dict[str, str], code: str) -> ResponseReturnValue:
    """Interrupt a run for a reason."""
    return runs.pause(
        code=code, reason=told["reason"], actor=asking(), now=clock.now(),
        tapped=_tapped(told, once),
    )  # fmt: skip


@bp.route("/bookings/<code>/resume", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Tap, required=False)
@bp.arguments(Repeatable, location="headers")
@bp.response(200, Booking)
def resume(told: dict[str, Any], once: dict[str, str], code: str) -> ResponseReturnValue:
    """Go on with a run after a pause."""
    return runs.resume(code=code, actor=asking(), now=clock.now(), tapped=_tapped(told, once))


@bp.route("/bookings/<code>/finish", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Count)
@bp.arguments(Repeatable, location="headers")
@bp.response(200, Booking)
def finish(told: dict[str, Any], once: dict[str, str], code: str) -> ResponseReturnValue:
    """End a run with its counts; what is left of its time is free at once."""
    counts = Counts(told["good"], told["rejected"])
    return runs.finish(
        code=code, counts=counts, actor=asking(), now=clock.now(), tapped=_tapped(told, once)
    )


@bp.route("/bookings/<code>/no-show", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Nothing, required=False)
@bp.response(200, Booking)
def no_show(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Note that the customer did not come, when the house's grace is over."""
    return runs.no_show(code=code, actor=asking(), now=clock.now())


@bp.route("/bookings/<code>/back", methods=["POST"])
@allow(Access.STAFF)
@bp.arguments(Nothing, required=False)
@bp.response(200, Booking)
def back(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Take a no-show back: she is there, within half an hour, and her time is still free."""
    return runs.came_after_all(code=code, actor=asking(), now=clock.now())
