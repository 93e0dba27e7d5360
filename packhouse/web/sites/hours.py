"""When a house works."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import RuleBroken
from packhouse.forms.sites import HoursForm, PeriodForm
from packhouse.services import sites
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.sites.frame import FIELDS, bp, managed, page


@bp.get("/sites/<code>/hours")
@allow(Access.MANAGER)
def hours(code: str) -> str:
    found = managed(code)
    form = HoursForm(formdata=None)
    if found.current is not None:
        form.fill(found.current.hours.openings)
    return page("sites/hours.html", found, form=form)


@bp.post("/sites/<code>/hours")
@allow(Access.MANAGER)
def change_hours(code: str) -> ResponseReturnValue:
    found, form = managed(code), HoursForm()
    if not form.validate():
        return page("sites/hours.html", found, form=form), 422
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
        return page("sites/hours.html", found, form=form), 422
    flash(_("Jam buka disimpan."), "success")
    return redirect(url_for("sites.hours", code=code), code=303)


@bp.post("/sites/<code>/hours/remove")
@allow(Access.MANAGER)
def remove_hours(code: str) -> ResponseReturnValue:
    found, period = managed(code), PeriodForm()
    form = HoursForm(formdata=None)
    if not period.validate() or period.valid_from.data is None:
        return page("sites/hours.html", found, form=form), 422
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
        return page("sites/hours.html", found, form=form), 422
    flash(_("Jam itu dihapus; jam sebelumnya berlaku lagi."), "success")
    return redirect(url_for("sites.hours", code=code), code=303)
