"""Whoever comes without a booking: the soonest free times of today, and one tap to begin."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import (
    Conflict,
    Malformed,
    NotFound,
    PackhouseError,
    RuleBroken,
    SlotTaken,
    WrongState,
)
from packhouse.forms import new_key
from packhouse.forms.bookings import BookForm
from packhouse.forms.runs import NewcomerForm, WalkInForm
from packhouse.i18n.names import name_of
from packhouse.queries.runs import House
from packhouse.queries.runs.regulars import Reception, reception, regulars
from packhouse.queries.slots import machines_for, product_choice, product_choices
from packhouse.services import bookings, registration, runs, slots
from packhouse.services.slots import Ask, Quote
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.errors import status_of
from packhouse.web.runs.frame import bp, house_or_refuse, told

DIGITS = 19
# What begins this soon may begin now.
SOON = timedelta(minutes=5)


@bp.get("/walk-in")
@allow(Access.STAFF)
def walk_in() -> ResponseReturnValue:
    house = house_or_refuse()
    form = _walk_in_form(house)
    if not (request.args.get("product") and request.args.get("quantity")):
        return _walk_in_page(house, form)
    if not form.validate():
        return _walk_in_page(house, form), 422
    found, problems = _quote(house, form.product.data, form.quantity.data or 0, form.machine.data)
    page = _walk_in_page(house, form, found=found, problems=problems)
    return page, 422 if problems else 200


@bp.post("/walk-in")
@allow(Access.STAFF)
def admit() -> ResponseReturnValue:
    """Book the time that was tapped, note that she is there, and go to the machine."""
    form = BookForm()
    if not form.validate():
        raise Malformed
    actor, now = current_actor(), clock.now()
    key = (form.idempotency_key.data or "")[:200] or None
    try:
        answer = bookings.book(wish=form.wish, actor=actor, now=now, key=key, source="walk_in")
    except (SlotTaken, RuleBroken) as refused:
        return _taken(form, refused)
    code = str(answer["code"])
    # A second tap finds the run begun already, a booking for another day waits for its day.
    with suppress(WrongState, RuleBroken):
        runs.check_in(code=code, actor=actor, now=now)
        if request.form.get("begin"):
            runs.start(code=code, actor=actor, now=now)
    return redirect(url_for("runs.session", code=code), code=303)


@bp.post("/walk-in/newcomer")
@allow(Access.STAFF)
def newcomer() -> ResponseReturnValue:
    """Take somebody in who was never here, on trial, and show what is free for her now."""
    house = house_or_refuse()
    form, desk = _newcomer_form(house)
    if not form.validate():
        return _walk_in_page(house, _walk_in_form(house), newcomer=form), 422
    key = (form.idempotency_key.data or "")[:200] or None
    about = form.newcomer(desk.regency)
    try:
        product = registration.take_in(told=about, actor=current_actor(), now=clock.now(), key=key)
    except (RuleBroken, Conflict) as refused:
        page = _walk_in_page(house, _walk_in_form(house), newcomer=form, problems=told(refused))
        return page, status_of(refused)
    found = url_for("runs.walk_in", site=house.code, product=product, quantity=form.quantity.data)
    return redirect(found, code=303)


def _newcomer_form(house: House) -> tuple[NewcomerForm, Reception]:
    desk = reception(site_id=house.id)
    form = NewcomerForm() if request.method == "POST" else NewcomerForm(formdata=None)
    if request.method != "POST":
        form.idempotency_key.data = new_key()
    form.offer_packs(desk.packs)
    return form, desk


def _taken(form: BookForm, refused: PackhouseError) -> ResponseReturnValue:
    """Say why that time is gone, and offer what is free now."""
    house, wish = house_or_refuse(), form.wish
    asked = _walk_in_form(house, product=wish.product_id, quantity=wish.quantity)
    found, problems = _quote(house, wish.product_id, wish.quantity, "")
    page = _walk_in_page(house, asked, found=found, problems=[*told(refused), *problems])
    return page, status_of(refused)


def _walk_in_form(
    house: House, *, product: int | None = None, quantity: int | None = None
) -> WalkInForm:
    given = request.args if product is None else None
    form = WalkInForm(given, data={"product": product, "quantity": quantity})
    chosen = product or request.args.get("product", type=_row_id)
    actor, now = current_actor(), clock.now()
    choices = list(product_choices(actor=actor, search=form.q.data or ""))
    machines: list[tuple[str, str]] = []
    if chosen is not None:
        with suppress(NotFound):  # The form says that this is none of the choices.
            known = product_choice(product_id=chosen, actor=actor)
            choices += [known] if known not in choices else []
            machines = [
                (each.code, f"{each.name} ({each.code})")
                for each in machines_for(product=known, now=now)
                if each.site == house.code
            ]
    form.product.choices = [
        (each.id, f"{each.business_name} · {each.name} · {name_of('pack', each.pack)}")
        for each in choices
    ]
    wanted = request.args.get("machine", "")
    if wanted and wanted not in {code for code, _name in machines}:
        machines.append((wanted, wanted))
    form.machine.choices = [("", _("Yang paling cepat kosong")), *machines]
    return form


def _row_id(text: str) -> int:
    """Read the id of a row; longer numbers than a database holds are none."""
    if len(text) >= DIGITS:
        raise ValueError(text)
    return int(text)


def _quote(
    house: House, product: int, quantity: int, machine: str | None
) -> tuple[Quote | None, list[str]]:
    """Return times for today; a wish that cannot be served is kept as unmet demand."""
    now = clock.now()
    midnight = now.astimezone(ZoneInfo(house.zone)).replace(hour=0, minute=0, second=0)
    ask = Ask(
        product_id=product,
        quantity=quantity,
        site=house.code,
        machine=machine or None,
        from_at=now,
        to_at=(midnight + timedelta(days=1)).astimezone(UTC),
    )
    try:
        return slots.quote(ask=ask, actor=current_actor(), now=now), []
    except Malformed as refused:
        return None, told(refused)


def _walk_in_page(
    house: House,
    form: WalkInForm,
    *,
    found: Quote | None = None,
    problems: Sequence[str] = (),
    newcomer: NewcomerForm | None = None,
) -> str:
    actor, now = current_actor(), clock.now()
    offers = sorted(found.offers, key=lambda each: each.starts_at) if found else []
    return render_template(
        "runs/walk_in.html",
        house=house,
        form=form,
        offers=[(each, new_key()) for each in offers],
        refusals=found.refusals if found else (),
        asked=found is not None,
        problems=problems,
        now=now,
        soon=SOON,
        regulars=() if found else regulars(site_id=house.id, actor=actor, now=now),
        newcomer=newcomer or _newcomer_form(house)[0],
        is_new=newcomer is not None,
    )
