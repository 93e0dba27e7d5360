"""A producer's record: what she packed, what it cost, how reliable she was; one paper a visit."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from packhouse import clock
from packhouse.queries.bookings.record import charge
from packhouse.queries.bookings.record import record as record_of
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.frame import bp


@bp.get("/bookings/record")
@allow(Access.PRODUCER)
def record() -> ResponseReturnValue:
    now, cursor = clock.now(), request.args.get("cursor")
    return render_template(
        "bookings/record.html",
        record=record_of(actor=current_actor(), now=now, cursor=cursor),
        first=cursor is None,
    )


@bp.get("/bookings/<code>/receipt")
@allow(Access.SIGNED_IN)
def receipt(code: str) -> ResponseReturnValue:
    found = charge(code=code, actor=current_actor())
    return render_template(
        "bookings/receipt.html", charge=found, booking=found.booking, now=clock.now()
    )
