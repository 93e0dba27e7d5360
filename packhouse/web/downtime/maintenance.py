"""Planned work: once, or again and again."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.downtime import MaintenanceState
from packhouse.errors import Conflict, PackhouseError, RuleBroken
from packhouse.forms.downtime import MaintenanceForm, ScheduleForm
from packhouse.queries.downtime import maintenance_machine, schedule_machine
from packhouse.services import downtime
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.downtime.frame import (
    bp,
    machine_page,
    managed_machine,
    to_machine,
    to_new_times,
    told,
)
from packhouse.web.errors import status_of


@bp.get("/machines/<code>/maintenance")
@allow(Access.MANAGER)
def maintenance(code: str) -> str:
    shown = managed_machine(code)
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
    shown, form = managed_machine(code), MaintenanceForm()
    if not form.validate():
        return render_template("downtime/maintenance.html", shown=shown, form=form), 422
    from_at, to_at = form.period(shown.zone)
    try:
        planned = downtime.plan_maintenance(
            machine=code,
            from_at=from_at,
            to_at=to_at,
            reason=form.reason.data,
            actor=current_actor(),
            now=clock.now(),
            note=form.note.data or "",
        )
    except (Conflict, RuleBroken) as refused:
        form.form_errors.extend(told(refused))
        page = render_template("downtime/maintenance.html", shown=shown, form=form)
        return page, status_of(refused)
    if planned.state == MaintenanceState.PROPOSED:
        count = len(planned.in_the_way)
        flash(_("Diusulkan. %(count)s reservasi perlu waktu lain dahulu.", count=count), "warning")
        return to_new_times(shown.site, maintenance_id=planned.id)
    flash(_("Perawatan dijadwalkan. Waktu itu tidak dapat dipesan."), "success")
    return to_machine(code)


@bp.post("/maintenance/<int:maintenance_id>/replan")
@allow(Access.MANAGER)
def make_room(maintenance_id: int) -> ResponseReturnValue:
    code, site = maintenance_machine(maintenance_id=maintenance_id, actor=current_actor())
    managed_machine(code)
    try:
        return to_new_times(site, maintenance_id=maintenance_id)
    except Conflict as refused:
        return machine_page(managed_machine(code), told(refused)), status_of(refused)


@bp.post("/maintenance/<int:maintenance_id>/take")
@allow(Access.MANAGER)
def take(maintenance_id: int) -> ResponseReturnValue:
    actor = current_actor()
    code, _site = maintenance_machine(maintenance_id=maintenance_id, actor=actor)
    try:
        downtime.claim_maintenance(maintenance_id=maintenance_id, actor=actor, now=clock.now())
    except (Conflict, RuleBroken) as refused:
        return _refused(code, refused)
    flash(_("Perawatan dijadwalkan. Waktu itu tidak dapat dipesan."), "success")
    return to_machine(code)


def _refused(code: str, refused: PackhouseError) -> ResponseReturnValue:
    return machine_page(managed_machine(code), told(refused)), status_of(refused)


@bp.post("/maintenance/<int:maintenance_id>/cancel")
@allow(Access.MANAGER)
def cancel(maintenance_id: int) -> ResponseReturnValue:
    actor = current_actor()
    code, _site = maintenance_machine(maintenance_id=maintenance_id, actor=actor)
    downtime.cancel_maintenance(maintenance_id=maintenance_id, actor=actor, now=clock.now())
    flash(_("Waktunya dapat dipesan lagi."), "success")
    return to_machine(code)


# --- again and again ----------------------------------------------------------------------------


@bp.get("/machines/<code>/maintenance-schedule")
@allow(Access.MANAGER)
def schedule(code: str) -> str:
    form = ScheduleForm(
        formdata=None,
        data={
            "reason": "maintenance", "basis": "running_hours", "every": 250, "minutes": 120,
            "lead_days": 7,
        },
    )  # fmt: skip
    return render_template("downtime/schedule.html", shown=managed_machine(code), form=form)


@bp.post("/machines/<code>/maintenance-schedule")
@allow(Access.MANAGER)
def add_schedule(code: str) -> ResponseReturnValue:
    shown, form, now = managed_machine(code), ScheduleForm(), clock.now()
    if not form.validate():
        return render_template("downtime/schedule.html", shown=shown, form=form), 422
    try:
        downtime.add_schedule(
            machine=code,
            reason=form.reason.data,
            basis=form.basis.data,
            every=form.every.data or 0,
            minutes=form.minutes.data or 0,
            lead_days=form.lead_days.data or 0,
            counts_from=form.counts_from(shown.zone, now),
            note=form.note.data or "",
            actor=current_actor(),
            now=now,
        )
    except RuleBroken as refused:
        form.form_errors.extend(told(refused))
        return render_template("downtime/schedule.html", shown=shown, form=form), 422
    flash(_("Dicatat. Waktunya diusulkan sendiri sebelum jatuh tempo."), "success")
    return to_machine(code)


@bp.post("/maintenance-schedules/<int:schedule_id>/end")
@allow(Access.MANAGER)
def end_schedule(schedule_id: int) -> ResponseReturnValue:
    actor = current_actor()
    code, _site = schedule_machine(schedule_id=schedule_id, actor=actor)
    downtime.end_schedule(schedule_id=schedule_id, actor=actor, now=clock.now())
    flash(_("Perawatan berkala ini dihentikan."), "success")
    return to_machine(code)
