"""Businesses: found and registered at the front desk, kept by their own people."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_act_for_business, may_serve_businesses
from packhouse.domain.users import Actor
from packhouse.errors import NotFound, RuleBroken
from packhouse.forms.businesses import (
    FindBusinessForm,
    LevelForm,
    MemberForm,
    PapersForm,
    PersonOfBusinessForm,
    RegisterForm,
)
from packhouse.queries.businesses import (
    BusinessDetail,
    business_detail,
    business_id_of,
    businesses_page,
)
from packhouse.services import businesses
from packhouse.web.access import Access, allow, current_actor

bp = Blueprint("businesses", __name__)

FIELDS = {
    "name_missing": "name",
    "name_long": "name",
    "regency_unknown": "regency",
    "size_unknown": "size",
    "business_kind_unknown": "kind",
    "cooperative_has_members": "kind",
    "nib_malformed": "nib",
    "nib_taken": "nib",
    "nib_missing": "level",
    "level_unknown": "level",
}
PEOPLE_FIELDS = dict.fromkeys(("user_unknown", "not_a_producer", "person_already_member"), "email")
MEMBER_FIELDS = dict.fromkeys(("member_is_cooperative", "member_already"), "member")


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
        "businesses/index.html", form=form, page=page, args=args, first="cursor" not in request.args
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
    return redirect(url_for("businesses.show", business_id=business_id), code=303)


@bp.get("/businesses/<int:business_id>")
@allow(Access.SIGNED_IN)
def show(business_id: int) -> str:
    return _page(business_id)


def _page(business_id: int, **filled: Any) -> str:
    """Render a business with its small forms, one of which may hold what was just typed."""
    actor = current_actor()
    found = business_detail(business_id=business_id, actor=actor)
    forms = {
        "person": PersonOfBusinessForm(formdata=None),
        "member": MemberForm(formdata=None),
        "level": LevelForm(formdata=None, data={"level": found.business.level}),
    }
    return render_template(
        "businesses/show.html",
        found=found,
        business=found.business,
        serves=may_serve_businesses(actor),
        keeps=_keeps(actor, found),
        acts=may_act_for_business(actor, business_id),
        **(forms | filled),
    )


def _keeps(actor: Actor, found: BusinessDetail) -> bool:
    """Say whether this person may change the business: the front desk, or an owner of it."""
    owners = {each.user_id for each in found.people if each.role == "owner"}
    return may_serve_businesses(actor) or actor.id in owners


@bp.get("/businesses/<int:business_id>/edit")
@allow(Access.PRODUCER)
def edit(business_id: int) -> str:
    found = _kept(business_id)
    form = PapersForm(formdata=None)
    form.fill(found.business)
    return render_template("businesses/edit.html", form=form, business=found.business)


@bp.post("/businesses/<int:business_id>/edit")
@allow(Access.PRODUCER)
def update(business_id: int) -> ResponseReturnValue:
    found, form = _kept(business_id), PapersForm()
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
    return _back(business_id)


@bp.post("/businesses/<int:business_id>/level")
@allow(Access.STAFF)
def verify(business_id: int) -> ResponseReturnValue:
    form = LevelForm()
    if not form.validate():
        return _page(business_id, level=form), 422
    try:
        businesses.verify_business(
            business_id=business_id,
            level=form.level.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _page(business_id, level=form), 422
    flash(_("Pemeriksaan dokumen dicatat atas nama Anda."), "success")
    return _back(business_id)


# --- people and members -------------------------------------------------------------------------


@bp.post("/businesses/<int:business_id>/people")
@allow(Access.PRODUCER)
def add_person(business_id: int) -> ResponseReturnValue:
    form = PersonOfBusinessForm()
    if not form.validate():
        return _page(business_id, person=form), 422
    try:
        businesses.add_person(
            business_id=business_id,
            email=form.email.data or "",
            is_owner=form.is_owner.data,
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, PEOPLE_FIELDS)
        return _page(business_id, person=form), 422
    flash(_("Orang itu sekarang dapat memesan untuk usaha ini."), "success")
    return _back(business_id)


@bp.post("/businesses/<int:business_id>/people/<int:user_id>/remove")
@allow(Access.PRODUCER)
def remove_person(business_id: int, user_id: int) -> ResponseReturnValue:
    form = PersonOfBusinessForm(formdata=None)
    try:
        businesses.remove_person(
            business_id=business_id, user_id=user_id, actor=current_actor(), now=clock.now()
        )
    except RuleBroken as refused:
        form.tell(refused.problems)
        return _page(business_id, person=form), 422
    flash(_("Orang itu tidak lagi mewakili usaha ini."), "success")
    return _back(business_id)


@bp.post("/businesses/<int:business_id>/members")
@allow(Access.STAFF)
def add_member(business_id: int) -> ResponseReturnValue:
    form = MemberForm()
    if not form.validate():
        return _page(business_id, member=form), 422
    member_id = business_id_of(reference=form.member.data or "")
    if member_id is None:
        form.member.errors = [_("Tidak ada usaha dengan NIB atau nomor itu.")]
        return _page(business_id, member=form), 422
    try:
        businesses.add_cooperative_member(
            cooperative_id=business_id,
            member_id=member_id,
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, MEMBER_FIELDS)
        return _page(business_id, member=form), 422
    flash(_("Anggota ditambahkan."), "success")
    return _back(business_id)


@bp.post("/businesses/<int:business_id>/members/<int:member_id>/remove")
@allow(Access.PRODUCER)
def remove_member(business_id: int, member_id: int) -> ResponseReturnValue:
    businesses.remove_cooperative_member(
        cooperative_id=business_id, member_id=member_id, actor=current_actor(), now=clock.now()
    )
    flash(_("Usaha itu tidak lagi tercatat sebagai anggota."), "success")
    return _back(business_id)


def _kept(business_id: int) -> BusinessDetail:
    actor = current_actor()
    found = business_detail(business_id=business_id, actor=actor)
    if not _keeps(actor, found):
        raise NotFound("business_not_found")
    return found


def _back(business_id: int) -> ResponseReturnValue:
    return redirect(url_for("businesses.show", business_id=business_id), code=303)
