"""A machine fails, in three taps, and works again."""

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.time_range import ceil_to_slot
from packhouse.errors import Conflict, PackhouseError, RuleBroken
from packhouse.forms import new_key
from packhouse.forms.downtime import BreakdownForm
from packhouse.queries.downtime import (
    MachineDowntime,
    faults,
    open_outages,
    planned_work,
    recurring_work,
)
from packhouse.queries.runs import board_sites
from packhouse.services import downtime
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.downtime.frame import (
    bp,
    day_in_words,
    machine_page,
    opening_of,
    shown_machine,
    to_machine,
    to_new_times,
    told,
    until_choices,
)
from packhouse.web.errors import status_of


@bp.get("/downtime")
@allow(Access.STAFF)
def index() -> str:
    actor, now = current_actor(), clock.now()
    return render_template(
        "downtime/index.html",
        faults=faults(actor=actor),
        outages=open_outages(actor=actor),
        planned=planned_work(actor=actor, now=now),
        recurring=recurring_work(actor=actor, now=now),
        houses=board_sites(actor=actor),
        now=now,
    )


@bp.get("/machines/<code>/downtime")
@allow(Access.STAFF)
def machine(code: str) -> str:
    return machine_page(shown_machine(code))


@bp.get("/machines/<code>/breakdown")
@allow(Access.STAFF)
def breakdown(code: str) -> str:
    shown = shown_machine(code)
    fault = shown.fault
    usual = fault.expected_back_at if fault else shown.back_next or shown.back_today
    form = BreakdownForm(
        formdata=None,
        data={
            "reason": fault.reason if fault else None,
            "note": fault.note if fault else "",
            "back": usual.isoformat() if usual else None,
        },
    )
    return _report_page(form, shown)


def _report_page(form: BreakdownForm, shown: MachineDowntime) -> str:
    choices = [
        (_("Dalam 1 jam"), ceil_to_slot(clock.now() + timedelta(hours=1))),
        (_("Sampai tutup"), shown.back_today),
        *((day_in_words(at, shown.zone), at) for at in (shown.back_next, shown.back_after)),
    ]
    if shown.fault is not None:
        choices.insert(0, (_("Tetap"), shown.fault.expected_back_at))
    form.back.choices = until_choices(choices, shown.zone)
    form.idempotency_key.data = new_key()
    return render_template("downtime/breakdown.html", shown=shown, form=form)


@bp.post("/machines/<code>/breakdown")
@allow(Access.STAFF)
def report(code: str) -> ResponseReturnValue:
    shown, form = shown_machine(code), BreakdownForm()
    valid = form.validate()
    until = form.until(shown.zone, opens=opening_of(shown.back_next, shown.zone)) if valid else None
    if until is None:
        if valid:
            form.form_errors.append(_("Pilih sampai kapan mesin ini diperkirakan rusak."))
        return _report_page(form, shown), 422
    try:
        affected = downtime.report_breakdown(
            machine=code,
            reason=form.reason.data,
            expected_back_at=until,
            actor=current_actor(),
            now=clock.now(),
            note=form.note.data or "",
            key=(form.idempotency_key.data or "")[:200] or None,
        )
    except (Conflict, RuleBroken) as refused:
        form.form_errors.extend(told(refused))
        return _report_page(form, shown), status_of(refused)
    keep_photo(code)
    flash(
        _("Dicatat rusak. %(count)s reservasi kehilangan waktunya.", count=len(affected))
        if affected
        else _("Dicatat rusak. Tidak ada reservasi yang terkena."),
        "warning" if affected else "success",
    )
    return to_new_times(shown.site) if affected else to_machine(code)


def keep_photo(code: str) -> None:
    """Keep the photo of a form, if one came with it; a report is worth more than its picture."""
    sent = request.files.get("photo")
    if sent is None or not sent.filename:
        return
    data = sent.stream.read(downtime.MOST_BYTES + 1)
    try:
        downtime.add_photo(machine=code, data=data, actor=current_actor(), now=clock.now())
    except PackhouseError as refused:
        flash(_("Fotonya tidak disimpan: %(why)s", why=" ".join(told(refused))), "warning")


@bp.post("/machines/<code>/repaired")
@allow(Access.STAFF)
def repaired(code: str) -> ResponseReturnValue:
    shown = shown_machine(code)
    try:
        downtime.repair(machine=code, actor=current_actor(), now=clock.now())
    except Conflict as refused:
        return machine_page(shown_machine(code), told(refused)), status_of(refused)
    if shown_machine(code).fault is not None:
        flash(_("%(machine)s sudah diperbaiki, dan menunggu gangguan selesai.", machine=code))
        return to_machine(code)
    flash(_("%(machine)s sudah baik dan dapat dipesan lagi.", machine=code), "success")
    if shown.displaced:
        # Its time is back: who was to be called may get it.
        return to_new_times(shown.site)
    return redirect(url_for("runs.board", site=shown.site), code=303)
