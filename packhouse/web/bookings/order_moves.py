"""A cooperative's order moved: all rows together, looked at first, all or none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.bookings import GIVEN_UP, State
from packhouse.domain.permissions import may_operate
from packhouse.errors import NotAllowed, NotFound, RuleBroken, SlotTaken, Stale, WrongState
from packhouse.forms import new_key
from packhouse.forms.bookings import StartForm
from packhouse.queries.bookings import BookingItem
from packhouse.queries.bookings.orders import OrderDetail, order_detail
from packhouse.queries.slots import times_together
from packhouse.services import bookings
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.frame import bp
from packhouse.web.bookings.jobs import fixed_together, of_parts, shifts_of
from packhouse.web.errors import status_of
from packhouse.web.waitlist import ask_next


@bp.get("/orders/<code>/move")
@allow(Access.PRODUCER)
def order_move(code: str) -> str:
    order, rows = _order(code)
    zone = ZoneInfo(order.zone)
    local = rows[0].starts_at.astimezone(zone) if rows else None
    data: dict[str, Any] = {"version": _version(order), "idempotency_key": new_key()}
    if local is not None:
        data |= {"day": local.date(), "time": local.time()}
    return _page(order, rows, StartForm(formdata=None, data=data))


@bp.post("/orders/<code>/move")
@allow(Access.PRODUCER)
def order_relocate(code: str) -> ResponseReturnValue:
    order, rows = _order(code)
    form, actor, now = StartForm(), current_actor(), clock.now()
    if not rows or not form.validate():
        return _page(order, rows, form), 422
    shifts = shifts_of(rows, form.instant(order.zone))
    try:
        if "sure" not in request.form:
            seen = bookings.look_at_move(code=code, shifts=shifts, actor=actor, now=now)
            return _page(order, rows, form, seen=seen)
        bookings.move_job(
            code=code, shifts=shifts, actor=actor, now=now, version=form.version.data,
            key=(form.idempotency_key.data or "")[:200] or None,
        )  # fmt: skip
    except (SlotTaken, RuleBroken, Stale, WrongState, NotAllowed) as refused:
        form.idempotency_key.data = new_key()
        form.version.data = _version(order)
        return _page(order, rows, form, of_parts(refused.problems)), status_of(refused)
    ask_next()
    flash(_("Semua baris sudah dipindah."), "success")
    return redirect(url_for("bookings.order_show", code=code), code=303)


def _order(code: str) -> tuple[OrderDetail, list[BookingItem]]:
    """Return an order and the bookings of it that are not given up, by time."""
    order = order_detail(code=code, actor=current_actor())
    if not order.is_whole:
        raise NotFound("job_not_found", code=code)
    return order, [each.booking for each in order.lines if each.booking.state not in GIVEN_UP]


def _version(order: OrderDetail) -> int:
    return sum(each.booking.version for each in order.lines)


def _page(
    order: OrderDetail,
    rows: Sequence[BookingItem],
    form: StartForm,
    problems: Sequence[str] = (),
    seen: dict[str, Any] | None = None,
) -> str:
    actor, now = current_actor(), clock.now()
    late = any(
        each.state == State.CONFIRMED
        and now > each.change_until
        and not may_operate(actor, each.site_id)
        for each in rows
    )
    movable = bool(rows) and not late and all(each.is_movable for each in rows)
    looks = movable and seen is None
    others = times_together(bookings=rows, actor=actor, now=now) if looks else ()
    return render_template(
        "bookings/order_move.html",
        order=order,
        rows=rows,
        form=form,
        problems=problems,
        movable=movable,
        late=late,
        staff=any(may_operate(actor, each.site_id) for each in rows),
        zone=ZoneInfo(order.zone),
        others=[(each, new_key(), fixed_together(rows, each, now)) for each in others],
        new={each["code"]: _times(each) for each in seen["bookings"]} if seen else {},
        price=seen["price"] if seen else order.price,
    )


def _times(answer: dict[str, Any]) -> dict[str, Any]:
    """Return when a booking would be, and what it would cost, of what programs are told."""
    instants = ("starts_at", "ends_at")
    return {name: datetime.fromisoformat(answer[name]) for name in instants} | {
        "price": answer["price"]
    }
