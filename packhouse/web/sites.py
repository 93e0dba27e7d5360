"""Houses: the list and a public page each; for managers their calendar and their promises."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_administer, may_manage, may_operate
from packhouse.domain.sites import indonesian_holidays
from packhouse.errors import NotAllowed, RuleBroken
from packhouse.forms.sites import (
    ClosureForm,
    HolidayForm,
    HoursForm,
    OpenHouseForm,
    OperatorsForm,
    PeriodForm,
    PolicyForm,
    ShiftForm,
)
from packhouse.queries.machines import machines_page
from packhouse.queries.sites import SiteDetail, bookings_out_of_hours, site_cards, site_detail
from packhouse.services import sites
from packhouse.services.sites.houses import Contact, Policy
from packhouse.web.access import Access, allow, current_actor

bp = Blueprint("sites", __name__)

# Where a refusal is shown.
FIELDS = {
    "site_code_malformed": "code",
    "site_code_taken": "code",
    "name_missing": "name",
    "name_long": "name",
    "text_long": "address",
    "owner_unknown": "owner",
    "regency_unknown": "regency",
    "zone_unknown": "zone",
    "operators_out_of_range": "operators",
    "operators_booked": "operators",
    "closure_exists": "day_from",
    "closure_long": "day_to",
    "closure_reversed": "day_to",
    "hours_validity_reversed": "valid_to",
    "shift_reversed": "to_time",
    "off_grid": "from_time",
}
HOURS_FIELDS = dict.fromkeys(
    (
        "hours_empty", "hours_times_missing", "hours_weekday_unknown", "hours_days_reversed",
        "hours_interval_unreadable", "hours_past_midnight", "hours_reversed", "hours_off_grid",
        "hours_overlap",
    ),
    "hours",
)  # fmt: skip
POLICY = (
    "horizon_days", "notice_minutes", "cancel_hours", "request_hours", "grace_minutes",
    "overrun_minutes", "limit_open", "limit_week_hours", "limit_month_hours",
)  # fmt: skip
MOST_MACHINES = 200
# Holidays beyond this can wait for a decision.
SOON = timedelta(days=200)


@bp.get("/sites")
@allow(Access.PUBLIC)
def index() -> str:
    page = site_cards(now=clock.now(), cursor=request.args.get("cursor"))
    return render_template(
        "sites/index.html",
        page=page,
        first="cursor" not in request.args,
        may_open=g.actor is not None and may_administer(g.actor),
    )


@bp.get("/sites/<code>")
@allow(Access.PUBLIC)
def show(code: str) -> str:
    now = clock.now()
    found = site_detail(code=code, now=now)
    machines = machines_page(now=now, site=code, in_use=True, limit=MOST_MACHINES)
    actor = g.actor
    return render_template(
        "sites/show.html",
        found=found,
        site=found.site,
        machines=machines.items,
        now=now,
        manages=actor is not None and may_manage(actor, found.site.id),
        works=actor is not None and may_operate(actor, found.site.id),
    )


@bp.get("/sites/new")
@allow(Access.ADMIN)
def new() -> str:
    return render_template("sites/new.html", form=OpenHouseForm(formdata=None))


@bp.post("/sites")
@allow(Access.ADMIN)
def create() -> ResponseReturnValue:
    form = OpenHouseForm()
    if not form.validate():
        return render_template("sites/new.html", form=form), 422
    code = form.code.data or ""
    try:
        sites.create_site(
            code=code,
            name=form.name.data or "",
            regency=form.regency.data,
            zone=form.zone.data,
            hours=form.hours.data or "",
            operators=form.operators.data or 0,
            owner=form.owner.data,
            address=form.address.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS | HOURS_FIELDS)
        return render_template("sites/new.html", form=form), 422
    flash(_("Rumah kemasan dibuka. Periksa hari liburnya."), "success")
    return redirect(url_for("sites.closures", code=code), code=303)


@bp.get("/sites/<code>/edit")
@allow(Access.MANAGER)
def edit(code: str) -> str:
    found = _managed(code)
    form = PolicyForm(formdata=None, obj=found.site)
    return render_template("sites/edit.html", form=form, site=found.site)


@bp.post("/sites/<code>/edit")
@allow(Access.MANAGER)
def update(code: str) -> ResponseReturnValue:
    found, form = _managed(code), PolicyForm()
    if not form.validate():
        return render_template("sites/edit.html", form=form, site=found.site), 422
    try:
        sites.edit_site(
            code=code,
            name=form.name.data or "",
            address=form.address.data or "",
            owner=form.owner.data,
            policy=Policy(**{name: form[name].data for name in POLICY}),
            contact=Contact(form.phone.data or "", form.directions.data or ""),
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return render_template("sites/edit.html", form=form, site=found.site), 422
    flash(_("Data rumah kemasan disimpan."), "success")
    return redirect(url_for("sites.show", code=code), code=303)


# --- closures and holidays ----------------------------------------------------------------------


@bp.get("/sites/<code>/closures")
@allow(Access.MANAGER)
def closures(code: str) -> str:
    return _closures_page(_managed(code), ClosureForm(formdata=None))


def _closures_page(found: SiteDetail, form: ClosureForm) -> str:
    years = range(found.today.year, found.today.year + 3)
    undecreed = [
        year
        for year in years
        if all(each.kind != "government" for each in indonesian_holidays(year))
    ]
    soon = found.today + SOON
    return _page("sites/closures.html", found, form=form, undecreed=undecreed, soon=soon)


@bp.post("/sites/<code>/closures")
@allow(Access.MANAGER)
def close(code: str) -> ResponseReturnValue:
    found, form = _managed(code), ClosureForm()
    if not form.validate():
        return _closures_page(found, form), 422
    first = form.day_from.data
    assert first is not None
    try:
        sites.add_closure(
            code=code,
            day_from=first,
            day_to=form.day_to.data or first,
            name=form.name.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _closures_page(found, form), 422
    flash(_("Hari tutup dicatat."), "success")
    return redirect(url_for("sites.closures", code=code), code=303)


@bp.post("/sites/<code>/closures/<int:closure_id>/remove")
@allow(Access.MANAGER)
def reopen(code: str, closure_id: int) -> ResponseReturnValue:
    sites.remove_closure(code=code, closure_id=closure_id, actor=current_actor(), now=clock.now())
    flash(_("Hari itu buka lagi."), "success")
    return redirect(url_for("sites.closures", code=code), code=303)


@bp.post("/sites/<code>/holidays/<int:closure_id>")
@allow(Access.MANAGER)
def decide(code: str, closure_id: int) -> ResponseReturnValue:
    form = HolidayForm()
    sites.decide_holiday(
        code=code,
        closure_id=closure_id,
        decision=form.decision.data or "",
        actor=current_actor(),
        now=clock.now(),
    )
    flash(
        _("Dipastikan tutup.") if form.decision.data == "confirm" else _("Tetap buka hari itu."),
        "success",
    )
    return redirect(url_for("sites.closures", code=code) + f"#libur-{closure_id}", code=303)


# --- hours --------------------------------------------------------------------------------------


@bp.get("/sites/<code>/hours")
@allow(Access.MANAGER)
def hours(code: str) -> str:
    found = _managed(code)
    form = HoursForm(formdata=None)
    if found.current is not None:
        form.fill(found.current.hours.openings)
    return _page("sites/hours.html", found, form=form)


@bp.post("/sites/<code>/hours")
@allow(Access.MANAGER)
def change_hours(code: str) -> ResponseReturnValue:
    found, form = _managed(code), HoursForm()
    if not form.validate():
        return _page("sites/hours.html", found, form=form), 422
    assert form.valid_from.data is not None
    try:
        sites.change_hours(
            code=code,
            hours=form.text(),
            valid_from=form.valid_from.data,
            valid_to=form.valid_to.data,
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _page("sites/hours.html", found, form=form), 422
    flash(_("Jam buka disimpan."), "success")
    return redirect(url_for("sites.hours", code=code), code=303)


@bp.post("/sites/<code>/hours/remove")
@allow(Access.MANAGER)
def remove_hours(code: str) -> ResponseReturnValue:
    found, period = _managed(code), PeriodForm()
    form = HoursForm(formdata=None)
    if not period.validate() or period.valid_from.data is None:
        return _page("sites/hours.html", found, form=form), 422
    try:
        sites.remove_hours(
            code=code,
            valid_from=period.valid_from.data,
            valid_to=period.valid_to.data,
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems)
        return _page("sites/hours.html", found, form=form), 422
    flash(_("Jam itu dihapus; jam sebelumnya berlaku lagi."), "success")
    return redirect(url_for("sites.hours", code=code), code=303)


# --- operators ----------------------------------------------------------------------------------


@bp.get("/sites/<code>/shifts")
@allow(Access.MANAGER)
def shifts(code: str) -> str:
    return _shifts_page(_managed(code), ShiftForm(formdata=None))


def _shifts_page(found: SiteDetail, form: ShiftForm, usual: OperatorsForm | None = None) -> str:
    usual = usual or OperatorsForm(formdata=None, data={"usual": found.site.operators})
    return _page("sites/shifts.html", found, form=form, usual=usual)


@bp.post("/sites/<code>/shifts")
@allow(Access.MANAGER)
def set_shift(code: str) -> ResponseReturnValue:
    found, form = _managed(code), ShiftForm()
    if not form.validate():
        return _shifts_page(found, form), 422
    from_at, to_at = form.instants(found.site.zone)
    try:
        sites.set_shift(
            code=code,
            from_at=from_at,
            to_at=to_at,
            operators=form.operators.data or 0,
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _shifts_page(found, form), 422
    flash(_("Giliran kerja disimpan."), "success")
    return redirect(url_for("sites.shifts", code=code), code=303)


@bp.post("/sites/<code>/shifts/<int:shift_id>/remove")
@allow(Access.MANAGER)
def remove_shift(code: str, shift_id: int) -> ResponseReturnValue:
    form = ShiftForm(formdata=None)
    try:
        sites.remove_shift(code=code, shift_id=shift_id, actor=current_actor(), now=clock.now())
    except RuleBroken as refused:
        form.tell(refused.problems)
        return _shifts_page(_managed(code), form), 422
    flash(_("Jumlah operator kembali seperti biasa."), "success")
    return redirect(url_for("sites.shifts", code=code), code=303)


@bp.post("/sites/<code>/operators")
@allow(Access.MANAGER)
def set_operators(code: str) -> ResponseReturnValue:
    found, usual = _managed(code), OperatorsForm()
    form = ShiftForm(formdata=None)
    if not usual.validate():
        return _shifts_page(found, form, usual), 422
    try:
        sites.set_operators(
            code=code,
            operators=usual.usual.data or 0,
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        usual.tell(refused.problems, {"operators_booked": "usual"})
        return _shifts_page(found, form, usual), 422
    flash(_("Jumlah operator disimpan."), "success")
    return redirect(url_for("sites.shifts", code=code), code=303)


def _managed(code: str) -> SiteDetail:
    """Return a house that this person manages; its calendar is nobody else's business."""
    found = site_detail(code=code, now=clock.now())
    if not may_manage(current_actor(), found.site.id):
        raise NotAllowed
    return found


def _page(template: str, found: SiteDetail, **more: Any) -> str:
    """Render a page of the calendar with the bookings that it no longer holds."""
    actor, now = current_actor(), clock.now()
    misfits = bookings_out_of_hours(code=found.site.code, actor=actor, now=now)
    return render_template(template, found=found, site=found.site, misfits=misfits, **more)
