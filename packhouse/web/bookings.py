"""Bookings: mine, one, a new one, moved, cancelled, and decided by the manager."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from packhouse import clock
from packhouse.domain.bookings import State, is_late
from packhouse.domain.permissions import STAFF, may_act_for, may_enter, may_manage, may_operate
from packhouse.domain.users import Actor, Role
from packhouse.errors import Malformed, Problem, RuleBroken, SlotTaken, Stale
from packhouse.forms import new_key
from packhouse.forms.bookings import (
    BookForm,
    CancelForm,
    ChosenForm,
    FindForm,
    MoveForm,
    RejectForm,
)
from packhouse.i18n.messages import problem_text
from packhouse.queries.bookings import (
    BookingItem,
    HistoryLine,
    booking_detail,
    booking_item,
    bookings_page,
    repeats,
)
from packhouse.queries.reminders import deliveries_of
from packhouse.queries.slots import (
    MachineChoice,
    machines_for,
    other_times,
    product_choice,
    product_choices,
    rivals,
    visit_at,
)
from packhouse.services import bookings
from packhouse.services.bookings import Target
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.errors import status_of
from packhouse.web.qr import qr_code

bp = Blueprint("bookings", __name__)

SHORT_PAGE = 10
LONG_PAGE = 50


@dataclass(frozen=True, slots=True)
class Abilities:
    """What this person may do with this booking now; the services check the same."""

    act: bool
    move: bool
    cancel: bool
    decide: bool
    staff: bool
    late: bool


# --- lists --------------------------------------------------------------------------------------


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
        past=past,
        repeats=again,
        has_products=bool(again) or bool(product_choices(actor=actor)),
        products_url=_address("products.new") or _address("products.index"),
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


# --- a new one ----------------------------------------------------------------------------------


@bp.get("/bookings/new")
@allow(Access.PRODUCER)
def new() -> ResponseReturnValue:
    form = ChosenForm(request.args)
    if not form.validate():
        raise Malformed
    chosen = BookForm(formdata=None, data={**form.data, "idempotency_key": new_key()})
    return _recap(chosen, ())


@bp.post("/bookings")
@allow(Access.PRODUCER)
def create() -> ResponseReturnValue:
    form = BookForm()
    if not form.validate():
        raise Malformed
    actor = current_actor()
    try:
        answer = bookings.book(
            wish=form.wish,
            actor=actor,
            now=clock.now(),
            key=(form.idempotency_key.data or "")[:200] or None,
            source="desk" if actor.role in STAFF else "online",
        )
    except SlotTaken as taken:
        return _taken(form, taken)
    except RuleBroken as refused:
        return _recap(form, refused.problems)
    flash(_("Reservasi %(code)s sudah dicatat.", code=answer["code"]), "success")
    return redirect(url_for("bookings.show", code=answer["code"]), code=303)


def _recap(form: BookForm, refused: Sequence[Problem]) -> ResponseReturnValue:
    """Show what is about to be booked, or why it cannot be."""
    actor, now = current_actor(), clock.now()
    wish = form.wish
    product = product_choice(product_id=wish.product_id, actor=actor)
    visit, problems = visit_at(
        product=product,
        quantity=wish.quantity,
        machine=wish.machine,
        starts_at=wish.starts_at,
        actor=actor,
        now=now,
    )
    problems = tuple(refused) or problems
    page = render_template(
        "bookings/new.html",
        form=form,
        product=product,
        visit=None if problems else visit,
        problems=_told(problems),
        now=now,
    )
    return page, 422 if problems else 200


def _taken(form: BookForm, taken: SlotTaken) -> ResponseReturnValue:
    """Say that somebody was faster; the other times take one tap, nothing is typed again."""
    product = product_choice(product_id=form.wish.product_id, actor=current_actor())
    page = render_template(
        "bookings/taken.html",
        form=form,
        product=product,
        alternatives=[(each, new_key()) for each in taken.alternatives],
    )
    return page, 409


# --- one ----------------------------------------------------------------------------------------


@bp.get("/bookings/<code>")
@allow(Access.SIGNED_IN)
def show(code: str) -> ResponseReturnValue:
    return _show(code, RejectForm(formdata=None))


def _show(code: str, reject_form: RejectForm) -> str:
    actor, now = current_actor(), clock.now()
    detail = booking_detail(code=code, actor=actor)
    reject_form.version.data = detail.booking.version
    may = _abilities(actor, detail.booking, now)
    return render_template(
        "bookings/show.html",
        detail=detail,
        booking=detail.booking,
        now=now,
        may=may,
        code_drawing=_drawing(detail.booking),
        rivals=rivals(booking=detail.booking, now=now) if may.decide else (),
        has_list=may_enter(actor, Access.PRODUCER),
        messages=deliveries_of(booking_id=detail.booking.id),
        reject_form=reject_form,
    )


def _drawing(booking: BookingItem) -> Markup | None:
    """Return the code to show at the door, as long as there is a door to come to."""
    if booking.state not in (State.CONFIRMED, State.REQUESTED):
        return None
    address = url_for("bookings.show", code=booking.code)
    return qr_code(f"{current_app.config['PUBLIC_URL']}{address}", _("Kode QR reservasi ini"))


def _abilities(actor: Actor, booking: BookingItem, now: datetime) -> Abilities:
    acts = may_act_for(actor, booking.business_id, booking.site_id)
    staff = may_operate(actor, booking.site_id)
    late = booking.state != State.DISPLACED and is_late(
        starts_at=booking.starts_at, now=now, cancel_hours=booking.cancel_hours
    )
    return Abilities(
        act=acts,
        move=acts and booking.is_movable and booking.product_id is not None and (staff or not late),
        cancel=acts and booking.is_cancellable,
        decide=booking.state == State.REQUESTED and may_manage(actor, booking.site_id),
        staff=staff,
        late=late,
    )


@bp.post("/bookings/<code>/approve")
@allow(Access.MANAGER)
def approve(code: str) -> ResponseReturnValue:
    bookings.approve(code=code, actor=current_actor(), now=clock.now())
    flash(_("Permohonan disetujui. Pemohon diberi tahu."), "success")
    return redirect(url_for("bookings.show", code=code), code=303)


@bp.post("/bookings/<code>/reject")
@allow(Access.MANAGER)
def reject(code: str) -> ResponseReturnValue:
    form = RejectForm()
    if not form.validate():
        return _show(code, form), 422
    bookings.reject(
        code=code, reason=form.reason.data or "", actor=current_actor(), now=clock.now()
    )
    flash(_("Permohonan ditolak. Pemohon diberi tahu alasannya."), "success")
    return redirect(url_for("bookings.show", code=code), code=303)


# --- moved --------------------------------------------------------------------------------------


@bp.get("/bookings/<code>/move")
@allow(Access.PRODUCER)
def move(code: str) -> ResponseReturnValue:
    booking = booking_item(code=code, actor=current_actor())
    local = booking.starts_at.astimezone(ZoneInfo(booking.zone))
    form = MoveForm(
        formdata=None,
        data={
            "day": local.date(),
            "time": local.time(),
            "machine": booking.machine,
            "version": booking.version,
            "idempotency_key": new_key(),
        },
    )
    return _move_page(booking, form, ())


@bp.post("/bookings/<code>/move")
@allow(Access.PRODUCER)
def relocate(code: str) -> ResponseReturnValue:
    actor = current_actor()
    booking = booking_item(code=code, actor=actor)
    form = MoveForm()
    form.machine.choices = _machine_options(booking, actor)
    if not form.validate():
        return _move_page(booking, form, ()), 422
    target = Target(form.instant(booking.zone), form.machine.data, form.version.data)
    key = (form.idempotency_key.data or "")[:200] or None
    try:
        bookings.move(code=code, target=target, actor=actor, now=clock.now(), key=key)
    except Stale as stale:
        return _stale(code, form.version.data, "bookings.move", stale)
    except (SlotTaken, RuleBroken) as refused:
        form.idempotency_key.data = new_key()
        return _move_page(booking, form, _told(refused.problems)), status_of(refused)
    flash(_("Jadwal sudah dipindah."), "success")
    return redirect(url_for("bookings.show", code=code), code=303)


def _move_page(booking: BookingItem, form: MoveForm, problems: Sequence[str]) -> str:
    actor, now = current_actor(), clock.now()
    may = _abilities(actor, booking, now)
    form.machine.choices = _machine_options(booking, actor)
    return render_template(
        "bookings/move.html",
        booking=booking,
        form=form,
        problems=problems,
        may=may,
        zone=ZoneInfo(booking.zone),
        others=[(each, new_key()) for each in other_times(booking=booking, actor=actor, now=now)]
        if may.move
        else [],
    )


def _machine_options(booking: BookingItem, actor: Actor) -> list[tuple[str, str]]:
    """Return the machines of the booking's house that can take its job."""
    found: tuple[MachineChoice, ...] = ()
    if booking.product_id is not None:
        product = product_choice(product_id=booking.product_id, actor=actor)
        found = machines_for(product=product, now=clock.now())
    here = [(each.code, f"{each.name} ({each.code})") for each in found]
    return [option for option, each in zip(here, found, strict=True) if each.site == booking.site]


