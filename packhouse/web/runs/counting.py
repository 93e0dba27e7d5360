"""The count that ends a session."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.forms import new_key
from packhouse.forms.runs import FinishForm
from packhouse.queries.runs import Action, session_view
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
    key = (form.idempotency_key.data or "")[:200] or None
    counts = form.counts
    refused = attempt(lambda: runs.finish(code=code, counts=counts, actor=actor, now=now, key=key))
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
