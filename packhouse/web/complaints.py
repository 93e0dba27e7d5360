"""Complaints: anyone files and follows one; who manages the house answers."""

from datetime import datetime, timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.complaints import ANSWER_DAYS, REOPEN_WITHIN, Ticket, read_ticket
from packhouse.domain.permissions import MANAGERS
from packhouse.errors import NotFound, RuleBroken
from packhouse.forms.complaints import ComplaintForm, ReopenForm, TicketForm, WordsForm
from packhouse.queries.complaints import (
    ComplaintDetail,
    complaint_by_ticket,
    complaint_figures,
    complaint_months,
    complaint_to_answer,
    complaints_answered,
    complaints_waiting,
    my_complaint,
    my_complaints,
)
from packhouse.queries.users import workplaces
from packhouse.services import complaints
from packhouse.services.complaints import Grievance
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.security import limiter

bp = Blueprint("complaints", __name__)

FIELDS = {
    "complaint_topic_unknown": "topic",
    "complaint_text_short": "text",
    "text_long": "text",
    "name_long": "name",
    "complaint_phone_long": "phone",
    "complaint_code_long": "booking_code",
    "site_unknown": "site",
}
# A village may stand behind one address, and all of it may be angry.
FLOOD = "30 per hour"
GUESSES = "60 per minute"
A_YEAR = timedelta(days=365)


@bp.get("/complaints/new")
@allow(Access.PUBLIC)
def new() -> str:
    form = _form()
    form.site.data = request.args.get("site", form.site.data)
    form.booking_code.data = request.args.get("booking", "")[:20]
    return _new(form)


def _form() -> ComplaintForm:
    return ComplaintForm(sites=[(each.code, each.name) for each in workplaces()])


def _new(form: ComplaintForm) -> str:
    mine = my_complaints(actor=g.actor, now=clock.now()) if g.actor else ()
    return render_template(
        "complaints/new.html",
        form=form,
        days=ANSWER_DAYS,
        find=TicketForm(formdata=None),
        mine=mine,
    )


