"""Whoever comes with a booking: noted as there."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.services import runs
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.runs.frame import attempt, bp, session_page


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
