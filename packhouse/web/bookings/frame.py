"""What every page of bookings stands on: the blueprint, what a person may do, a refusal told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from packhouse.domain.bookings import State, fixed_by_move
from packhouse.domain.permissions import STAFF, may_act_for, may_manage, may_operate
from packhouse.domain.users import Actor
from packhouse.errors import Conflict, Problem
from packhouse.i18n.messages import problem_text
from packhouse.queries.bookings import BookingItem, HistoryLine, booking_detail
from packhouse.web.access import current_actor
from packhouse.web.errors import status_of

bp = Blueprint("bookings", __name__)
# The limits of fair use: the staff may go beyond them with a reason.
EXCUSABLE = ("limit_", "pool_", "cooling_")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What this person may do with this booking now; the services check the same."""

    act: bool
    move: bool
    cancel: bool
    decide: bool
    staff: bool
    late: bool


def abilities(actor: Actor, booking: BookingItem, now: datetime) -> Abilities:
    acts = may_act_for(actor, booking.business_id, booking.site_id)
    staff = may_operate(actor, booking.site_id)
    late = booking.state in (State.CONFIRMED, State.ARRIVED) and now > booking.change_until
    return Abilities(
        act=acts,
        move=acts and booking.is_movable and booking.product_id is not None and (staff or not late),
        cancel=acts and booking.is_cancellable,
        decide=booking.state == State.REQUESTED and may_manage(actor, booking.site_id),
        staff=staff,
        late=late,
    )


def fixed_by(group: Sequence[BookingItem], starts: Iterable[datetime], now: datetime) -> str:
    """Return what ends the right to move bookings once more after they move to these starts.

    Of several that move as one, the first whose window the move closes decides for all.
    """
    ends = {
        fixed_by_move(
            state=booking.state, starts_at=start, now=now, cancel_hours=booking.cancel_hours
        )
        for booking, start in zip(group, starts, strict=True)
    }
    return next((each for each in ("moved", "approved") if each in ends), "")


def may_excuse(actor: Actor, problems: Sequence[Problem]) -> bool:
    """Say whether limits of fair use are all that refuses it, and this person may go beyond."""
    excusable = all(each.code.startswith(EXCUSABLE) for each in problems)
    return bool(problems) and actor.role in STAFF and excusable


def stale_page(code: str, seen: int | None, endpoint: str, error: Conflict) -> ResponseReturnValue:
    """Show what happened since the person opened her page; the next tap sees it as it is."""
    detail = booking_detail(code=code, actor=current_actor())
    page = render_template(
        "bookings/stale.html",
        booking=detail.booking,
        changes=_changes(detail.history, seen),
        problems=told(error.problems),
        again=url_for(endpoint, code=code),
    )
    return page, status_of(error)


def _changes(history: Sequence[HistoryLine], seen: int | None) -> tuple[HistoryLine, ...]:
    """Return the audit lines behind a version: every change but the first makes a new one."""
    quiet = ("booking:create", "booking:leave")
    changes = [
        each
        for each in history
        if each.action not in quiet and not each.action.startswith("answer:")
    ]
    return tuple(changes[max((seen or 1) - 1, 0) :] or changes[-1:])


def told(problems: Sequence[Problem]) -> list[str]:
    return [problem_text(problem.code, problem.facts) for problem in problems]


def address(endpoint: str) -> str | None:
    return url_for(endpoint) if endpoint in current_app.view_functions else None
