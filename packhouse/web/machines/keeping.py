"""For managers: new machines, what they are, their tariff, and their end."""

from collections.abc import Iterable
from datetime import time
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import RuleBroken
from packhouse.forms.machines import (
    KindForm,
    MachineForm,
    NewMachineForm,
    RetireForm,
    TariffForm,
    usual_values,
)
from packhouse.i18n.names import name_of
from packhouse.queries.machines import packs
from packhouse.queries.sites import SiteItem
from packhouse.services import machines, tariffs
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.machines.frame import (
    FIELDS,
    bp,
    instant,
    managed,
    managed_site,
    managed_sites,
)


@bp.get("/machines/new")
@allow(Access.MANAGER)
def new() -> str:
    sites = managed_sites(current_actor())
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
    site = managed_site(form.site.data or "")
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
    known = managed(code)
    form = MachineForm(formdata=None)
    form.offer_packs(packs())
    form.fill(known)
    return render_template("machines/form.html", form=form, machine=known.machine)


@bp.post("/machines/<code>/edit")
@allow(Access.MANAGER)
def update(code: str) -> ResponseReturnValue:
    known, form = managed(code), MachineForm()
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
    return render_template("machines/tariff.html", form=form, found=managed(code))


@bp.post("/machines/<code>/tariff")
@allow(Access.MANAGER)
def set_tariff(code: str) -> ResponseReturnValue:
    known, form = managed(code), TariffForm()
    if not form.validate():
        return render_template("machines/tariff.html", form=form, found=known), 422
    now = clock.now()
    begins = instant(form.valid_from.data, time(), known.machine.zone)
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
    return render_template("machines/retire.html", form=form, machine=managed(code).machine)


@bp.post("/machines/<code>/retire")
@allow(Access.MANAGER)
def retire(code: str) -> ResponseReturnValue:
    machine, form = managed(code).machine, RetireForm()
    if not form.validate():
        return render_template("machines/retire.html", form=form, machine=machine), 422
    try:
        machines.retire_machine(
            code=code,
            retired_at=instant(form.day.data, form.time.data, machine.zone),
            reason=form.reason.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return render_template("machines/retire.html", form=form, machine=machine), 422
    flash(_("Dicatat: mesin ini tidak dipakai lagi."), "success")
    return redirect(url_for("machines.show", code=code), code=303)
