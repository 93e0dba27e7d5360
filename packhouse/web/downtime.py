"""Machines that do not work: reported broken, repaired, and kept for planned work."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_manage
from packhouse.errors import Conflict, NotFound, PackhouseError, RuleBroken
from packhouse.forms.downtime import BreakdownForm, MaintenanceForm
from packhouse.i18n.messages import problem_text
from packhouse.queries.downtime import (
    MachineDowntime,
    faults,
    machine_downtime,
    maintenance_machine,
    planned_work,
)
from packhouse.services import downtime
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.errors import status_of

bp = Blueprint("downtime", __name__)


@bp.get("/downtime")
@allow(Access.STAFF)
def index() -> str:
    actor, now = current_actor(), clock.now()
    return render_template(
        "downtime/index.html",
        faults=faults(actor=actor),
        planned=planned_work(actor=actor, now=now),
        now=now,
    )


@bp.get("/machines/<code>/downtime")
@allow(Access.STAFF)
def machine(code: str) -> str:
    return _machine_page(_shown(code))


def _shown(code: str) -> MachineDowntime:
    return machine_downtime(code=code, actor=current_actor(), now=clock.now())


def _machine_page(shown: MachineDowntime, problems: list[str] | None = None) -> str:
    return render_template(
        "downtime/machine.html",
        shown=shown,
        problems=problems or [],
        may_plan=may_manage(current_actor(), shown.site_id),
        now=clock.now(),
    )


# --- broken -------------------------------------------------------------------------------------


@bp.get("/machines/<code>/breakdown")
@allow(Access.STAFF)
def breakdown(code: str) -> str:
    shown = _shown(code)
    form = BreakdownForm(formdata=None)
    if shown.fault is not None:
        form = BreakdownForm(
            formdata=None, data={"reason": shown.fault.reason, "note": shown.fault.note}
        )
    return render_template("downtime/breakdown.html", shown=shown, form=form)


@bp.post("/machines/<code>/breakdown")
@allow(Access.STAFF)
def report(code: str) -> ResponseReturnValue:
    shown, form = _shown(code), BreakdownForm()
    valid = form.validate()
    back_at = form.expected_back(shown.zone) if valid else None
    if back_at is None:
        if valid:
            form.form_errors.append(_("Pilih sampai kapan mesin ini diperkirakan rusak."))
        return render_template("downtime/breakdown.html", shown=shown, form=form), 422
    try:
        affected = downtime.report_breakdown(
            machine=code,
            reason=form.reason.data,
            expected_back_at=back_at,
            actor=current_actor(),
            now=clock.now(),
            note=form.note.data or "",
        )
    except (Conflict, RuleBroken) as refused:
        form.form_errors.extend(_told(refused))
        page = render_template("downtime/breakdown.html", shown=shown, form=form)
        return page, status_of(refused)
    flash(
        _("Dicatat rusak. %(count)s reservasi kehilangan waktunya.", count=len(affected))
        if affected
        else _("Dicatat rusak. Tidak ada reservasi yang terkena."),
        "warning" if affected else "success",
    )
    return redirect(url_for("downtime.machine", code=code), code=303)


@bp.post("/machines/<code>/repaired")
@allow(Access.STAFF)
def repaired(code: str) -> ResponseReturnValue:
    shown = _shown(code)
    try:
        downtime.repair(machine=code, actor=current_actor(), now=clock.now())
    except Conflict as refused:
        return _machine_page(_shown(code), _told(refused)), status_of(refused)
    flash(_("%(machine)s sudah baik dan dapat dipesan lagi.", machine=code), "success")
    if shown.displaced:
        return redirect(url_for("downtime.machine", code=code), code=303)
    return redirect(url_for("runs.board", site=shown.site), code=303)


# --- planned work -------------------------------------------------------------------------------


@bp.get("/machines/<code>/maintenance")
@allow(Access.MANAGER)
def maintenance(code: str) -> str:
    shown = _manageable(code)
    start = (shown.back_next or clock.now() + timedelta(days=1)).astimezone(ZoneInfo(shown.zone))
    form = MaintenanceForm(
        formdata=None,
        data={
            "reason": "maintenance",
            "from_day": start.date(),
            "from_time": start.time(),
            "to_day": start.date(),
        },
    )
    return render_template("downtime/maintenance.html", shown=shown, form=form)


@bp.post("/machines/<code>/maintenance")
@allow(Access.MANAGER)
def plan(code: str) -> ResponseReturnValue:
    shown, form = _manageable(code), MaintenanceForm()
    if not form.validate():
        return render_template("downtime/maintenance.html", shown=shown, form=form), 422
    from_at, to_at = form.period(shown.zone)
    try:
        downtime.plan_maintenance(
            machine=code,
            from_at=from_at,
            to_at=to_at,
            reason=form.reason.data,
            actor=current_actor(),
            now=clock.now(),
            note=form.note.data or "",
        )
    except (Conflict, RuleBroken) as refused:
        form.form_errors.extend(_told(refused))
        page = render_template("downtime/maintenance.html", shown=shown, form=form)
        return page, status_of(refused)
    flash(_("Perawatan dijadwalkan. Waktu itu tidak dapat dipesan."), "success")
    return redirect(url_for("downtime.machine", code=code), code=303)


@bp.post("/maintenance/<int:maintenance_id>/cancel")
@allow(Access.MANAGER)
def cancel(maintenance_id: int) -> ResponseReturnValue:
    actor = current_actor()
    code = maintenance_machine(maintenance_id=maintenance_id, actor=actor)
    downtime.cancel_maintenance(maintenance_id=maintenance_id, actor=actor, now=clock.now())
    flash(_("Perawatan dibatalkan. Waktunya dapat dipesan lagi."), "success")
    return redirect(url_for("downtime.machine", code=code), code=303)


def _manageable(code: str) -> MachineDowntime:
    shown = _shown(code)
    if not may_manage(current_actor(), shown.site_id):
        raise NotFound("machine_not_found", machine=code)
    return shown


def _told(refused: PackhouseError) -> list[str]:
    return [problem_text(problem.code, problem.facts) for problem in refused.problems]
