"""The count that ends a session, and one that is put right afterwards."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.forms import new_key
from packhouse.forms.runs import FinishForm, RecountForm, tapped_by
from packhouse.queries.runs import (
    Action,
    SessionRecord,
    SessionView,
    session_record,
    session_view,
)
from packhouse.services import runs
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.runs.frame import attempt, bp, session_page


@bp.get("/bookings/<code>/finish")
@allow(Access.STAFF)
def count(code: str) -> ResponseReturnValue:
    view = session_view(code=code, actor=current_actor(), now=clock.now())
    if Action.FINISH not in view.job.actions:
        return redirect(url_for("runs.session", code=code), code=303)
    form = FinishForm(formdata=None, data={"idempotency_key": new_key()})
    return render_template("runs/finish.html", view=view, form=form, unusual=False)


@bp.post("/bookings/<code>/finish")
@allow(Access.STAFF)
def finish(code: str) -> ResponseReturnValue:
    form = FinishForm()
    actor, now = current_actor(), clock.now()
    view = session_view(code=code, actor=actor, now=now)
    valid = form.validate()
    unusual = valid and form.is_unusual(view.job.quantity) and not form.sure.data
    if not valid or unusual:
        return render_template("runs/finish.html", view=view, form=form, unusual=unusual), 422
    tapped = tapped_by(form.idempotency_key.data, form.seen.data)
    counts = form.counts
    refused = attempt(
        lambda: runs.finish(code=code, counts=counts, actor=actor, now=now, tapped=tapped)
    )
    if refused is not None:
        return session_page(code, refused)
    flash(
        _(
            "%(code)s selesai: %(good)s baik, %(rejected)s gagal.",
            code=code,
            good=counts.good,
            rejected=counts.rejected,
        ),
        "success",
    )
    return redirect(url_for("runs.board", site=view.site.code), code=303)


@bp.get("/bookings/<code>/counts")
@allow(Access.STAFF)
def recount(code: str) -> ResponseReturnValue:
    """Show the counts of a finished session, to put them right."""
    view, record = _finished(code)
    if record.good is None:
        return redirect(url_for("runs.session", code=code), code=303)
    form = RecountForm(formdata=None, data={"idempotency_key": new_key(), "seen": record.last})
    return _recount_page(view, record, form)


@bp.post("/bookings/<code>/counts")
@allow(Access.STAFF)
def correct(code: str) -> ResponseReturnValue:
    """Put the counts of a finished session right, for a reason."""
    view, record = _finished(code)
    if record.good is None:
        return redirect(url_for("runs.session", code=code), code=303)
    form = RecountForm()
    valid = form.validate()
    unusual = valid and form.is_unusual(view.job.quantity) and not form.sure.data
    if not valid or unusual:
        return _recount_page(view, record, form, unusual=unusual), 422
    reason, counts = form.reason.data or "", form.counts
    tapped = tapped_by(form.idempotency_key.data, form.seen.data)
    refused = attempt(
        lambda: runs.correct(
            code=code, counts=counts, reason=reason, actor=current_actor(), now=clock.now(),
            tapped=tapped,
        )
    )  # fmt: skip
    if refused is not None:
        return session_page(code, refused)
    flash(_("Hitungan diperbaiki. Yang lama tetap tercatat."), "success")
    return redirect(url_for("runs.session", code=code), code=303)


def _finished(code: str) -> tuple[SessionView, SessionRecord]:
    actor, now = current_actor(), clock.now()
    view = session_view(code=code, actor=actor, now=now)
    return view, session_record(code=code, actor=actor, now=now)


def _recount_page(
    view: SessionView, record: SessionRecord, form: RecountForm, *, unusual: bool = False
) -> str:
    return render_template(
        "runs/finish.html", view=view, record=record, form=form, unusual=unusual, recount=True
    )
