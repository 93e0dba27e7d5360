"""Machines: what there is, what each can do and costs, its week; for managers their upkeep."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.machines import MachineKind
from packhouse.domain.permissions import may_manage, may_operate
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, RuleBroken
from packhouse.forms.machines import (
    FindMachineForm,
    KindForm,
    MachineForm,
    NewMachineForm,
    RetireForm,
    TariffForm,
    usual_values,
)
from packhouse.i18n.names import name_of
from packhouse.queries.machines import (
    MachineDetail,
    machine_detail,
    machines_page,
    packs,
)
from packhouse.queries.sites import SiteItem, site_detail, sites_page
from packhouse.services import machines, tariffs
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.machine_weeks import week_of

bp = Blueprint("machines", __name__)

FIELDS = {
    "machine_code_malformed": "code",
    "machine_code_taken": "code",
    "name_missing": "name",
    "name_long": "name",
    "lane_unknown": "lane",
    "lane_fixed": "lane",
    "machine_packs_missing": "packs",
    "pack_malformed": "packs",
    "pack_has_bookings": "packs",
    "machine_rate_not_positive": "rate_per_minute",
    "machine_rate_too_large": "rate_per_minute",
    "machine_setup_out_of_range": "setup_minutes",
    "machine_cleaning_not_rising": "cleaning_minutes_1",
    "cleaning_does_not_fit": "cleaning_minutes_1",
    "attended_has_bookings": "attended",
    "machine_used_before_commissioned": "commissioned_on",
    "year_out_of_range": "acquired_year",
    "condition_unknown": "condition",
    "machine_tariff_negative": "tariff_per_hour",
    "legal_basis_missing": "legal_basis",
    "text_long": "legal_basis",
    "tariff_in_the_past": "valid_from",
    "amount_out_of_range": "per_hour",
    "reason_missing": "reason",
    "machine_has_bookings": "day",
    "machine_retired_before_commissioned": "day",
}
MOST_SITES = 200


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
        may_add=bool(_managed_sites(g.actor)),
    )


@bp.get("/machines/<code>")
@allow(Access.PUBLIC)
def show(code: str) -> str:
    actor, now = g.actor, clock.now()
    found = machine_detail(code=code, actor=actor, now=now)
    site_id = found.machine.site_id
    return render_template(
        "machines/show.html",
        found=found,
        machine=found.machine,
        tariff=found.tariff_at(now),
        week=week_of(found, actor, _asked_day(found.machine.zone, now), now),
        now=now,
        manages=actor is not None and may_manage(actor, site_id),
        works=actor is not None and may_operate(actor, site_id),
    )


# --- upkeep -------------------------------------------------------------------------------------


@bp.get("/machines/new")
@allow(Access.MANAGER)
def new() -> str:
    sites = _managed_sites(current_actor())
    first = KindForm(request.args)
    first.site.choices = [(each.code, each.name) for each in sites]
    usual = usual_values(request.args.get("kind", ""))
    if usual is None or not first.validate():
        return render_template("machines/kind.html", form=first, sites=sites)
    form = NewMachineForm(formdata=None, kind=first.kind.data, site=first.site.data)
    form.offer_packs(packs())
    form.fill_usual(usual)
    form.name.data = name_of("kind", first.kind.data)
    form.lane.data = "halal"
    form.commissioned_on.data = clock.now().astimezone(ZoneInfo(_zone(sites, form))).date()
    return _new_page(form)


@bp.post("/machines")
@allow(Access.MANAGER)
def create() -> ResponseReturnValue:
    form = NewMachineForm()
    form.offer_packs(packs())
    site = _managed_site(form.site.data or "")
    if not form.validate():
        return _new_page(form), 422
    try:
        machines.create_machine(
            site=site.code,
            draft=form.draft(zone=site.zone),
            tariff_per_hour=form.tariff_per_hour.data or 0,
            legal_basis=form.legal_basis.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS | {"amount_out_of_range": "tariff_per_hour"})
        return _new_page(form), 422
    flash(_("Mesin ditambahkan dan dapat dipesan."), "success")
    return redirect(url_for("machines.show", code=form.code.data), code=303)


def _zone(sites: Iterable[SiteItem], form: NewMachineForm) -> str:
    return next(each.zone for each in sites if each.code == form.site.data)


def _new_page(form: NewMachineForm) -> str:
    return render_template("machines/form.html", form=form, machine=None)


@bp.get("/machines/<code>/edit")
@allow(Access.MANAGER)
def edit(code: str) -> str:
    known = _managed(code)
    form = MachineForm(formdata=None)
    form.offer_packs(packs())
    form.fill(known)
    return render_template("machines/form.html", form=form, machine=known.machine)


@bp.post("/machines/<code>/edit")
@allow(Access.MANAGER)
def update(code: str) -> ResponseReturnValue:
    known, form = _managed(code), MachineForm()
    form.offer_packs(packs())
    machine = known.machine
    # What is not asked stays: the code for ever, the lane too.
    form.code.data, form.kind.data = machine.code, form.kind.data or machine.kind
    form.code.raw_data = [machine.code]
    if not form.validate():
        return render_template("machines/form.html", form=form, machine=machine), 422
    draft = form.draft(zone=machine.zone, commissioned_at=machine.commissioned_at)
    try:
        machines.edit_machine(draft=draft, actor=current_actor(), now=clock.now())
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return render_template("machines/form.html", form=form, machine=machine), 422
    flash(_("Data mesin disimpan."), "success")
    return redirect(url_for("machines.show", code=code), code=303)


@bp.get("/machines/<code>/tariff")
@allow(Access.MANAGER)
def tariff(code: str) -> str:
    form = TariffForm(formdata=None)
    return render_template("machines/tariff.html", form=form, found=_managed(code))


@bp.post("/machines/<code>/tariff")
@allow(Access.MANAGER)
def set_tariff(code: str) -> ResponseReturnValue:
    known, form = _managed(code), TariffForm()
    if not form.validate():
        return render_template("machines/tariff.html", form=form, found=known), 422
    now = clock.now()
    begins = _instant(form.valid_from.data, time(), known.machine.zone)
    today = now.astimezone(ZoneInfo(known.machine.zone)).date()
    try:
        tariffs.set_tariff(
            machine=code,
            per_hour=form.per_hour.data or 0,
            # "Today" means from now on: this morning's bookings have their price already.
            valid_from=now if form.valid_from.data == today else begins,
            legal_basis=form.legal_basis.data or "",
            actor=current_actor(),
            now=now,
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return render_template("machines/tariff.html", form=form, found=known), 422
    flash(_("Tarif disimpan."), "success")
    return redirect(url_for("machines.show", code=code), code=303)


@bp.get("/machines/<code>/retire")
@allow(Access.MANAGER)
def leaving(code: str) -> str:
    form = RetireForm(formdata=None)
    return render_template("machines/retire.html", form=form, machine=_managed(code).machine)


@bp.post("/machines/<code>/retire")
@allow(Access.MANAGER)
def retire(code: str) -> ResponseReturnValue:
    machine, form = _managed(code).machine, RetireForm()
    if not form.validate():
        return render_template("machines/retire.html", form=form, machine=machine), 422
    try:
        machines.retire_machine(
            code=code,
            retired_at=_instant(form.day.data, form.time.data, machine.zone),
            reason=form.reason.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return render_template("machines/retire.html", form=form, machine=machine), 422
    flash(_("Dicatat: mesin ini tidak dipakai lagi."), "success")
    return redirect(url_for("machines.show", code=code), code=303)


def _asked_day(zone: str, now: datetime) -> date:
    today = now.astimezone(ZoneInfo(zone)).date()
    try:
        day = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        return today
    return day if 2000 <= day.year <= 2100 else today


# --- who may ------------------------------------------------------------------------------------


def _managed(code: str) -> MachineDetail:
    actor = current_actor()
    known = machine_detail(code=code, actor=actor, now=clock.now())
    if not may_manage(actor, known.machine.site_id):
        raise NotAllowed
    return known


def _managed_sites(actor: Actor | None) -> list[SiteItem]:
    if actor is None:
        return []
    return [each for each in sites_page(limit=MOST_SITES).items if may_manage(actor, each.id)]


def _managed_site(code: str) -> SiteItem:
    site = site_detail(code=code, now=clock.now()).site
    if not may_manage(current_actor(), site.id):
        raise NotFound("site_unknown", site=code)
    return site


def _instant(day: Any, wall: Any, zone: str) -> datetime:
    return datetime.combine(day, wall, tzinfo=ZoneInfo(zone)).astimezone(UTC)
