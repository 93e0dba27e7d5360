"""Requests: the queue of a house, the decision, and the question before it."""

from collections.abc import Sequence

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_manage
from packhouse.errors import Conflict, NotFound, RuleBroken
from packhouse.forms.bookings import AnswerForm, ApproveForm, AskForm, RejectForm
from packhouse.forms.bookings.requests import DecisionForm
from packhouse.queries.bookings import booking_item
from packhouse.queries.bookings.requests import Waiting, requests_to_decide, requests_waiting
from packhouse.queries.runs import House, board_sites
from packhouse.services import bookings
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.deciding import desk_for
from packhouse.web.bookings.frame import bp, stale_page
from packhouse.web.bookings.showing import show_booking
from packhouse.web.waitlist import ask_next

FIELDS = {
    "override_reason_missing": "override",
    "reason_missing": "reason",
    "question_missing": "question",
    "question_open": "question",
    "text_long": "reason",
}


# --- the queue ----------------------------------------------------------------------------------


@bp.get("/bookings/requests")
@allow(Access.STAFF)
def requests() -> ResponseReturnValue:
    houses = board_sites(actor=current_actor())
    if not houses:
        return render_template("runs/nowhere.html")
    wanted = request.args.get("site")
    house = next((each for each in houses if wanted in (None, "", each.code)), None)
    if house is None:
        raise NotFound("site_not_found", site=wanted)
    return _queue(house, houses, request.args.get("code"))


def _queue(
    house: House, houses: Sequence[House], code: str | None, sent: DecisionForm | None = None
) -> str:
    actor, now = current_actor(), clock.now()
    lines = requests_waiting(site=house.code, actor=actor, now=now)
    line = next((each for each in lines if each.booking.code == code), next(iter(lines), None))
    return render_template(
        "bookings/requests.html",
        house=house,
        houses=houses,
        lines=lines,
        line=line,
        desk=desk_for(line.booking, queue=True, sent=sent) if line else None,
        decides=may_manage(actor, house.id),
        now=now,
    )


@bp.app_template_global("requests_to_decide")
def to_decide(site_id: int) -> Waiting | None:
    """Return what waits for a decision, for those who may take it."""
    if g.actor is None or not may_manage(g.actor, site_id):
        return None
    return requests_to_decide(site_id=site_id, now=clock.now())


# --- the decision -------------------------------------------------------------------------------


@bp.post("/bookings/<code>/approve")
@allow(Access.MANAGER)
def approve(code: str) -> ResponseReturnValue:
    form = ApproveForm()
    if not form.validate():
        return _again(code, form), 422
    try:
        bookings.approve(
            code=code,
            actor=current_actor(),
            now=clock.now(),
            version=form.version.data,
            override=form.override.data or "",
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _again(code, form), 422
    except Conflict as changed:
        return stale_page(code, form.version.data, "bookings.show", changed)
    flash(_("Permohonan disetujui. Pemohon diberi tahu."), "success")
    return _onwards(code, form)


@bp.post("/bookings/<code>/reject")
@allow(Access.MANAGER)
def reject(code: str) -> ResponseReturnValue:
    form = RejectForm()
    if not form.validate():
        return _again(code, form), 422
    try:
        bookings.reject(
            code=code,
            reason=form.text,
            actor=current_actor(),
            now=clock.now(),
            version=form.version.data,
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _again(code, form), 422
    except Conflict as changed:
        return stale_page(code, form.version.data, "bookings.show", changed)
    ask_next()
    flash(_("Permohonan ditolak. Pemohon diberi tahu alasannya, dan waktu lain."), "success")
    return _onwards(code, form)


@bp.post("/bookings/<code>/ask")
@allow(Access.MANAGER)
def ask(code: str) -> ResponseReturnValue:
    form = AskForm()
    if not form.validate():
        return _again(code, form), 422
    try:
        bookings.ask(
            code=code,
            question=form.question.data or "",
            actor=current_actor(),
            now=clock.now(),
            version=form.version.data,
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS | {"text_long": "question"})
        return _again(code, form), 422
    except Conflict as changed:
        return stale_page(code, form.version.data, "bookings.show", changed)
    flash(_("Pertanyaan dikirim. Jawabannya muncul di sini dan di pesan Anda."), "success")
    return _onwards(code, form)


def _again(code: str, form: DecisionForm) -> str:
    """Show the form once more where it came from; nothing that was typed is lost."""
    booking = booking_item(code=code, actor=current_actor())
    houses = [each for each in board_sites(actor=current_actor()) if each.id == booking.site_id]
    if form.queue.data and houses:
        return _queue(houses[0], board_sites(actor=current_actor()), code, form)
    return show_booking(code, sent=form)


def _onwards(code: str, form: DecisionForm) -> ResponseReturnValue:
    """Go on with the next in the queue, or back to the booking."""
    if not form.queue.data:
        return redirect(url_for("bookings.show", code=code), code=303)
    site = booking_item(code=code, actor=current_actor()).site
    return redirect(url_for("bookings.requests", site=site), code=303)


# --- her answer ---------------------------------------------------------------------------------


@bp.post("/bookings/<code>/answer")
@allow(Access.PRODUCER)
def answer(code: str) -> ResponseReturnValue:
    form = AnswerForm()
    if form.validate():
        try:
            text = form.answer.data or ""
            bookings.answer(code=code, text=text, actor=current_actor(), now=clock.now())
        except Conflict as over:
            return stale_page(code, None, "bookings.show", over)
        flash(_("Jawaban Anda dikirim."), "success")
        return redirect(url_for("bookings.show", code=code), code=303)
    return show_booking(code, answer_form=form), 422
