"""The waitlist: wishes, the order and why, and offers that are answered with one tap."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_enter, may_serve_businesses
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.domain.waitlist import offer_of_token
from packhouse.errors import Conflict, NotFound, PackhouseError, RuleBroken, WrongState
from packhouse.forms import new_key
from packhouse.forms.waitlist import ReorderForm, WishForm
from packhouse.i18n.formats import local_time
from packhouse.i18n.locale import current_locale
from packhouse.i18n.messages import problem_text
from packhouse.i18n.names import name_of
from packhouse.queries.slots import houses, product_choice, usual_house
from packhouse.queries.waitlist import (
    OfferItem,
    kinds_of_machines,
    offer_item,
    offer_made_on,
    offers_page,
    order_at,
    wish_item,
    wishes_page,
)
from packhouse.services import waitlist
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.errors import status_of
from packhouse.web.security import limiter

bp = Blueprint("waitlist", __name__)

USUAL_DAYS = timedelta(days=14)


@bp.app_template_filter("just_before")
def just_before(instant: datetime) -> datetime:
    """Return the last second before an instant: the last day of a period that ends at midnight."""
    return instant - timedelta(seconds=1)


@bp.app_template_global("new_wish_key")
def new_wish_key() -> str:
    """Return a key for one tap into the waitlist."""
    return new_key()


@bp.app_template_global("named_kinds")
def named_kinds(kinds: Sequence[str]) -> str:
    """Return kinds of machines as people call them, in one line."""
    return ", ".join(name_of("kind", each) for each in kinds)


@bp.get("/waitlist")
@allow(Access.PRODUCER)
def index() -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    cursor = request.args.get("cursor")
    alive = () if cursor else wishes_page(actor=actor, now=now, alive=True, limit=50).items
    past = wishes_page(actor=actor, now=now, alive=False, cursor=cursor, limit=10)
    return render_template(
        "waitlist/index.html",
        now=now,
        alive=alive,
        past=past,
        first=cursor is None,
        house=usual_house(actor=actor),
        staff=actor.role != Role.PRODUCER,
    )


@bp.get("/waitlist/order")
@allow(Access.PUBLIC)
def order() -> ResponseReturnValue:
    actor: Actor | None = g.actor
    places = houses()
    if not places:
        raise NotFound("site_not_found")
    known = {each.code for each in places}
    chosen = request.args.get("site") or (usual_house(actor=actor) if actor else None)
    site = chosen if chosen in known else places[0].code
    return render_template(
        "waitlist/order.html",
        places=places,
        site=next(each for each in places if each.code == site),
        lines=order_at(site=site, actor=actor, now=clock.now()),
        staff=actor is not None and may_serve_businesses(actor),
    )


# --- wishes -------------------------------------------------------------------------------------


@bp.get("/waitlist/new")
@allow(Access.PRODUCER)
def new() -> ResponseReturnValue:
    form = _form(_number(request.args.get("product")))
    today = clock.now().astimezone(ZoneInfo(_zone(None))).date()
    form.quantity.data = _number(request.args.get("quantity")) or None
    form.site.data = request.args.get("site", usual_house(actor=current_actor()) or "")
    form.from_day.data, form.to_day.data = today, today + USUAL_DAYS
    form.same_day.data = True
    return render_template("waitlist/form.html", form=form, wish=None)


@bp.post("/waitlist")
@allow(Access.PRODUCER)
def create() -> ResponseReturnValue:
    """Enter a wish, from the form or with one tap from a quote without an answer."""
    actor, now = current_actor(), clock.now()
    form = _form(_number(request.form.get("product")))
    if "quick" in request.form:
        _prefill(form)
    if not form.validate():
        return render_template("waitlist/form.html", form=form, wish=None), 422
    try:
        made = waitlist.enter(
            wanted=form.wanted(_zone(form.site.data)), actor=actor, now=now,
            key=(form.idempotency_key.data or "")[:200] or None,
        )  # fmt: skip
    except RuleBroken as refused:
        form.tell(refused.problems)
        return render_template("waitlist/form.html", form=form, wish=None), 422
    flash(_("Sudah masuk daftar tunggu. Anda tidak perlu memeriksa terus."), "success")
    return redirect(url_for("waitlist.show", wish_id=made["id"]), code=303)


def _prefill(form: WishForm) -> None:
    """Fill in what one tap does not ask: from today on for two weeks, at any time."""
    today = clock.now().astimezone(ZoneInfo(_zone(form.site.data))).date()
    form.from_day.data = form.from_day.data or today
    form.to_day.data = form.to_day.data or today + USUAL_DAYS
    for each in (form.from_day, form.to_day):
        each.raw_data = [str(each.data)]
        each.process_errors = []
    form.part_of_day.data = form.part_of_day.data or form.part_of_day.default
    form.kind.data = form.kind.data or form.kind.default
    form.same_day.data = True


@bp.get("/waitlist/<int:wish_id>")
@allow(Access.PRODUCER)
def show(wish_id: int) -> ResponseReturnValue:
    return _show(wish_id, ReorderForm(formdata=None))


def _show(wish_id: int, form: ReorderForm, status: int = 200) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    wish = wish_item(wish_id=wish_id, actor=actor, now=now)
    page = render_template(
        "waitlist/show.html",
        now=now,
        wish=wish,
        offers=offers_page(actor=actor, wish_id=wish_id, limit=20).items,
        staff=may_serve_businesses(actor) and actor.role != Role.PRODUCER,
        may_see_bookings=may_enter(actor, Access.PRODUCER),
        form=form,
    )
    return page, status


@bp.get("/waitlist/<int:wish_id>/edit")
@allow(Access.PRODUCER)
def edit(wish_id: int) -> ResponseReturnValue:
    wish = wish_item(wish_id=wish_id, actor=current_actor(), now=clock.now())
    form = _form(wish.product_id)
    zone = ZoneInfo(wish.zone)
    last = wish.to_at - timedelta(seconds=1)
    values: dict[str, Any] = {
        "product": wish.product_id, "quantity": wish.quantity, "site": wish.site or "",
        "least": wish.least if wish.least != wish.quantity else None,
        "from_day": wish.from_at.astimezone(zone).date(), "to_day": last.astimezone(zone).date(),
        "part_of_day": wish.part_of_day, "kinds": list(wish.kinds), "same_day": wish.same_day,
        "kind": wish.kind, "version": wish.version,
    }  # fmt: skip
    for name, value in values.items():
        form[name].data = value
    return render_template("waitlist/form.html", form=form, wish=wish)


@bp.post("/waitlist/<int:wish_id>/edit")
@allow(Access.PRODUCER)
def change(wish_id: int) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    wish = wish_item(wish_id=wish_id, actor=actor, now=now)
    form = _form(wish.product_id)
    if not form.validate():
        return render_template("waitlist/form.html", form=form, wish=wish), 422
    try:
        waitlist.change(
            wish_id=wish_id, wanted=form.wanted(_zone(form.site.data)), actor=actor, now=now,
            version=form.version.data,
        )  # fmt: skip
    except (RuleBroken, Conflict) as refused:
        form.tell(refused.problems)
        return render_template("waitlist/form.html", form=form, wish=wish), status_of(refused)
    flash(_("Permintaan diubah. Tempat Anda tetap dihitung dari saat mendaftar."), "success")
    return redirect(url_for("waitlist.show", wish_id=wish_id), code=303)


@bp.post("/waitlist/<int:wish_id>/withdraw")
@allow(Access.PRODUCER)
def withdraw(wish_id: int) -> ResponseReturnValue:
    now = clock.now()
    waitlist.withdraw(wish_id=wish_id, actor=current_actor(), now=now)
    ask_next()
    flash(_("Permintaan ditarik dari daftar tunggu."), "success")
    return redirect(url_for("waitlist.index"), code=303)


@bp.post("/waitlist/<int:wish_id>/prefer")
@allow(Access.STAFF)
def prefer(wish_id: int) -> ResponseReturnValue:
    return _reorder(wish_id, to_front=True)


@bp.post("/waitlist/<int:wish_id>/unprefer")
@allow(Access.STAFF)
def unprefer(wish_id: int) -> ResponseReturnValue:
    return _reorder(wish_id, to_front=False)


def _reorder(wish_id: int, *, to_front: bool) -> ResponseReturnValue:
    form = ReorderForm()
    if not form.validate():
        return _show(wish_id, form, 422)
    waitlist.reorder(
        wish_id=wish_id, to_front=to_front, reason=form.reason.data or "",
        actor=current_actor(), now=clock.now(),
    )  # fmt: skip
    flash(_("Urutan diubah. Alasannya dapat dibaca semua orang."), "success")
    return redirect(url_for("waitlist.show", wish_id=wish_id), code=303)


def _form(product_id: int) -> WishForm:
    """Return the form with the product it is about as its only choice."""
    product = product_choice(product_id=product_id, actor=current_actor())
    form = WishForm()
    form.product.choices = [(product.id, f"{product.name} · {product.business_name}")]
    form.site.choices = [("", _("Di mana saja")), *((each.code, each.name) for each in houses())]
    form.offer_choices(kinds_of_machines())
    return form


def _zone(site: str | None) -> str:
    return next(
        (each.zone for each in houses() if each.code == site), str(current_app.config["ZONE"])
    )


def _number(text: str | None) -> int:
    plain = (text or "").replace(".", "")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 19 else 0


# --- offers -------------------------------------------------------------------------------------


@bp.get("/waitlist/offers/<int:offer_id>")
@allow(Access.PRODUCER)
def offer(offer_id: int) -> ResponseReturnValue:
    actor = current_actor()
    found = offer_item(offer_id=offer_id, actor=actor)
    links = {
        "accept": url_for("waitlist.accept", offer_id=offer_id),
        "decline": url_for("waitlist.decline", offer_id=offer_id),
    }
    return _offer_page(found, links)


@bp.post("/waitlist/offers/<int:offer_id>/accept")
@allow(Access.PRODUCER)
def accept(offer_id: int) -> ResponseReturnValue:
    made = waitlist.accept(offer_id=offer_id, actor=current_actor(), now=clock.now())
    flash(_("Waktu ini sekarang milik Anda: reservasi %(code)s.", code=made["code"]), "success")
    return redirect(url_for("bookings.show", code=made["code"]), code=303)


@bp.post("/waitlist/offers/<int:offer_id>/decline")
@allow(Access.PRODUCER)
def decline(offer_id: int) -> ResponseReturnValue:
    waitlist.decline(offer_id=offer_id, actor=current_actor(), now=clock.now())
    ask_next()
    flash(_("Terima kasih, waktunya kami tawarkan kepada yang berikutnya."), "success")
    return redirect(url_for("waitlist.index"), code=303)


@bp.get("/offers/<token>")
@allow(Access.PUBLIC)
def opened(token: str) -> ResponseReturnValue:
    """Show the offer of a link. Reading it answers nothing: programs that look at mail read too."""
    return _opened(token)


@bp.post("/offers/<token>/accept")
@limiter.limit("30 per minute")
@allow(Access.PUBLIC)
def accept_by_link(token: str) -> ResponseReturnValue:
    offer_id = _offer_id(token)
    try:
        waitlist.accept_by_link(offer_id=offer_id, now=clock.now())
    except (Conflict, RuleBroken) as refused:
        return _opened(token, refused)
    return redirect(url_for("waitlist.opened", token=token), code=303)


@bp.post("/offers/<token>/decline")
@limiter.limit("30 per minute")
@allow(Access.PUBLIC)
def decline_by_link(token: str) -> ResponseReturnValue:
    offer_id = _offer_id(token)
    try:
        waitlist.decline_by_link(offer_id=offer_id, now=clock.now())
    except WrongState as refused:
        return _opened(token, refused)
    ask_next()
    return redirect(url_for("waitlist.opened", token=token), code=303)


def _opened(token: str, refused: PackhouseError | None = None) -> ResponseReturnValue:
    found = offer_item(offer_id=_offer_id(token), actor=None)
    links = {
        "accept": url_for("waitlist.accept_by_link", token=token),
        "decline": url_for("waitlist.decline_by_link", token=token),
    }
    return _offer_page(found, links, refused)


def _offer_id(token: str) -> int:
    offer_id = offer_of_token(str(current_app.config["SECRET_KEY"]), token)
    if offer_id is None:
        raise NotFound("offer_not_found")
    return offer_id


def _offer_page(
    found: OfferItem, links: dict[str, str], refused: PackhouseError | None = None
) -> ResponseReturnValue:
    problems = refused.problems if refused else ()
    page = render_template(
        "waitlist/offer.html",
        offer=found,
        links=links,
        is_open=found.is_open(clock.now()),
        declining=request.args.get("answer") == "decline",
        problems=[problem_text(each.code, each.facts) for each in problems],
    )
    return page, status_of(refused) if refused else 200


def ask_next() -> None:
    """Offer what has just come free to the next, at once; the worker would do it in seconds."""
    waitlist.promote(actor=SYSTEM, now=clock.now())


def words_for_no_show(code: str, machine: str, zone: str, now: datetime) -> str:
    """Say what became of the time of somebody who did not come."""
    offered = offer_made_on(machine=machine, now=now)
    if offered is None:
        free: str = _(
            "%(code)s dicatat tidak hadir. Waktunya di %(machine)s sekarang kosong.",
            code=code, machine=machine,
        )  # fmt: skip
        return free
    asked: str = _(
        "%(code)s dicatat tidak hadir. Waktunya di %(machine)s ditawarkan ke daftar tunggu,"
        " dijawab sebelum %(until)s.",
        code=code, machine=machine,
        until=local_time(offered.answer_by, zone, locale=current_locale()),
    )  # fmt: skip
    return asked
