"""A cooperative's order: rows told, looked at with their times, booked at one tap, and printed."""

from collections.abc import Iterable, Sequence
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.bookings import State
from packhouse.domain.permissions import STAFF
from packhouse.domain.products import traits_of
from packhouse.errors import NotFound, Problem, RuleBroken, SlotTaken
from packhouse.forms import new_key
from packhouse.forms.bookings.jobs import CancelOrderForm
from packhouse.forms.bookings.orders import (
    AskedRow,
    Fault,
    NewProductForm,
    OrderForm,
    new_product,
    placed_rows,
    placed_text,
    read_rows,
)
from packhouse.i18n.formats import machine_time
from packhouse.i18n.messages import problem_text
from packhouse.queries.bookings.orders import (
    Member,
    cooperatives,
    members_of,
    order_detail,
    order_houses,
    orders_list,
)
from packhouse.queries.machines import PackItem, packs
from packhouse.queries.slots.ordering import OrderPlan, RowPlan, RowWish, plan_order
from packhouse.services import bookings
from packhouse.services.bookings import OrderRow
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.frame import bp, may_excuse
from packhouse.web.errors import status_of
from packhouse.web.waitlist import ask_next

MORNING = time(8)


@bp.get("/orders")
@allow(Access.PRODUCER)
def orders() -> str:
    actor = current_actor()
    return render_template(
        "bookings/order_index.html",
        orders=orders_list(actor=actor),
        may_order=bool(cooperatives(actor=actor)),
    )


@bp.get("/orders/<code>")
@allow(Access.PRODUCER)
def order_show(code: str) -> str:
    return render_template(
        "bookings/order_show.html", order=order_detail(code=code, actor=current_actor())
    )


@bp.get("/orders/<code>/cancel")
@allow(Access.PRODUCER)
def order_cancel(code: str) -> str:
    data = {"only": request.args.get("booking", "")}
    return _cancel_page(code, CancelOrderForm(formdata=None, data=data))


@bp.post("/orders/<code>/cancel")
@allow(Access.PRODUCER)
def order_call_off(code: str) -> ResponseReturnValue:
    form = CancelOrderForm()
    if not form.validate():
        return _cancel_page(code, form), 422
    bookings.cancel_job(
        code=code,
        actor=current_actor(),
        now=clock.now(),
        reason=form.reason.data or "",
        only=form.only.data or None,
    )
    ask_next()
    flash(_("Dibatalkan. Waktunya sekarang kosong untuk orang lain."), "success")
    return redirect(url_for("bookings.order_show", code=code), code=303)


def _cancel_page(code: str, form: CancelOrderForm) -> str:
    order, now = order_detail(code=code, actor=current_actor()), clock.now()
    only = form.only.data or ""
    chosen = [each for each in order.lines if only in ("", each.booking.code)]
    if not chosen or not order.is_whole:
        raise NotFound("job_not_found", code=code)
    leaving = [each for each in chosen if each.booking.is_cancellable]
    late = any(
        each.booking.state == State.CONFIRMED and now > each.booking.change_until
        for each in leaving
    )
    return render_template(
        "bookings/order_cancel.html", order=order, form=form, only=only, leaving=leaving, late=late
    )


@bp.get("/orders/new")
@allow(Access.PRODUCER)
def order_new() -> ResponseReturnValue:
    found = cooperatives(actor=current_actor())
    asked = request.args.get("cooperative")
    if asked is None and len(found) != 1:
        return render_template("bookings/order_nobody.html", cooperatives=found)
    chosen = asked if asked is not None else str(found[0].id)
    if chosen not in {str(each.id) for each in found}:
        raise NotFound("business_not_found")
    form = OrderForm(formdata=None, data={"cooperative": int(chosen), "time": MORNING})
    _offer(form)
    zone = next(iter(_zones().values()), "Asia/Pontianak")
    form.day.data = clock.now().astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return _page(form)


@bp.post("/orders/new")
@allow(Access.PRODUCER)
def order_check() -> ResponseReturnValue:
    form = OrderForm()
    _offer(form)
    return _checked(form)


@bp.post("/orders")
@allow(Access.PRODUCER)
def order_create() -> ResponseReturnValue:
    form = OrderForm()
    _offer(form)
    if not form.validate():
        return _page(form), 422
    actor = current_actor()
    listed = packs()
    rows = placed_rows(form, lambda key: _new(key, "", listed))
    try:
        answer = bookings.book_order(
            cooperative_id=int(form.cooperative.data),
            site=str(form.site.data),
            rows=rows,
            actor=actor,
            now=clock.now(),
            key=(form.idempotency_key.data or "")[:200] or None,
            source="desk" if actor.role in STAFF else "online",
            override=(form.override.data or "") if actor.role in STAFF else "",
        )
    except (RuleBroken, SlotTaken) as refused:
        return _checked(form, rows, refused.problems, status_of(refused))
    flash(_("Pesanan %(code)s sudah dicatat.", code=answer["code"]), "success")
    return redirect(url_for("bookings.order_show", code=answer["code"]), code=303)


# --- the page -----------------------------------------------------------------------------------


def _zones() -> dict[str, str]:
    return {code: zone for code, _name, zone in order_houses(actor=current_actor())}


def _offer(form: OrderForm) -> None:
    actor = current_actor()
    form.cooperative.choices = [(each.id, each.name) for each in cooperatives(actor=actor)]
    form.site.choices = [(code, name) for code, name, _zone in order_houses(actor=actor)]


def _members(form: OrderForm) -> tuple[Member, ...]:
    chosen, actor = form.cooperative.data, current_actor()
    if chosen in {each.id for each in cooperatives(actor=actor)}:
        return members_of(cooperative_id=int(chosen), actor=actor)
    raise NotFound("business_not_found")


