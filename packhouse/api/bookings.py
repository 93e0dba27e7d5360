"""Bookings and jobs: made, read, decided, moved and called off."""

from datetime import datetime
from typing import Any

import marshmallow as ma
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.wire import (
    Blueprint,
    Input,
    Instant,
    Known,
    Letters,
    Nothing,
    Number,
    Paged,
    ProductReference,
    Repeatable,
    Text,
    asking,
    here,
    page_of,
    sent_back,
)
from packhouse.domain.bookings import LONGEST_WORDS, State
from packhouse.domain.permissions import STAFF, Access, allow
from packhouse.domain.users import SYSTEM
from packhouse.queries.bookings import booking_item, bookings_page
from packhouse.queries.bookings.jobs import job_detail
from packhouse.queries.products import product_id_of
from packhouse.services import bookings
from packhouse.services.bookings import MOST_PARTS, MOST_PIECES, Part, Target, Wish
from packhouse.services.waitlist import promote

bp = Blueprint("api-bookings", __name__, description="Time on machines for a product.")


class Phase(ma.Schema):
    phase = fields.String(required=True)
    minutes = fields.Integer(required=True)
    level = fields.Integer()


class Booking(ma.Schema):
    code = fields.String(required=True)
    state = fields.String(required=True, validate=Known([each.value for each in State]))
    machine = fields.String(required=True)
    product = fields.Integer(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    occupied_from = Instant(required=True)
    decide_by = Instant(required=True, allow_none=True)
    phases = fields.List(fields.Nested(Phase), required=True)
    price = fields.Integer(required=True)
    version = fields.Integer(required=True)


class Job(ma.Schema):
    code = fields.String(required=True)
    product = fields.Integer(required=True)
    quantity = fields.Integer(required=True)
    bookings = fields.List(fields.Nested(Booking), required=True)
    price = fields.Integer(required=True)


class NewBooking(Input):
    product = ProductReference(required=True)
    quantity = Number(most=MOST_PIECES, required=True)
    machine = Text(required=True)
    starts_at = Instant(required=True)
    override_reason = Text(least=0, most=LONGEST_WORDS, load_default="")


class JobPart(Input):
    machine = Text(required=True)
    starts_at = Instant(required=True)
    quantity = Number(most=MOST_PIECES, required=True)


class NewJob(Input):
    product = ProductReference(required=True)
    quantity = Number(most=MOST_PIECES, required=True)
    parts = fields.List(fields.Nested(JobPart), required=True, validate=Letters(1, MOST_PARTS))
    override_reason = Text(least=0, most=LONGEST_WORDS, load_default="")


class Move(Input):
    machine = Text()
    starts_at = Instant(required=True)
    version = Number()
    reason = Text(least=0, load_default="")


class Approval(Input):
    override_reason = Text(least=0, most=LONGEST_WORDS, load_default="")
    version = Number()


class Rejection(Input):
    reason = Text(required=True, most=LONGEST_WORDS)
    version = Number()


class Asked(Input):
    question = Text(required=True, most=LONGEST_WORDS)
    version = Number()


class Answered(Input):
    answer = Text(required=True, most=LONGEST_WORDS)


class Cancellation(Input):
    reason = Text(least=0, load_default="")
    version = Number()


class BookingFilter(Paged):
    state = fields.String(validate=Known([each.value for each in State]))
    machine = Text()
    site = Text()
    from_at = Instant(data_key="from")
    to_at = Instant(data_key="to")


LOCATED = {"Location": {"schema": {"type": "string"}}}


@bp.route("/bookings", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(BookingFilter, location="query")
@bp.response(200, page_of(Booking))
def index(chosen: dict[str, Any]) -> ResponseReturnValue:
    """List the bookings you may see, by start."""
    state = State(chosen.pop("state")) if "state" in chosen else None
    page = bookings_page(actor=asking(), state=state, **chosen)
    return sent_back(page, lambda item: dict(item.answer))


@bp.route("/bookings", methods=["POST"])
@allow(Access.PRODUCER)
@bp.arguments(NewBooking)
@bp.arguments(Repeatable, location="headers")
@bp.response(201, Booking, headers=LOCATED)
def create(wanted: dict[str, Any], once: dict[str, str]) -> ResponseReturnValue:
    """Book a machine for a product; with a key, however often it is sent.

    With an override_reason the staff go beyond the limits of fair use; it is kept.
    """
    actor, override = asking(), wanted.pop("override_reason")
    product_id = product_id_of(reference=wanted.pop("product"), actor=actor)
    source = "desk" if actor.role in STAFF else "online"
    booked = bookings.book(
        wish=Wish(product_id=product_id, **wanted),
        actor=actor, now=clock.now(), key=once.get("key"), source=source, override=override,
    )  # fmt: skip
    return booked, 201, here(f"bookings/{booked['code']}")


@bp.route("/jobs", methods=["POST"])
@allow(Access.PRODUCER)
@bp.arguments(NewJob)
@bp.arguments(Repeatable, location="headers")
@bp.response(201, Job, headers=LOCATED)
def create_job(wanted: dict[str, Any], once: dict[str, str]) -> ResponseReturnValue:
    """Book several times, on one machine or on many, for one job: all of them or none."""
    actor = asking()
    answer: dict[str, Any] = bookings.book_job(
        product_id=product_id_of(reference=wanted["product"], actor=actor),
        quantity=wanted["quantity"],
        parts=tuple(Part(**part) for part in wanted["parts"]),
        actor=actor, now=clock.now(), key=once.get("key"),
        source="desk" if actor.role in STAFF else "online",
        override=wanted["override_reason"],
    )  # fmt: skip
    return answer, 201, here(f"jobs/{answer['code']}")


@bp.route("/jobs/<code>", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Nothing, location="query")
@bp.response(200, Job)
def show_job(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Show a job with all its bookings; the price is that of those not given up."""
    job = job_detail(code=code, actor=asking())
    return {
        "code": job.code,
        "product": job.product_id,
        "quantity": job.quantity,
        "bookings": [dict(part.answer) for part in job.parts],
        "price": job.price,
    }


@bp.route("/bookings/<code>", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Nothing, location="query")
@bp.response(200, Booking)
def show(_nothing: dict[str, Any], code: str) -> ResponseReturnValue:
    """Show one booking."""
    return dict(booking_item(code=code, actor=asking()).answer)


@bp.route("/bookings/<code>/approve", methods=["POST"])
@allow(Access.MANAGER)
@bp.arguments(Approval, required=False)
@bp.response(200, Booking)
def approve(told: dict[str, Any], code: str) -> ResponseReturnValue:
    """Confirm a request; one that breaks a limit by now needs an override_reason."""
    override, version = told.get("override_reason", ""), told.get("version")
    return bookings.approve(
        code=code, actor=asking(), now=clock.now(), version=version, override=override
    )


@bp.route("/bookings/<code>/reject", methods=["POST"])
@allow(Access.MANAGER)
@bp.arguments(Rejection)
@bp.response(200, Booking)
def reject(told: dict[str, Any], code: str) -> ResponseReturnValue:
    """Refuse a request, with a reason that its owner reads beside other times."""
    now: datetime = clock.now()
    refused = bookings.reject(code=code, actor=asking(), now=now, **told)
    promote(actor=SYSTEM, now=now)
    return refused


@bp.route("/bookings/<code>/ask", methods=["POST"])
@allow(Access.MANAGER)
@bp.arguments(Asked)
@bp.response(200, Booking)
def ask(told: dict[str, Any], code: str) -> ResponseReturnValue:
    """Ask the owner of a request something; the first question extends its deadline."""
    return bookings.ask(code=code, actor=asking(), now=clock.now(), **told)


@bp.route("/bookings/<code>/answer", methods=["POST"])
@allow(Access.PRODUCER)
@bp.arguments(Answered)
@bp.response(200, Booking)
def answer(told: dict[str, Any], code: str) -> ResponseReturnValue:
    """Answer what was asked about a request."""
    return bookings.answer(code=code, text=told["answer"], actor=asking(), now=clock.now())


@bp.route("/bookings/<code>/cancel", methods=["POST"])
@allow(Access.PRODUCER)
@bp.arguments(Cancellation, required=False)
@bp.response(200, Booking)
def cancel(told: dict[str, Any], code: str) -> ResponseReturnValue:
    """Call a booking off; its time is free at once."""
    now: datetime = clock.now()
    answer = bookings.cancel(code=code, actor=asking(), now=now, **told)
    promote(actor=SYSTEM, now=now)
    return answer


@bp.route("/bookings/<code>/move", methods=["POST"])
@allow(Access.PRODUCER)
@bp.arguments(Move)
@bp.arguments(Repeatable, location="headers")
@bp.response(200, Booking)
def move(told: dict[str, Any], once: dict[str, str], code: str) -> ResponseReturnValue:
    """Move a booking in one step; it keeps its code, and its old time until it has the new one."""
    now: datetime = clock.now()
    answer = bookings.move(
        code=code, target=Target(**told), actor=asking(), now=now, key=once.get("key")
    )
    promote(actor=SYSTEM, now=now)
    return answer
