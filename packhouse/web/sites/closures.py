"""Days on which a house is closed, and holidays that its manager confirms or opens."""

from datetime import timedelta

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.sites import indonesian_holidays
from packhouse.errors import RuleBroken
from packhouse.forms.sites import ClosureForm, HolidayForm
from packhouse.queries.sites import SiteDetail
from packhouse.services import sites
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.sites.frame import FIELDS, bp, managed, page

# Holidays beyond this can wait for a decision.
SOON = timedelta(days=200)


@bp.get("/sites/<code>/closures")
@allow(Access.MANAGER)
def closures(code: str) -> str:
    return _closures_page(managed(code), ClosureForm(formdata=None))


def _closures_page(found: SiteDetail, form: ClosureForm) -> str:
    years = range(found.today.year, found.today.year + 3)
    undecreed = [
        year
        for year in years
        if all(each.kind != "government" for each in indonesian_holidays(year))
    ]
    soon = found.today + SOON
    return page("sites/closures.html", found, form=form, undecreed=undecreed, soon=soon)


@bp.post("/sites/<code>/closures")
@allow(Access.MANAGER)
def close(code: str) -> ResponseReturnValue:
    found, form = managed(code), ClosureForm()
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
