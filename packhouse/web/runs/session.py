"""A session on one machine: begun, paused, gone on with."""

from collections.abc import Callable

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from packhouse import clock
from packhouse.errors import Malformed
from packhouse.forms.runs import PauseForm
from packhouse.services import runs
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.runs.frame import attempt, bp, session_page


@bp.get("/bookings/<code>/session")
@allow(Access.STAFF)
def session(code: str) -> ResponseReturnValue:
    return session_page(code)


@bp.post("/bookings/<code>/start")
@allow(Access.STAFF)
def start(code: str) -> ResponseReturnValue:
    return _step(code, lambda: runs.start(code=code, actor=current_actor(), now=clock.now()))


@bp.post("/bookings/<code>/pause")
@allow(Access.STAFF)
def pause(code: str) -> ResponseReturnValue:
    form = PauseForm()
    if not form.validate():
        raise Malformed("reason_unknown")
    reason = form.reason.data or ""
    return _step(
        code,
        lambda: runs.pause(code=code, reason=reason, actor=current_actor(), now=clock.now()),
    )


@bp.post("/bookings/<code>/resume")
@allow(Access.STAFF)
def resume(code: str) -> ResponseReturnValue:
    return _step(code, lambda: runs.resume(code=code, actor=current_actor(), now=clock.now()))


def _step(code: str, act: Callable[[], object]) -> ResponseReturnValue:
    refused = attempt(act)
    if refused is not None:
        return session_page(code, refused)
    return redirect(url_for("runs.session", code=code), code=303)
