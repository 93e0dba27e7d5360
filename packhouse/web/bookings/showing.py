"""One booking, and the manager's decision on a request."""

from datetime import timedelta

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from packhouse import clock
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_enter
from packhouse.forms.bookings import RejectForm
from packhouse.queries.bookings import BookingItem, booking_detail
from packhouse.queries.bookings.jobs import job_links
from packhouse.queries.bookings.series import series_of, was_forgiven
from packhouse.queries.reminders import deliveries_of
from packhouse.queries.slots import journey_of, rivals
from packhouse.services import bookings
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.frame import abilities, bp
from packhouse.web.qr import qr_code


@bp.get("/bookings/<code>")
@allow(Access.SIGNED_IN)
def show(code: str) -> ResponseReturnValue:
    return _show(code, RejectForm(formdata=None))


def _show(code: str, reject_form: RejectForm) -> str:
    actor, now = current_actor(), clock.now()
    detail = booking_detail(code=code, actor=actor)
    reject_form.version.data = detail.booking.version
    may = abilities(actor, detail.booking, now)
    return render_template(
        "bookings/show.html",
        detail=detail,
        booking=detail.booking,
        now=now,
        may=may,
        code_drawing=_drawing(detail.booking),
        journey=None
        if may.staff
        else journey_of(
            business_id=detail.booking.business_id,
            machine=detail.booking.machine,
            starts_at=detail.booking.starts_at,
        ),
        rivals=rivals(booking=detail.booking, now=now) if may.decide else (),
        one_week=timedelta(days=7),
        series=series_of(booking_id=detail.booking.id),
        job=job_links(booking_ids=[detail.booking.id]).get(detail.booking.id),
        forgiven=(detail.booking.cancelled_late or detail.booking.state == State.NO_SHOW)
        and was_forgiven(booking_id=detail.booking.id),
        has_list=may_enter(actor, Access.PRODUCER),
        messages=deliveries_of(booking_id=detail.booking.id),
        reject_form=reject_form,
    )


def _drawing(booking: BookingItem) -> Markup | None:
    """Return the code to show at the door, as long as there is a door to come to."""
    if booking.state not in (State.CONFIRMED, State.REQUESTED):
        return None
    address = url_for("runs.arrive", code=booking.code)
    return qr_code(f"{current_app.config['PUBLIC_URL']}{address}", _("Kode QR reservasi ini"))


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