def _checked(
    form: OrderForm,
    sent: Sequence[OrderRow] = (),
    refused: Sequence[Problem] = (),
    status: int | None = None,
) -> ResponseReturnValue:
    """Show the rows with their times, or what is wrong with them; everything typed stays.

    ``refused`` is what refused the rows that were ``sent``.
    """
    members = _members(form)
    valid = form.validate()
    rows, faults = read_rows(form, request.form, members)
    fresh = _fresh(rows)
    for row in rows:
        made = fresh.get(row.key)
        if made is not None and (not _was_told(row) or not made.validate()):
            lacks = Problem("row_pack_missing", {"value": row.product_name})
            faults.append(Fault(row.place, lacks))
    told = [*_told_of(sent, refused, form), *(_said(each) for each in faults)]
    plan = OrderPlan()
    if valid and not faults:
        plan = _plan(form, rows, fresh)
        told += [_of_plan(rows, each) for each in plan.problems]
        if plan.rows and not told:
            asked = [_asked(rows[each.row], each, fresh) for each in plan.rows]
            refused = _what_refuses(form, asked)
            told += _told_of(asked, refused, form)
    wrong = status or (422 if told or not valid else 200)
    excused = len(told) == len(refused) and may_excuse(current_actor(), refused)
    page = _page(
        form, rows=rows, plan=plan, fresh=fresh.values(), problems=told, may_override=excused
    )
    return page, wrong


def _what_refuses(form: OrderForm, asked: Sequence[OrderRow]) -> Sequence[Problem]:
    """Return what would refuse the order if it were sent now: limits of fair use above all."""
    try:
        bookings.look_at_order(
            cooperative_id=int(form.cooperative.data),
            site=str(form.site.data),
            rows=asked,
            actor=current_actor(),
            now=clock.now(),
        )
    except (RuleBroken, SlotTaken) as refused:
        return refused.problems
    return ()


def _asked(row: AskedRow, planned: RowPlan, fresh: dict[str, NewProductForm]) -> OrderRow:
    made = fresh.get(row.key)
    return OrderRow(
        row.member.id,
        row.quantity,
        planned.machine,
        planned.starts_at,
        product_id=None if made else row.product_id,
        recipe=made.recipe() if made else None,
    )


def _was_told(row: AskedRow) -> bool:
    return f"new-{row.key}-pack" in request.form


def _fresh(rows: Iterable[AskedRow]) -> dict[str, NewProductForm]:
    listed, fresh = packs(), {}
    for row in rows:
        if row.key and row.key not in fresh:
            fresh[row.key] = _new(row.key, row.product_name, listed)
    return fresh


def _new(key: str, name: str, listed: Sequence[PackItem]) -> NewProductForm:
    form = new_product(key, name, request.form)
    form.offer_packs(listed)
    return form


def _plan(form: OrderForm, rows: Sequence[AskedRow], fresh: dict[str, NewProductForm]) -> OrderPlan:
    site = str(form.site.data)
    return plan_order(
        site=site,
        wishes=[_wish(row, fresh.get(row.key)) for row in rows],
        starts_at=form.instant(_zones()[site]),
        most_machines=int(form.machines.data),
        actor=current_actor(),
        now=clock.now(),
    )


def _wish(row: AskedRow, fresh: NewProductForm | None) -> RowWish:
    if fresh is None:
        return RowWish(row.member.id, row.quantity, row.product_id)
    made = fresh.recipe()
    traits = traits_of(made.lane, frozenset(made.allergens), made.aroma, wet=made.wet)
    return RowWish(row.member.id, row.quantity, pack=made.pack, traits=traits)


def _page(
    form: OrderForm,
    *,
    rows: Sequence[AskedRow] = (),
    plan: OrderPlan | None = None,
    fresh: Iterable[NewProductForm] = (),
    problems: Sequence[str] = (),
    may_override: bool = False,
) -> str:
    planned = plan.rows if plan is not None else ()
    members = _members(form)
    skipped = {"csrf_token", "idempotency_key", "placed", "override"}
    return render_template(
        "bookings/order_new.html",
        form=form,
        members=members,
        fresh=list(fresh),
        problems=problems,
        may_override=may_override,
        planned=[(each, rows[each.row]) for each in planned],
        placed=[
            placed_text(rows[each.row], each.machine, machine_time(each.starts_at))
            for each in planned
        ],
        carried=[pair for pair in request.form.items(multi=True) if pair[0] not in skipped],
        given=request.form,
        total=sum(each.price for each in planned),
        zone=_zones().get(str(form.site.data)),
        key=new_key(),
    )


def _said(fault: Fault) -> str:
    text = problem_text(fault.problem.code, fault.problem.facts)
    return f"{fault.place}: {text}" if fault.place else text


def _of_plan(rows: Sequence[AskedRow], problem: Problem) -> str:
    number = problem.facts.get("row")
    place = rows[number].place if isinstance(number, int) else ""
    return _said(Fault(place, problem))


def _told_of(rows: Sequence[OrderRow], problems: Iterable[Problem], form: OrderForm) -> list[str]:
    """Say of which member's row each refusal speaks; they are numbered by time, from 1."""
    names = {each.id: each.name for each in _members(form)}
    in_time = sorted(rows, key=lambda row: (row.starts_at, row.machine))
    told = []
    for problem in problems:
        number = problem.facts.get("row")
        place = ""
        if isinstance(number, int) and 1 <= number <= len(in_time):
            place = names.get(in_time[number - 1].member_id, "")
        told.append(_said(Fault(place, problem)))
    return told
