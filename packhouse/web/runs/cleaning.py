"""Cleans: signed for, looked at by a second person, and the log of a machine's day."""

from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import Malformed
from packhouse.forms.runs import ColleagueForm, TapForm
from packhouse.queries.runs import cleaning_log
from packhouse.services import runs, sessions
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.runs.frame import attempt, bp, day_asked, session_page, told


@bp.post("/bookings/<code>/clean")
@allow(Access.STAFF)
def clean(code: str) -> ResponseReturnValue:
    """Sign for the clean before a session."""
    form = TapForm()
    if not form.validate():
        raise Malformed
    refused = attempt(
        lambda: runs.sign_clean(
            code=code, actor=current_actor(), now=clock.now(), tapped=form.tapped
        )
    )
    if refused is not None:
        return session_page(code, refused)
    return redirect(url_for("runs.session", code=code), code=303)


@bp.post("/bookings/<code>/clean-check")
@allow(Access.STAFF)
def check(code: str) -> ResponseReturnValue:
    """Note that a second person has looked: whoever is signed in, or a colleague on her phone."""
    actor, now = current_actor(), clock.now()
    colleague = None
    checker = actor.id
    if "password" in request.form:
        colleague = ColleagueForm()
        if not colleague.validate():
            page = session_page(code, colleague=colleague)
            return (page[0], 422) if isinstance(page, tuple) else page
        proof = (colleague.contact.data or "", colleague.password.data or "")

        def prove() -> None:
            nonlocal checker
            checker = sessions.vouch(
                contact=proof[0], password=proof[1], network=request.remote_addr or "", now=now
            )

        refused = attempt(prove)
        if refused is not None:
            return session_page(code, refused, colleague)
    refused = attempt(
        lambda: runs.check_clean(code=code, checker=checker or 0, actor=actor, now=now)
    )
    if refused is not None:
        return session_page(code, refused, colleague)
    return redirect(url_for("runs.session", code=code), code=303)


@bp.get("/machines/<code>/cleanings")
@allow(Access.RECORDS)
def cleanings(code: str) -> ResponseReturnValue:
    """Show who cleaned a machine on a day, who looked, and what was left out and why."""
    return _log_page(code, [])


def _log_page(code: str, problems: list[str]) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    log = cleaning_log(machine=code, day=day_asked(), actor=actor, now=now)
    today = now.astimezone(ZoneInfo(log.zone)).date()
    page = render_template("runs/cleanings.html", log=log, today=today, problems=problems)
    return (page, 422) if problems else page


@bp.post("/machines/<code>/cleanings")
@allow(Access.STAFF)
def close_day(code: str) -> ResponseReturnValue:
    """Sign for the full clean that ends a machine's day."""
    actor, now = current_actor(), clock.now()
    refused = attempt(lambda: runs.close_day(machine=code, actor=actor, now=now))
    if refused is not None:
        return _log_page(code, told(refused))
    flash(_("Bersih tutup %(machine)s tercatat.", machine=code), "success")
    return redirect(url_for("runs.cleanings", code=code), code=303)
