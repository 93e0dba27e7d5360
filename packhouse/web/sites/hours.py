"""When a house works: a week at a glance, filled in by a tap, undone by another."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.sites import Ramadan, next_ramadan
from packhouse.errors import RuleBroken, Stale
from packhouse.forms.sites import HoursForm, PeriodForm, UndoForm
from packhouse.queries.sites import SiteDetail, last_hours_change
from packhouse.services import sites
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.sites.frame import FIELDS, Again, Unfit, bp, managed, page, refusal


@bp.get("/sites/<code>/hours")
@allow(Access.MANAGER)
def hours(code: str) -> str:
    found = managed(code)
    return _hours_page(found, _as_they_are(found))


def _as_they_are(found: SiteDetail) -> HoursForm:
    """Return a form with the hours that decide today."""
    form = HoursForm(formdata=None)
    if found.current is not None:
        form.fill(found.current.hours.openings)
    return form


def _hours_page(
    found: SiteDetail, form: HoursForm, unfit: Unfit = (), again: Again | None = None
) -> str:
    return page(
        "sites/hours.html",
        found,
        form=form,
        unfit=unfit,
        again=again,
        ramadan=_ramadan(found),
        last=last_hours_change(site_id=found.site.id),
    )


def _ramadan(found: SiteDetail) -> Ramadan | None:
    """Return the coming fasting month, unless its hours are there already."""
    coming = next_ramadan(found.today)
    known = coming and any(
        each.valid_to is not None and each.valid_from <= coming.last_day <= each.valid_to
        for each in found.periods
    )
    return None if known else coming


@bp.post("/sites/<code>/hours")
@allow(Access.MANAGER)
def change_hours(code: str) -> ResponseReturnValue:
    found, form = managed(code), HoursForm()
    if form.ready.data:
        form.make_ready(form.ready.data, next_ramadan(found.today))
        return _hours_page(found, form)
    if not form.validate():
        return _hours_page(found, form), 422
    assert form.valid_from.data is not None
    try:
        sites.change_hours(
            code=code,
            hours=form.text(),
            valid_from=form.valid_from.data,
            valid_to=form.valid_to.data,
            actor=current_actor(),
            now=clock.now(),
            seen=form.codes,
        )
    except RuleBroken as refused:
        return _hours_page(found, form, refusal(form, refused, FIELDS)), 422
    flash(_("Jam buka disimpan."), "success")
    return redirect(url_for("sites.hours", code=code), code=303)


@bp.post("/sites/<code>/hours/remove")
@allow(Access.MANAGER)
def remove_hours(code: str) -> ResponseReturnValue:
    found, period = managed(code), PeriodForm()
    form = _as_they_are(found)
    if not period.validate() or period.valid_from.data is None:
        return _hours_page(found, form), 422
    first, last = period.valid_from.data, period.valid_to.data
    try:
        sites.remove_hours(
            code=code,
            valid_from=first,
            valid_to=last,
            actor=current_actor(),
            now=clock.now(),
            seen=period.codes,
        )
    except RuleBroken as refused:
        unfit = refusal(period, refused)
        form.form_errors += period.form_errors
        again = Again(
            url_for("sites.remove_hours", code=code),
            _("Ya, hapus"),
            {
                "valid_from": first.isoformat(),
                "valid_to": last.isoformat() if last else "",
                "seen": period.seen.data or "",
            },
        )
        return _hours_page(found, form, unfit, again), 422
    flash(_("Jam itu dihapus; jam sebelumnya berlaku lagi."), "success")
    return redirect(url_for("sites.hours", code=code), code=303)


@bp.post("/sites/<code>/hours/<int:change_id>/undo")
@allow(Access.MANAGER)
def undo_hours(code: str, change_id: int) -> ResponseReturnValue:
    found, undo = managed(code), UndoForm()
    try:
        sites.undo_hours(
            code=code,
            change_id=change_id,
            actor=current_actor(),
            now=clock.now(),
            seen=undo.codes if undo.validate() else (),
        )
    except (RuleBroken, Stale) as refused:
        form = _as_they_are(found)
        if isinstance(refused, Stale):
            form.tell(refused.problems)
            return _hours_page(found, form), 409
        unfit = refusal(undo, refused)
        again = Again(
            url_for("sites.undo_hours", code=code, change_id=change_id),
            _("Ya, kembalikan"),
            {"seen": undo.seen.data or ""},
        )
        return _hours_page(found, form, unfit, again), 422
    flash(_("Jam buka dikembalikan seperti sebelum perubahan itu."), "success")
    return redirect(url_for("sites.hours", code=code), code=303)