# --- cancelled ----------------------------------------------------------------------------------


@bp.get("/bookings/<code>/cancel")
@allow(Access.PRODUCER)
def cancel(code: str) -> ResponseReturnValue:
    booking = booking_item(code=code, actor=current_actor())
    return _cancel_page(booking, CancelForm(formdata=None, data={"version": booking.version}))


@bp.post("/bookings/<code>/cancel")
@allow(Access.PRODUCER)
def call_off(code: str) -> ResponseReturnValue:
    form = CancelForm()
    actor = current_actor()
    if not form.validate():
        return _cancel_page(booking_item(code=code, actor=actor), form), 422
    try:
        bookings.cancel(
            code=code,
            actor=actor,
            now=clock.now(),
            reason=form.reason.data or "",
            version=form.version.data,
        )
    except Stale as stale:
        return _stale(code, form.version.data, "bookings.cancel", stale)
    flash(_("Reservasi dibatalkan. Waktunya sekarang kosong untuk orang lain."), "success")
    return redirect(url_for("bookings.show", code=code), code=303)


def _cancel_page(booking: BookingItem, form: CancelForm) -> str:
    may = _abilities(current_actor(), booking, clock.now())
    return render_template("bookings/cancel.html", booking=booking, form=form, may=may)


# --- what both share ----------------------------------------------------------------------------


def _stale(code: str, seen: int | None, endpoint: str, error: Stale) -> ResponseReturnValue:
    """Show what happened since the person opened her page; the next tap sees it as it is."""
    detail = booking_detail(code=code, actor=current_actor())
    page = render_template(
        "bookings/stale.html",
        booking=detail.booking,
        changes=_changes(detail.history, seen),
        problems=_told(error.problems),
        again=url_for(endpoint, code=code),
    )
    return page, status_of(error)


def _changes(history: Sequence[HistoryLine], seen: int | None) -> tuple[HistoryLine, ...]:
    """Return the audit lines behind a version: every change but the first makes a new one."""
    changes = [each for each in history if each.action not in ("booking:create", "booking:leave")]
    return tuple(changes[max((seen or 1) - 1, 0) :] or changes[-1:])


def _told(problems: Sequence[Problem]) -> list[str]:
    return [problem_text(problem.code, problem.facts) for problem in problems]


def _address(endpoint: str) -> str | None:
    return url_for(endpoint) if endpoint in current_app.view_functions else None
