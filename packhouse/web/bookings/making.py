"""A new booking: the page for the last tap, and what comes of it."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import STAFF
from packhouse.errors import Malformed, Problem, RuleBroken, SlotTaken
from packhouse.forms import new_key
from packhouse.forms.bookings import BookForm, ChosenForm
from packhouse.queries.bookings.record import held_already
from packhouse.queries.slots import ProductChoice, journey_of, product_choice, visit_at
from packhouse.services import bookings
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.frame import bp, may_excuse, told


@bp.get("/bookings/new")
@allow(Access.PRODUCER)
def new() -> ResponseReturnValue:
    form = ChosenForm(request.args)
    if not form.validate():
        raise Malformed
    chosen = BookForm(formdata=None, data={**form.data, "idempotency_key": new_key()})
    return _recap(chosen, ())


@bp.post("/bookings")
@allow(Access.PRODUCER)
def create() -> ResponseReturnValue:
    form = BookForm()
    if not form.validate():
        raise Malformed
    actor = current_actor()
    try:
        answer = bookings.book(
            wish=form.wish,
            actor=actor,
            now=clock.now(),
            key=(form.idempotency_key.data or "")[:200] or None,
            source="desk" if actor.role in STAFF else "online",
            override=(form.override.data or "") if actor.role in STAFF else "",
        )
    except SlotTaken as taken:
        return _taken(form, taken)
    except RuleBroken as refused:
        return _recap(form, refused.problems)
    flash(_("Reservasi %(code)s sudah dicatat.", code=answer["code"]), "success")
    return redirect(url_for("bookings.show", code=answer["code"]), code=303)


def _recap(form: BookForm, refused: Sequence[Problem]) -> ResponseReturnValue:
    """Show what is about to be booked, or why it cannot be."""
    actor, now = current_actor(), clock.now()
    wish = form.wish
    product = product_choice(product_id=wish.product_id, actor=actor)
    visit, problems = visit_at(
        product=product,
        quantity=wish.quantity,
        machine=wish.machine,
        starts_at=wish.starts_at,
        actor=actor,
        now=now,
    )
    problems = tuple(refused) or problems
    if problems and (mine := _mine(form, product)):
        return mine
    page = render_template(
        "bookings/new.html",
        form=form,
        product=product,
        visit=None if problems else visit,
        problems=told(problems),
        may_override=may_excuse(actor, problems),
        journey=visit
        and journey_of(
            business_id=product.business_id, machine=wish.machine, starts_at=wish.starts_at
        ),
        now=now,
    )
    return page, 422 if problems else 200


def _taken(form: BookForm, taken: SlotTaken) -> ResponseReturnValue:
    """Say that somebody was faster; the other times take one tap, nothing is typed again."""
    product = product_choice(product_id=form.wish.product_id, actor=current_actor())
    if mine := _mine(form, product):
        return mine
    page = render_template(
        "bookings/taken.html",
        form=form,
        product=product,
        alternatives=[(each, new_key()) for each in taken.alternatives],
    )
    return page, 409


def _mine(form: BookForm, product: ProductChoice) -> ResponseReturnValue | None:
    """Say that the time is taken by nobody but herself: she came back, or sent it once more."""
    wish = form.wish
    code = held_already(product_id=product.id, machine=wish.machine, starts_at=wish.starts_at)
    if code is None:
        return None
    return render_template("bookings/mine.html", code=code, product=product, form=form), 409
