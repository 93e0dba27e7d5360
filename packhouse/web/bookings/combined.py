"""A new job in several parts: the page for the last tap, and what comes of it."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import STAFF
from packhouse.errors import Malformed, Problem, RuleBroken, SlotTaken
from packhouse.forms import new_key
from packhouse.forms.bookings.jobs import ChosenJobForm, JobForm
from packhouse.queries.slots import product_choice
from packhouse.queries.slots.combined import pieces_at
from packhouse.services import bookings
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.frame import bp, may_excuse
from packhouse.web.bookings.jobs import of_parts
from packhouse.web.errors import status_of


@bp.get("/jobs/new")
@allow(Access.PRODUCER)
def job_new() -> ResponseReturnValue:
    form = ChosenJobForm(request.args)
    if not form.validate():
        raise Malformed
    chosen = JobForm(formdata=None, data={**form.data, "idempotency_key": new_key()})
    return _recap(chosen, (), 200)


@bp.post("/jobs")
@allow(Access.PRODUCER)
def job_create() -> ResponseReturnValue:
    form = JobForm()
    if not form.validate():
        raise Malformed
    actor = current_actor()
    try:
        answer = bookings.book_job(
            product_id=form.product.data or 0,
            quantity=form.quantity.data or 0,
            parts=form.parts,
            actor=actor,
            now=clock.now(),
            key=(form.idempotency_key.data or "")[:200] or None,
            source="desk" if actor.role in STAFF else "online",
            override=(form.override.data or "") if actor.role in STAFF else "",
        )
    except (SlotTaken, RuleBroken) as refused:
        return _recap(form, refused.problems, status_of(refused))
    flash(_("Pekerjaan %(code)s sudah dicatat.", code=answer["code"]), "success")
    return redirect(url_for("bookings.job_show", code=answer["code"]), code=303)


def _recap(form: JobForm, refused: Sequence[Problem], status: int) -> ResponseReturnValue:
    """Show what is about to be booked, or why it cannot be: then nothing of it is."""
    actor = current_actor()
    product = product_choice(product_id=form.product.data or 0, actor=actor)
    choice, problems = pieces_at(
        product=product,
        parts=[(each.quantity, each.machine, each.starts_at) for each in form.parts],
        actor=actor,
        now=clock.now(),
    )
    problems = tuple(refused) or problems
    page = render_template(
        "bookings/job_new.html",
        form=form,
        product=product,
        choice=None if problems else choice,
        problems=of_parts(problems),
        may_override=may_excuse(actor, problems),
    )
    return page, status if refused or not problems else 422
