"""Whoever did not come: her time is given to those who wait."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.bookings import COOL_DOWN, COOL_HORIZON_DAYS, MEMORY, NO_SHOWS
from packhouse.errors import PackhouseError
from packhouse.queries.runs import session_view
from packhouse.queries.runs.regulars import missed_before
from packhouse.services import runs
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.errors import status_of
from packhouse.web.runs.frame import attempt, bp, session_page, told
from packhouse.web.waitlist import words_for_no_show


@bp.get("/bookings/<code>/no-show")
@allow(Access.STAFF)
def absent(code: str) -> ResponseReturnValue:
    return _absent_page(code)


def _absent_page(code: str, refused: PackhouseError | None = None) -> ResponseReturnValue:
    view = session_view(code=code, actor=current_actor(), now=clock.now())
    page = render_template(
        "runs/no_show.html",
        view=view,
        problems=told(refused),
        before=missed_before(business_id=view.job.business_id, now=view.now),
        most=NO_SHOWS,
        days=(MEMORY.days, COOL_DOWN.days, COOL_HORIZON_DAYS),
    )
    return page, 200 if refused is None else status_of(refused)


@bp.post("/bookings/<code>/no-show")
@allow(Access.STAFF)
def no_show(code: str) -> ResponseReturnValue:
    actor = current_actor()
    now = clock.now()
    refused = attempt(lambda: runs.no_show(code=code, actor=actor, now=now))
    if refused is not None:
        return _absent_page(code, refused)
    view = session_view(code=code, actor=actor, now=now)
    flash(words_for_no_show(code, view.job.machine, view.site.zone, now), "success")
    return redirect(url_for("runs.board", site=view.site.code), code=303)


@bp.post("/bookings/<code>/back")
@allow(Access.STAFF)
def back(code: str) -> ResponseReturnValue:
    """Take a mark of absence back: she is here, and her time is still free."""
    actor, now = current_actor(), clock.now()
    refused = attempt(lambda: runs.came_after_all(code=code, actor=actor, now=now))
    if refused is not None:
        return session_page(code, refused)
    flash(_("%(code)s ternyata hadir. Catatan tidak hadir ditarik.", code=code), "success")
    site = request.form.get("board")
    if site:
        return redirect(url_for("runs.board", site=site), code=303)
    return redirect(url_for("runs.session", code=code), code=303)
