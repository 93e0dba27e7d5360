"""The technician's page: what is down and waits for which part, and when it is back."""

from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import Conflict, RuleBroken
from packhouse.forms.machines import PartForm
from packhouse.i18n import formats
from packhouse.i18n.locale import current_locale
from packhouse.queries.downtime import MachineDowntime, machine_downtime
from packhouse.queries.machines.upkeep import open_days, opening_on, part_site, upkeep
from packhouse.services import downtime, replanning
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.errors import status_of
from packhouse.web.machines.frame import FIELDS, bp


@bp.get("/sites/<code>/upkeep", endpoint="upkeep")
@allow(Access.STAFF)
def upkeep_page(code: str) -> str:
    now = clock.now()
    return render_template(
        "machines/upkeep.html", found=upkeep(site=code, actor=current_actor(), now=now), now=now
    )


@bp.get("/machines/<code>/parts/new")
@allow(Access.STAFF)
def part(code: str) -> str:
    return _part_page(PartForm(formdata=None), _shown(code))


def _shown(code: str) -> MachineDowntime:
    return machine_downtime(code=code, actor=current_actor(), now=clock.now())


def _part_page(form: PartForm, shown: MachineDowntime) -> str:
    now = clock.now()
    if shown.fault is not None:
        form.offer_days(
            (day.isoformat(), formats.local_date(day, shown.zone, locale=current_locale()))
            for day in open_days(site_id=shown.site_id, now=now)
        )
    return render_template("machines/part.html", form=form, shown=shown)


@bp.post("/machines/<code>/parts")
@allow(Access.STAFF)
def note_part(code: str) -> ResponseReturnValue:
    shown, form = _shown(code), PartForm()
    if not form.validate():
        return _part_page(form, shown), 422
    day = form.returns_on
    try:
        noted = downtime.note_part(
            machine=code,
            part=form.awaited(),
            actor=current_actor(),
            now=clock.now(),
            back_at=opening_on(site_id=shown.site_id, day=day) if day else None,
        )
    except (Conflict, RuleBroken) as refused:
        form.tell(refused.problems, FIELDS)
        return _part_page(form, shown), status_of(refused)
    if not noted.affected:
        flash(_("Suku cadang dicatat."), "success")
        return redirect(url_for("machines.upkeep", code=shown.site), code=303)
    count = len(noted.affected)
    flash(
        _("Suku cadang dicatat. %(count)s reservasi kehilangan waktunya.", count=count), "warning"
    )
    plan_id = replanning.propose(site=shown.site, actor=current_actor(), now=clock.now())
    return redirect(url_for("replanning.show", plan_id=plan_id), code=303)


@bp.post("/parts/<int:part_id>/arrived")
@allow(Access.STAFF)
def part_arrived(part_id: int) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    site, machine = part_site(part_id=part_id, actor=actor)
    today = now.astimezone(ZoneInfo(_shown(machine).zone)).date()
    downtime.end_part(part_id=part_id, arrived_on=today, actor=actor, now=now)
    flash(_("Dicatat tiba. Laporkan mesin baik setelah dipasang."), "success")
    return redirect(url_for("machines.upkeep", code=site), code=303)


@bp.post("/parts/<int:part_id>/drop")
@allow(Access.STAFF)
def drop_part(part_id: int) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    site, _machine = part_site(part_id=part_id, actor=actor)
    downtime.end_part(part_id=part_id, arrived_on=None, actor=actor, now=now)
    flash(_("Suku cadang tidak ditunggu lagi."), "success")
    return redirect(url_for("machines.upkeep", code=site), code=303)
