"""The record of a business: found, registered, shown, corrected."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_act_for_business, may_merge_businesses
from packhouse.errors import RuleBroken
from packhouse.forms.businesses import FindBusinessForm, PapersForm, RegisterForm
from packhouse.queries.businesses import (
    businesses_page,
    goes_on_as,
    has_namesake,
    to_check_count,
)
from packhouse.services import businesses
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.businesses.frame import back_to, bp, business_page, kept_business

FIELDS = {
    "name_missing": "name",
    "name_long": "name",
    "regency_unknown": "regency",
    "village_long": "village",
    "phone_malformed": "phone",
    "size_above": "sales",
    "size_unknown": "sales",
    "business_kind_unknown": "kind",
    "cooperative_has_members": "kind",
    "nib_malformed": "nib",
    "nib_taken": "nib",
    "nib_missing": "level",
    "level_unknown": "level",
}


@bp.get("/businesses")
@allow(Access.STAFF)
def index() -> ResponseReturnValue:
    form = FindBusinessForm(request.args)
    valid = form.validate()
    asked = {"search": form.q.data or "", "regency": form.regency.data, "level": form.level.data}
    page = businesses_page(
        actor=current_actor(),
        cursor=request.args.get("cursor"),
        **(asked if valid else {}),
    )
    args = {name: text for name, text in request.args.items() if name != "cursor" and text}
    return render_template(
        "businesses/index.html",
        form=form,
        page=page,
        args=args,
        first="cursor" not in request.args,
        to_check=to_check_count(actor=current_actor()),
        merges=may_merge_businesses(current_actor()),
    ), 200 if valid else 422


@bp.get("/businesses/new")
@allow(Access.STAFF)
def new() -> str:
    return render_template("businesses/new.html", form=RegisterForm(formdata=None))


@bp.post("/businesses")
@allow(Access.STAFF)
def create() -> ResponseReturnValue:
    form = RegisterForm()
    if not form.validate():
        return render_template("businesses/new.html", form=form), 422
    try:
        business_id = businesses.create_business(
            papers=form.papers(),
            level=form.level.data or "",
            owner_email=form.owner.data or "",
            actor=current_actor(),
            now=clock.now(),
            key=form.idempotency_key.data or None,
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS | {"user_unknown": "owner", "not_a_producer": "owner"})
        return render_template("businesses/new.html", form=form), 422
    flash(_("Usaha didaftarkan."), "success")
    papers = form.papers()
    if has_namesake(name=papers.name, regency=papers.regency):
        flash(
            _(
                "Usaha dengan nama ini sudah ada di kabupaten/kota yang sama. Periksa apakah"
                " tercatat dua kali; kepala rumah produksi dapat menggabungkannya."
            ),
            "warning",
        )
    return redirect(url_for("businesses.show", business_id=business_id), code=303)


@bp.get("/businesses/<int:business_id>")
@allow(Access.SIGNED_IN)
def show(business_id: int) -> ResponseReturnValue:
    into = goes_on_as(business_id=business_id)
    if into is not None and may_act_for_business(current_actor(), into):
        flash(_("Usaha nomor %(old)s sudah digabungkan ke usaha ini.", old=business_id), "info")
        return back_to(into)
    return business_page(business_id)


@bp.get("/businesses/<int:business_id>/edit")
@allow(Access.PRODUCER)
def edit(business_id: int) -> str:
    found = kept_business(business_id)
    form = PapersForm(formdata=None)
    form.fill(found.business)
    return render_template("businesses/edit.html", form=form, business=found.business)


@bp.post("/businesses/<int:business_id>/edit")
@allow(Access.PRODUCER)
def update(business_id: int) -> ResponseReturnValue:
    found, form = kept_business(business_id), PapersForm()
    form.allow_regency(found.business.regency_code)
    if not form.validate():
        return render_template("businesses/edit.html", form=form, business=found.business), 422
    try:
        businesses.edit_business(
            business_id=business_id,
            papers=form.papers(),
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return render_template("businesses/edit.html", form=form, business=found.business), 422
    flash(_("Data usaha disimpan."), "success")
    return back_to(business_id)
