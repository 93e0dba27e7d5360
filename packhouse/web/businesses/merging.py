"""Businesses that may be on record twice: found, seen side by side, merged or told apart."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import RuleBroken
from packhouse.forms.businesses import DismissForm, MergeForm
from packhouse.i18n.businesses import LIKENESS_NAMES, MOVED_NAMES
from packhouse.i18n.messages import problem_text
from packhouse.queries.businesses import (
    business_detail,
    business_id_of,
    dismissed_pairs,
    duplicates,
    merge_preview,
)
from packhouse.services import businesses
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.businesses.frame import back_to, bp


@bp.get("/businesses/duplicates")
@allow(Access.MANAGER)
def duplicate() -> str:
    return render_template(
        "businesses/duplicates.html",
        pairs=duplicates(actor=current_actor()),
        apart=dismissed_pairs(actor=current_actor()),
        likeness=LIKENESS_NAMES,
    )


@bp.get("/businesses/<int:business_id>/merge")
@allow(Access.MANAGER)
def merging(business_id: int) -> ResponseReturnValue:
    found = business_detail(business_id=business_id, actor=current_actor()).business
    reference = request.args.get("into", "").strip()
    into = business_id_of(reference=reference) if reference else None
    if into is None:
        status = 422 if reference else 200
        page = render_template("businesses/merge_with.html", business=found, reference=reference)
        return page, status
    return _page(business_id, into, MergeForm(formdata=None))


@bp.post("/businesses/<int:business_id>/merge")
@allow(Access.MANAGER)
def merge(business_id: int) -> ResponseReturnValue:
    form = MergeForm()
    into = business_id_of(reference=form.into.data or "")
    if into is None:
        found = business_detail(business_id=business_id, actor=current_actor()).business
        return render_template(
            "businesses/merge_with.html", business=found, reference=form.into.data or "?"
        ), 422
    if not form.validate():
        return _page(business_id, into, form), 422
    try:
        businesses.merge_businesses(
            merged_id=business_id,
            into_id=into,
            reason=form.reason.data or "",
            actor=current_actor(),
            now=clock.now(),
            key=form.idempotency_key.data or None,
        )
    except RuleBroken:
        return _page(business_id, into, form), 422  # The page says itself what is in the way.
    flash(_("Kedua usaha sudah menjadi satu."), "success")
    return redirect(url_for("businesses.show", business_id=into), code=303)


@bp.post("/businesses/<int:business_id>/not-same/<int:other_id>")
@allow(Access.MANAGER)
def dismiss(business_id: int, other_id: int) -> ResponseReturnValue:
    form = DismissForm()
    if not form.validate():
        return _page(business_id, other_id, MergeForm(formdata=None), form), 422
    businesses.dismiss_pair(
        first_id=business_id,
        second_id=other_id,
        reason=form.reason.data or "",
        actor=current_actor(),
        now=clock.now(),
    )
    flash(_("Keduanya dicatat sebagai dua usaha dan tidak diduga sama lagi."), "success")
    return _back(form, business_id)


@bp.post("/businesses/<int:business_id>/not-same/<int:other_id>/undo")
@allow(Access.MANAGER)
def restore(business_id: int, other_id: int) -> ResponseReturnValue:
    form = DismissForm()
    businesses.restore_pair(
        first_id=business_id, second_id=other_id, actor=current_actor(), now=clock.now()
    )
    flash(_("Keduanya diperiksa lagi seperti usaha lain."), "success")
    return _back(form, business_id)


def _back(form: DismissForm, business_id: int) -> ResponseReturnValue:
    if form.page.data:
        return back_to(business_id)
    return redirect(url_for("businesses.duplicate"), code=303)


def _page(
    merged_id: int, into_id: int, form: MergeForm, dismissing: DismissForm | None = None
) -> str:
    preview = merge_preview(merged_id=merged_id, into_id=into_id, actor=current_actor())
    form.into.data = str(into_id)
    return render_template(
        "businesses/merge.html",
        preview=preview,
        problems=[problem_text(each.code, each.facts) for each in preview.problems],
        moved=[(MOVED_NAMES[name], count) for name, count in preview.moved],
        form=form,
        dismissing=dismissing or DismissForm(formdata=None),
        likeness=LIKENESS_NAMES,
    )
