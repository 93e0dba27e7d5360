"""Lists of bookings: mine, and those the staff look for."""

from typing import Any

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue

from packhouse import clock
from packhouse.domain.users import Actor, Role
from packhouse.forms.bookings import FindForm
from packhouse.queries.bookings import bookings_page, repeats
from packhouse.queries.bookings.jobs import job_links
from packhouse.queries.bookings.orders import cooperatives
from packhouse.queries.replanning import new_times
from packhouse.queries.slots import product_choices
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.frame import address, bp

SHORT_PAGE = 10
LONG_PAGE = 50


@bp.get("/bookings")
@allow(Access.PRODUCER)
def index() -> ResponseReturnValue:
    actor = current_actor()
    return _mine(actor) if actor.role == Role.PRODUCER else _found(actor)


def _mine(actor: Actor) -> ResponseReturnValue:
    now = clock.now()
    cursor = request.args.get("cursor")
    past = bookings_page(
        actor=actor, when="past", now=now, newest_first=True, cursor=cursor, limit=SHORT_PAGE
    )
    ahead = () if cursor else bookings_page(actor=actor, when="upcoming", now=now).items
    again = () if cursor else repeats(actor=actor)
    return render_template(
        "bookings/index.html",
        now=now,
        first=cursor is None,
        ahead=ahead,
        asked=() if cursor else new_times(actor=actor, now=now),
        past=past,
        repeats=again,
        jobs=job_links(booking_ids=[each.id for each in (*ahead, *past.items)]),
        has_products=bool(again) or bool(product_choices(actor=actor)),
        has_orders=bool(cooperatives(actor=actor)),
        products_url=address("products.new") or address("products.index"),
    )


def _found(actor: Actor) -> ResponseReturnValue:
    form = FindForm(request.args)
    valid = form.validate()
    args = {name: value for name, value in request.args.items() if name != "cursor" and value}
    filters: dict[str, Any] = {"when": "upcoming", "now": clock.now()}
    if valid and args:
        filters = form.filters(str(current_app.config["ZONE"]))
    page = bookings_page(actor=actor, cursor=request.args.get("cursor"), limit=LONG_PAGE, **filters)
    return render_template(
        "bookings/find.html", form=form, page=page, args=args, first="cursor" not in request.args
    ), 200 if valid else 422
