"""The waitlist: wishes, and the offers that hold a time for them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import marshmallow as ma
from flask import current_app
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.bookings import Booking
from packhouse.api.wire import (
    Blueprint,
    Day,
    Flag,
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
from packhouse.domain.machines import MachineKind
from packhouse.domain.permissions import Access, allow
from packhouse.domain.users import SYSTEM
from packhouse.domain.waitlist import PartOfDay, WishKind
from packhouse.queries.products import product_id_of
from packhouse.queries.slots import houses
from packhouse.queries.waitlist import offer_item, offers_page, wish_item, wishes_page
from packhouse.services import waitlist
from packhouse.services.bookings import MOST_PIECES
from packhouse.services.waitlist import Wanted

bp = Blueprint("api-waitlist", __name__, description="Wishes that wait for time to free up.")

# The parts of the day as people here say them.
PARTS = {**{each.value: each for each in PartOfDay}, "pagi": PartOfDay.MORNING,
         "siang": PartOfDay.AFTERNOON}  # fmt: skip


class Moment(Instant):
    """An instant with its offset, or a local day of the house: all of it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if isinstance(value, str) and len(value) == 10:
            return Day()._deserialize(value, attr, data, **more)
        return super()._deserialize(value, attr, data, **more)


class Wish(ma.Schema):
    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    product = fields.Integer(required=True)
    quantity = fields.Integer(required=True)
    least = fields.Integer(required=True)
    site = fields.String(required=True, allow_none=True)
    from_at = Instant(required=True, data_key="from", attribute="from")
    to_at = Instant(required=True, data_key="to", attribute="to")
    part_of_day = fields.String(required=True)
    kinds = fields.List(fields.String(), required=True)
    same_day = fields.Boolean(required=True)
    arrived_at = Instant(required=True)
    version = fields.Integer(required=True)
    place = fields.Integer(required=True, allow_none=True)
    why = fields.List(fields.String(), required=True)
    booking = fields.String(required=True, allow_none=True)


class Offer(ma.Schema):
    id = fields.Integer(required=True)
    wish = fields.Integer(required=True)
    state = fields.String(required=True)
    product = fields.Integer(required=True)
    quantity = fields.Integer(required=True)
    machine = fields.String(required=True)
    site = fields.String(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    answer_by = Instant(required=True)
    price = fields.Integer(required=True)
    booking = fields.String(required=True, allow_none=True)


class NewWish(Input):
    product = ProductReference(required=True)
    quantity = Number(most=MOST_PIECES, required=True)
    least = Number(most=MOST_PIECES)
    site = Text()
    from_at = Moment(required=True, data_key="from")
    to_at = Moment(required=True, data_key="to")
    part_of_day = fields.String(load_default="any", validate=Known(list(PARTS)))
    kinds = fields.List(
        fields.String(validate=Known(list(MachineKind))),
        load_default=list,
        validate=Letters(0, len(MachineKind)),
    )
    same_day = Flag(load_default=True)
    kind = fields.String(load_default=WishKind.OFFER, validate=Known(list(WishKind)))


@bp.route("/waitlist", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Paged, location="query")
@bp.response(200, page_of(Wish))
def index(chosen: dict[str, Any]) -> ResponseReturnValue:
    """List the wishes you may see, newest first, each with its place and why."""
    return sent_back(wishes_page(actor=asking(), now=clock.now(), **chosen), lambda it: it.answer)


@bp.route("/waitlist", methods=["POST"])
@allow(Access.PRODUCER)
@bp.arguments(NewWish)
@bp.arguments(Repeatable, location="headers")
@bp.response(201, Wish, headers={"Location": {"schema": {"type": "string"}}})
def create(wanted: dict[str, Any], once: dict[str, str]) -> ResponseReturnValue:
    """Put a wish on the waitlist; the same wish twice is one."""
    actor, now = asking(), clock.now()
    zone = ZoneInfo(
        next(
            (each.zone for each in houses() if each.code == wanted.get("site")),
            str(current_app.config["ZONE"]),
        )
    )
    made = waitlist.enter(
        wanted=Wanted(
            product_id=product_id_of(reference=wanted["product"], actor=actor),
            quantity=wanted["quantity"],
            from_at=_instant(wanted["from_at"], zone),
            to_at=_instant(wanted["to_at"], zone, days=1),
            least=wanted.get("least"),
            site=wanted.get("site"),
            part_of_day=PARTS[wanted["part_of_day"]],
            kinds=tuple(wanted["kinds"]),
            same_day=wanted["same_day"],
            kind=WishKind(wanted["kind"]),
        ),
        actor=actor, now=now, key=once.get("key"),
    )  # fmt: skip
    item = wish_item(wish_id=made["id"], actor=actor, now=now)
    return item.answer, 201, here(f"waitlist/{made['id']}")


def _instant(value: datetime | date, zone: ZoneInfo, *, days: int = 0) -> datetime:
    """Return an instant as given; of a day its beginning, so many days later."""
    if isinstance(value, datetime):
        return value
    local = datetime.combine(value + timedelta(days=days), time(), tzinfo=zone)
    return local.astimezone(UTC)


@bp.route("/waitlist/<int:wish_id>", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Nothing, location="query")
@bp.response(200, Wish)
def show(_nothing: dict[str, Any], wish_id: int) -> ResponseReturnValue:
    """Show one wish with its place and why."""
    return wish_item(wish_id=wish_id, actor=asking(), now=clock.now()).answer


@bp.route("/waitlist/<int:wish_id>", methods=["DELETE"])
@allow(Access.PRODUCER)
@bp.arguments(Nothing, required=False)
@bp.response(200, Wish)
def withdraw(_nothing: dict[str, Any], wish_id: int) -> ResponseReturnValue:
    """Take a wish off the waitlist; a repeat changes nothing."""
    actor, now = asking(), clock.now()
    waitlist.withdraw(wish_id=wish_id, actor=actor, now=now)
    return wish_item(wish_id=wish_id, actor=actor, now=now).answer


@bp.route("/offers", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Paged, location="query")
@bp.response(200, page_of(Offer))
def offers(chosen: dict[str, Any]) -> ResponseReturnValue:
    """List the offers you may see, newest first."""
    return sent_back(offers_page(actor=asking(), **chosen), lambda item: item.answer)


@bp.route("/offers/<int:offer_id>/accept", methods=["POST"])
@allow(Access.PRODUCER)
@bp.arguments(Nothing, required=False)
@bp.response(200, Booking)
def accept(_nothing: dict[str, Any], offer_id: int) -> ResponseReturnValue:
    """Take the time that is held: it becomes a booking in the same moment."""
    return waitlist.accept(offer_id=offer_id, actor=asking(), now=clock.now())


@bp.route("/offers/<int:offer_id>/decline", methods=["POST"])
@allow(Access.PRODUCER)
@bp.arguments(Nothing, required=False)
@bp.response(200, Offer)
def decline(_nothing: dict[str, Any], offer_id: int) -> ResponseReturnValue:
    """Leave the time to the next; the wish keeps its place."""
    actor, now = asking(), clock.now()
    waitlist.decline(offer_id=offer_id, actor=actor, now=now)
    waitlist.promote(actor=SYSTEM, now=now)  # The next in order, at once.
    return offer_item(offer_id=offer_id, actor=actor).answer
