"""What there is, what each machine can do and costs, and its week."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import g, render_template, request
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.machines import MachineKind
from packhouse.domain.permissions import may_audit, may_manage, may_operate
from packhouse.forms.machines import FindMachineForm
from packhouse.i18n.names import name_of
from packhouse.queries.machines import machine_detail, machines_page
from packhouse.queries.machines.register import asset_history
from packhouse.queries.machines.upkeep import machine_reliability, parts_of
from packhouse.queries.sites import sites_page
from packhouse.web.access import Access, allow
from packhouse.web.machine_weeks import week_of
from packhouse.web.machines.frame import MOST_SITES, bp, managed_sites


@bp.get("/machines")
@allow(Access.PUBLIC)
def index() -> str:
    now, form = clock.now(), FindMachineForm(request.args)
    places = sites_page(limit=MOST_SITES).items
    form.site.choices = [("", _("Semua")), *((each.code, each.name) for each in places)]
    form.kind.choices = [("", _("Semua")), *((str(k), name_of("kind", k)) for k in MachineKind)]
    site, kind = request.args.get("site") or None, request.args.get("kind") or None
    page = machines_page(
        now=now, site=site, kind=kind, in_use=True, cursor=request.args.get("cursor")
    )
    args = {name: text for name, text in (("site", site), ("kind", kind)) if text}
    return render_template(
        "machines/index.html",
        form=form,
        page=page,
        args=args,
        now=now,
        first="cursor" not in request.args,
        may_add=bool(managed_sites(g.actor)),
    )


@bp.get("/machines/<code>")
@allow(Access.PUBLIC)
def show(code: str) -> str:
    actor, now = g.actor, clock.now()
    found = machine_detail(code=code, actor=actor, now=now)
    site_id = found.machine.site_id
    works = actor is not None and may_operate(actor, site_id)
    return render_template(
        "machines/show.html",
        found=found,
        machine=found.machine,
        tariff=found.tariff_at(now),
        week=week_of(found, actor, _asked_day(found.machine.zone, now), now),
        now=now,
        history=asset_history(machine_id=found.machine.id, site_id=site_id, actor=actor),
        awaited=parts_of(machine_id=found.machine.id) if works else (),
        figures=machine_reliability(code=code, zone=found.machine.zone, now=now)
        if works or (actor is not None and may_audit(actor))
        else None,
        manages=actor is not None and may_manage(actor, site_id),
        works=works,
    )


def _asked_day(zone: str, now: datetime) -> date:
    today = now.astimezone(ZoneInfo(zone)).date()
    try:
        day = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        return today
    return day if 2000 <= day.year <= 2100 else today
