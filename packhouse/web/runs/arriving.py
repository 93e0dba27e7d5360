"""Whoever comes: found by code, QR code or name, told what to do, and noted as there."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import Access, may_enter
from packhouse.queries.bookings import booking_detail
from packhouse.queries.runs import guest, guests
from packhouse.services import runs
from packhouse.web.access import allow, current_actor
from packhouse.web.runs.frame import attempt, bp, session_page

LONGEST = 80


@bp.get("/check-in")
@allow(Access.STAFF)
def arrivals() -> ResponseReturnValue:
    typed = request.args.get("q", "")[:LONGEST].strip()
    if not typed:
        return render_template("runs/arrivals.html", typed="", found=(), now=clock.now())
    return look_for(typed)


def look_for(typed: str) -> ResponseReturnValue:
    """Go to the one whom a code or a name means, or show all whom it may mean."""
    typed = typed[:LONGEST]
    found = guests(typed=typed, actor=current_actor(), now=clock.now())
    if len(found) == 1:
        return redirect(url_for("runs.arrive", code=found[0].code), code=303)
    return render_template("runs/arrivals.html", typed=typed, found=found, now=clock.now())


@bp.get("/check-in/<code>")
@allow(Access.SIGNED_IN)
def arrive(code: str) -> ResponseReturnValue:
    """Where the QR code of a booking leads: the desk's next step, or her own page of it."""
    actor = current_actor()
    if not may_enter(actor, Access.STAFF):
        known = booking_detail(code=code, actor=actor).booking.code
        return redirect(url_for("bookings.show", code=known))
    found = guest(code=code, actor=actor, now=clock.now())
    page = render_template(
        "runs/arrive.html",
        guest=found,
        now=clock.now(),
        at_machine=request.args.get("machine", "")[:LONGEST],
    )
    # Another house's booking stays unknown here; its holder is told where she should be.
    return page, 200 if found.is_ours else 404


@bp.post("/bookings/<code>/check-in")
@allow(Access.STAFF)
def check_in(code: str) -> ResponseReturnValue:
    refused = attempt(lambda: runs.check_in(code=code, actor=current_actor(), now=clock.now()))
    if refused is not None:
        return session_page(code, refused)
    site = request.form.get("board")
    if site:
        flash(_("%(code)s sudah dicatat hadir.", code=code), "success")
        return redirect(url_for("runs.board", site=site), code=303)
    return redirect(url_for("runs.session", code=code), code=303)
