"""How many operators work, usually and in a period."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import RuleBroken
from packhouse.forms.sites import OperatorsForm, ShiftForm, UndoForm
from packhouse.queries.sites import SiteDetail
from packhouse.services import sites
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.sites.frame import FIELDS, Again, Unfit, bp, managed, page, refusal


@bp.get("/sites/<code>/shifts")
@allow(Access.MANAGER)
def shifts(code: str) -> str:
    return _shifts_page(managed(code), ShiftForm(formdata=None))


def _shifts_page(
    found: SiteDetail,
    form: ShiftForm,
    usual: OperatorsForm | None = None,
    unfit: Unfit = (),
    again: Again | None = None,
) -> str:
    usual = usual or OperatorsForm(formdata=None, data={"usual": found.site.operators})
    return page("sites/shifts.html", found, form=form, usual=usual, unfit=unfit, again=again)


@bp.post("/sites/<code>/shifts")
@allow(Access.MANAGER)
def set_shift(code: str) -> ResponseReturnValue:
    found, form = managed(code), ShiftForm()
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
            days=form.days,
            seen=form.codes,
        )
    except RuleBroken as refused:
        return _shifts_page(found, form, unfit=refusal(form, refused, FIELDS)), 422
    flash(_("Giliran kerja disimpan."), "success")
    return redirect(url_for("sites.shifts", code=code), code=303)


@bp.post("/sites/<code>/shifts/<int:shift_id>/remove")
@allow(Access.MANAGER)
def remove_shift(code: str, shift_id: int) -> ResponseReturnValue:
    undo = UndoForm()
    try:
        sites.remove_shift(
            code=code,
            shift_id=shift_id,
            actor=current_actor(),
            now=clock.now(),
            seen=undo.codes if undo.validate() else (),
        )
    except RuleBroken as refused:
        unfit = refusal(undo, refused)
        again = Again(
            url_for("sites.remove_shift", code=code, shift_id=shift_id),
            _("Ya, hapus"),
            {"seen": undo.seen.data or ""},
        )
        blank = ShiftForm(formdata=None)
        return _shifts_page(managed(code), blank, unfit=unfit, again=again), 422
    flash(_("Jumlah operator kembali seperti biasa."), "success")
    return redirect(url_for("sites.shifts", code=code), code=303)


@bp.post("/sites/<code>/operators")
@allow(Access.MANAGER)
def set_operators(code: str) -> ResponseReturnValue:
    found, usual = managed(code), OperatorsForm()
    form = ShiftForm(formdata=None)
    if not usual.validate():
        return _shifts_page(found, form, usual), 422
    try:
        sites.set_operators(
            code=code,
            operators=usual.usual.data or 0,
            actor=current_actor(),
            now=clock.now(),
            seen=usual.codes,
        )
    except RuleBroken as refused:
        unfit = refusal(usual, refused, {"operators_out_of_range": "usual"})
        return _shifts_page(found, form, usual, unfit), 422
    flash(_("Jumlah operator disimpan."), "success")
    return redirect(url_for("sites.shifts", code=code), code=303)