@bp.post("/complaints")
@limiter.limit(FLOOD)
@allow(Access.PUBLIC)
def create() -> ResponseReturnValue:
    form = _form()
    if not form.validate():
        return _new(form), 422
    given = Grievance(
        topic=form.topic.data,
        text=form.text.data or "",
        name=form.name.data or "",
        phone=form.phone.data or "",
        booking_code=form.booking_code.data or "",
    )
    try:
        ticket = complaints.file_complaint(
            site=form.site.data,
            grievance=given,
            actor=g.actor,
            now=clock.now(),
            key=form.idempotency_key.data or "",
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _new(form), 422
    flash(_("Pengaduan Anda sudah kami terima. Simpan nomornya."), "success")
    return redirect(url_for("complaints.follow", token=ticket.token), code=303)


@bp.get("/complaints/find")
@limiter.limit(GUESSES)
@allow(Access.PUBLIC)
def find() -> ResponseReturnValue:
    form = TicketForm(request.args if "ticket" in request.args else None)
    ticket = read_ticket(form.ticket.data or "")
    if ticket is not None and form.validate():
        return redirect(url_for("complaints.follow", token=ticket.token), code=303)
    if "ticket" in request.args and form.validate():
        form.ticket.errors = [*form.ticket.errors, _("Nomor pengaduan ini tidak lengkap.")]
    return render_template("complaints/find.html", form=form), 422 if form.errors else 200


@bp.get("/complaints/ticket/<token>")
@limiter.limit(GUESSES)
@allow(Access.PUBLIC)
def follow(token: str) -> str:
    ticket = _ticket(token)
    found = complaint_by_ticket(ticket=ticket, now=clock.now())
    return _follow(found, ReopenForm(formdata=None), ticket=ticket)


def _follow(found: ComplaintDetail, form: ReopenForm, *, ticket: Ticket | None) -> str:
    where = (
        url_for("complaints.reopen", token=ticket.token)
        if ticket
        else url_for("complaints.reopen_mine", complaint_id=found.item.id)
    )
    return render_template(
        "complaints/follow.html",
        found=found, item=found.item, form=form, ticket=ticket, where=where, now=clock.now(),
        reopen_days=REOPEN_WITHIN.days,
    )  # fmt: skip


@bp.post("/complaints/ticket/<token>/reopen")
@limiter.limit(FLOOD)
@allow(Access.PUBLIC)
def reopen(token: str) -> ResponseReturnValue:
    ticket = _ticket(token)
    found = complaint_by_ticket(ticket=ticket, now=clock.now())
    return _reopen(ticket, found, url_for("complaints.follow", token=token))


@bp.get("/complaints/mine/<int:complaint_id>")
@allow(Access.SIGNED_IN)
def mine(complaint_id: int) -> str:
    found = my_complaint(complaint_id=complaint_id, actor=current_actor(), now=clock.now())
    return _follow(found, ReopenForm(formdata=None), ticket=None)


@bp.post("/complaints/mine/<int:complaint_id>/reopen")
@allow(Access.SIGNED_IN)
def reopen_mine(complaint_id: int) -> ResponseReturnValue:
    found = my_complaint(complaint_id=complaint_id, actor=current_actor(), now=clock.now())
    return _reopen(None, found, url_for("complaints.mine", complaint_id=complaint_id))


def _reopen(ticket: Ticket | None, found: ComplaintDetail, back: str) -> ResponseReturnValue:
    form = ReopenForm()
    if not form.validate():
        return _follow(found, form, ticket=ticket), 422
    try:
        complaints.reopen_complaint(
            complaint=ticket or found.item.id,
            text=form.text.data or "",
            actor=g.actor,
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _follow(found, form, ticket=ticket), 422
    flash(_("Pengaduan dibuka lagi. Waktunya dihitung dari awal."), "success")
    return redirect(back, code=303)


# --- who answers --------------------------------------------------------------------------------


@bp.get("/complaints")
@allow(Access.REVIEW)
def index() -> str:
    actor, now = current_actor(), clock.now()
    since = now - A_YEAR
    return render_template(
        "complaints/index.html",
        answers=actor.role in MANAGERS,
        waiting=complaints_waiting(actor=actor, now=now),
        answered=complaints_answered(actor=actor, now=now),
        figures=complaint_figures(actor=actor, since=since, now=now),
        months=complaint_months(actor=actor, since=since, now=now),
        since=since,
    )


@bp.get("/complaints/<int:complaint_id>")
@allow(Access.MANAGER)
def show(complaint_id: int) -> str:
    return _show(complaint_id, WordsForm(formdata=None))


def _show(complaint_id: int, form: WordsForm) -> str:
    now = clock.now()
    found = complaint_to_answer(complaint_id=complaint_id, actor=current_actor(), now=now)
    return render_template("complaints/show.html", found=found, item=found.item, form=form)


@bp.post("/complaints/<int:complaint_id>/answer")
@allow(Access.MANAGER)
def answer(complaint_id: int) -> ResponseReturnValue:
    form, now = WordsForm(), clock.now()
    if not form.validate():
        return _show(complaint_id, form), 422
    try:
        complaints.answer_complaint(
            complaint_id=complaint_id, text=form.text.data or "", actor=current_actor(), now=now
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _show(complaint_id, form), 422
    flash(_("Jawaban disimpan; pengadu membacanya di halaman nomornya."), "success")
    return _back(complaint_id)


@bp.post("/complaints/<int:complaint_id>/close")
@allow(Access.MANAGER)
def close(complaint_id: int) -> ResponseReturnValue:
    now: datetime = clock.now()
    complaints.close_complaint(complaint_id=complaint_id, actor=current_actor(), now=now)
    flash(_("Pengaduan ditutup."), "success")
    return _back(complaint_id)


def _back(complaint_id: int) -> ResponseReturnValue:
    return redirect(url_for("complaints.show", complaint_id=complaint_id), code=303)


def _ticket(token: str) -> Ticket:
    ticket = read_ticket(token)
    if ticket is None:
        raise NotFound("complaint_not_found")
    return ticket
