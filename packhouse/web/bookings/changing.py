"""A booking moved or cancelled."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.users import Actor
from packhouse.errors import RuleBroken, SlotTaken, Stale
from packhouse.forms import new_key
from packhouse.forms.bookings import CancelForm, MoveForm
from packhouse.i18n.formats import rupiah
from packhouse.i18n.locale import current_locale
from packhouse.queries.bookings import BookingItem, booking_item
from packhouse.queries.slots import machines_to_move_to, other_times, product_choice
from packhouse.services import bookings
from packhouse.services.bookings import Target
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.frame import abilities, bp, fixed_by, stale_page, told
from packhouse.web.errors import status_of
from packhouse.web.waitlist import ask_next

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
        return stale_page(code, form.version.data, "bookings.move", stale)
    except (SlotTaken, RuleBroken) as refused:
        form.idempotency_key.data = new_key()
        return _move_page(booking, form, told(refused.problems)), status_of(refused)
    ask_next()
    flash(_("Jadwal sudah dipindah."), "success")
    return redirect(url_for("bookings.show", code=code), code=303)


def _move_page(booking: BookingItem, form: MoveForm, problems: Sequence[str]) -> str:
    actor, now = current_actor(), clock.now()
    may = abilities(actor, booking, now)
    form.machine.choices = _machine_options(booking, actor)
    return render_template(
        "bookings/move.html",
        booking=booking,
        form=form,
        problems=problems,
        may=may,
        zone=ZoneInfo(booking.zone),
        others=[
            (each, new_key(), fixed_by([booking], [each.starts_at], now))
            for each in other_times(booking=booking, actor=actor, now=now)
        ]
        if may.move
        else [],
    )


def _machine_options(booking: BookingItem, actor: Actor) -> list[tuple[str, str]]:
    """Return the machines of the booking's house that can take its job, each with its tariff."""
    if booking.product_id is None:
        return []
    product = product_choice(product_id=booking.product_id, actor=actor)
    found = machines_to_move_to(
        machine=booking.machine, site=booking.site, product=product, now=clock.now()
    )
    return [
        (
            each.code,
            _(
                "%(name)s (%(code)s): %(tariff)s per jam",
                name=each.name,
                code=each.code,
                tariff=rupiah(
                    booking.tariff_per_hour if each.code == booking.machine else tariff,
                    locale=current_locale(),
                ),
            ),
        )
        for each, tariff in found
    ]


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
        return stale_page(code, form.version.data, "bookings.cancel", stale)
    ask_next()
    flash(_("Reservasi dibatalkan. Waktunya sekarang kosong untuk orang lain."), "success")
    return redirect(url_for("bookings.show", code=code), code=303)


def _cancel_page(booking: BookingItem, form: CancelForm) -> str:
    may = abilities(current_actor(), booking, clock.now())
    return render_template("bookings/cancel.html", booking=booking, form=form, may=may)
