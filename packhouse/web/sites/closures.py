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
from packhouse.web.sites.frame import FIELDS, Again, Unfit, bp, managed, page, refusal

# Holidays beyond this can wait for a decision.
SOON = timedelta(days=200)


@bp.get("/sites/<code>/closures")
@allow(Access.MANAGER)
def closures(code: str) -> str:
    return _closures_page(managed(code), ClosureForm(formdata=None))


def _closures_page(
    found: SiteDetail, form: ClosureForm, unfit: Unfit = (), again: Again | None = None
) -> str:
    years = range(found.today.year, found.today.year + 3)
    undecreed = [
        year
        for year in years
        if all(each.kind != "government" for each in indonesian_holidays(year))
    ]
    soon = found.today + SOON
    return page(
        "sites/closures.html", found, form=form, undecreed=undecreed, soon=soon, unfit=unfit,
        again=again,
    )  # fmt: skip


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
            seen=form.codes,
        )
    except RuleBroken as refused:
        return _closures_page(found, form, refusal(form, refused, FIELDS)), 422
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
    decision = form.decision.data or ""
    try:
        sites.decide_holiday(
            code=code,
            closure_id=closure_id,
            decision=decision,
            actor=current_actor(),
            now=clock.now(),
            seen=form.codes if form.validate() else (),
        )
    except RuleBroken as refused:
        unfit = refusal(form, refused)
        again = Again(
            url_for("sites.decide", code=code, closure_id=closure_id),
            _("Ya, tutup hari itu"),
            {"decision": decision, "seen": form.seen.data or ""},
        )
        blank = ClosureForm(formdata=None)
        return _closures_page(managed(code), blank, unfit, again), 422
    flash(_("Dipastikan tutup.") if decision == "confirm" else _("Tetap buka hari itu."), "success")
    return redirect(url_for("sites.closures", code=code) + f"#libur-{closure_id}", code=303)
