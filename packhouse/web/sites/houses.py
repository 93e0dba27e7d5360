"""Houses: the list and a public page each; for managers what they are and promise."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_administer, may_manage, may_operate
from packhouse.errors import RuleBroken
from packhouse.forms.sites import OpenHouseForm, PolicyForm
from packhouse.queries.machines import machines_page
from packhouse.queries.sites import site_cards, site_detail
from packhouse.services import sites
from packhouse.services.sites.houses import Contact, Policy
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.sites.frame import FIELDS, HOURS_FIELDS, bp, managed

POLICY = (
    "horizon_days", "notice_minutes", "cancel_hours", "request_hours", "grace_minutes",
    "overrun_minutes", "absence_minutes", "delay_minutes", "inform_minutes", "limit_open",
    "limit_week_hours", "limit_month_hours",
)  # fmt: skip
MOST_MACHINES = 200


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
    found = managed(code)
    form = PolicyForm(formdata=None, obj=found.site)
    return render_template("sites/edit.html", form=form, site=found.site)


@bp.post("/sites/<code>/edit")
@allow(Access.MANAGER)
def update(code: str) -> ResponseReturnValue:
    found, form = managed(code), PolicyForm()
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
