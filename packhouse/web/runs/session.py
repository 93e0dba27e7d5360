"""A session on one machine: begun, paused, gone on with, and a slip of the thumb taken back."""

from collections.abc import Callable

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.runs import PAUSE_REASONS
from packhouse.errors import Malformed
from packhouse.forms.runs import TapForm
from packhouse.services import runs
from packhouse.services.runs import Tapped
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.runs.frame import attempt, bp, session_page


@bp.get("/bookings/<code>/session")
@allow(Access.STAFF)
def session(code: str) -> ResponseReturnValue:
    return session_page(code)


@bp.post("/bookings/<code>/start")
@allow(Access.STAFF)
def start(code: str) -> ResponseReturnValue:
    return _step(
        code,
        lambda tapped, reason: runs.start(
            code=code, actor=current_actor(), now=clock.now(), tapped=tapped, unclean=reason
        ),
    )


@bp.post("/bookings/<code>/pause")
@allow(Access.STAFF)
def pause(code: str) -> ResponseReturnValue:
    return _step(code, lambda tapped, reason: _pause(code, reason, tapped))


def _pause(code: str, reason: str, tapped: Tapped) -> object:
    if reason not in PAUSE_REASONS:
        raise Malformed("reason_unknown")
    actor, now = current_actor(), clock.now()
    return runs.pause(code=code, reason=reason, actor=actor, now=now, tapped=tapped)


@bp.post("/bookings/<code>/resume")
@allow(Access.STAFF)
def resume(code: str) -> ResponseReturnValue:
    return _step(
        code,
        lambda tapped, _reason: runs.resume(
            code=code, actor=current_actor(), now=clock.now(), tapped=tapped
        ),
    )


@bp.post("/bookings/<code>/undo")
@allow(Access.STAFF)
def undo(code: str) -> ResponseReturnValue:
    return _step(
        code,
        lambda tapped, _reason: runs.undo(
            code=code, actor=current_actor(), now=clock.now(), tapped=tapped
        ),
        _("Ketukan terakhir dibatalkan."),
    )


def _step(
    code: str, act: Callable[[Tapped, str], object], done: str | None = None
) -> ResponseReturnValue:
    form = TapForm()
    if not form.validate():
        raise Malformed
    refused = attempt(lambda: act(form.tapped, form.reason.data or ""))
    if refused is not None:
        return session_page(code, refused)
    if done:
        flash(done, "success")
    return redirect(url_for("runs.session", code=code), code=303)
