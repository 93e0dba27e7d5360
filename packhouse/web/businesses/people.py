"""Who acts for a business: added, invited, made owner, removed; and members of cooperatives."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.users import Role
from packhouse.errors import RuleBroken, WrongState
from packhouse.forms.businesses import (
    InvitationForm,
    MemberForm,
    PersonOfBusinessForm,
    RoleForm,
)
from packhouse.i18n.messages import problem_text
from packhouse.queries.businesses import business_id_of, invitation_view
from packhouse.services import businesses
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.businesses.frame import back_to, bp, business_page, invitation_of

PEOPLE_FIELDS = dict.fromkeys(("user_unknown", "not_a_producer", "person_already_member"), "email")
MEMBER_FIELDS = dict.fromkeys(("member_is_cooperative", "member_already"), "member")


@bp.post("/businesses/<int:business_id>/people")
@allow(Access.STAFF)  # To an owner it would tell who has an account; she invites.
def add_person(business_id: int) -> ResponseReturnValue:
    form = PersonOfBusinessForm()
    if not form.validate():
        return business_page(business_id, person=form), 422
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
        return business_page(business_id, person=form), 422
    flash(_("Orang itu sekarang dapat memesan untuk usaha ini."), "success")
    return back_to(business_id, "people")


@bp.post("/businesses/<int:business_id>/people/<int:user_id>/remove")
@allow(Access.PRODUCER)
def remove_person(business_id: int, user_id: int) -> ResponseReturnValue:
    form, actor = PersonOfBusinessForm(formdata=None), current_actor()
    try:
        businesses.remove_person(
            business_id=business_id, user_id=user_id, actor=actor, now=clock.now()
        )
    except RuleBroken as refused:
        form.tell(refused.problems)
        return business_page(business_id, person=form), 422
    if user_id == actor.id:
        flash(_("Anda tidak lagi mewakili usaha itu."), "success")
        return redirect(url_for("products.index"), code=303)
    flash(_("Orang itu tidak lagi mewakili usaha ini."), "success")
    return back_to(business_id, "people")


@bp.post("/businesses/<int:business_id>/people/<int:user_id>/role")
@allow(Access.PRODUCER)
def change_role(business_id: int, user_id: int) -> ResponseReturnValue:
    form = RoleForm()
    try:
        businesses.change_role(
            business_id=business_id,
            user_id=user_id,
            is_owner=form.is_owner.data,
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        shown = PersonOfBusinessForm(formdata=None)
        shown.tell(refused.problems)
        return business_page(business_id, person=shown), 422
    flash(_("Perannya diubah."), "success")
    return back_to(business_id, "people")


# --- invitations --------------------------------------------------------------------------------


@bp.post("/businesses/<int:business_id>/invitations")
@allow(Access.PRODUCER)
def invite(business_id: int) -> ResponseReturnValue:
    form = InvitationForm()
    if not form.validate():
        return business_page(business_id, invitation=form), 422
    try:
        businesses.invite_person(
            business_id=business_id,
            name=form.name.data or "",
            is_owner=form.is_owner.data,
            actor=current_actor(),
            now=clock.now(),
            key=form.idempotency_key.data or None,
        )
    except RuleBroken as refused:
        form.tell(refused.problems, {"name_missing": "name", "name_long": "name"})
        return business_page(business_id, invitation=form), 422
    flash(
        _("Undangan dibuat. Kirim tautannya kepada orang itu, misalnya lewat WhatsApp."), "success"
    )
    return back_to(business_id, "people")


@bp.post("/businesses/<int:business_id>/invitations/<int:invitation_id>/withdraw")
@allow(Access.PRODUCER)
def withdraw_invitation(business_id: int, invitation_id: int) -> ResponseReturnValue:
    businesses.withdraw_invitation(
        business_id=business_id,
        invitation_id=invitation_id,
        actor=current_actor(),
        now=clock.now(),
    )
    flash(_("Undangan dibatalkan; tautannya tidak berlaku lagi."), "success")
    return back_to(business_id, "people")


@bp.get("/invitations/<token>")
@allow(Access.PUBLIC)
def invitation(token: str) -> str:
    found = invitation_view(invitation_id=invitation_of(token), now=clock.now())
    mayjoin = g.actor is not None and g.actor.role == Role.PRODUCER
    return render_template(
        "businesses/invitation.html",
        invitation=found,
        may_join=mayjoin,
        accept_url=url_for("businesses.accept_invitation", token=token),
        here=request.path,
    )


@bp.post("/invitations/<token>")
@allow(Access.PRODUCER)
def accept_invitation(token: str) -> ResponseReturnValue:
    try:
        business_id = businesses.accept_invitation(
            invitation_id=invitation_of(token), actor=current_actor(), now=clock.now()
        )
    except WrongState as refused:
        for problem in refused.problems:
            flash(problem_text(problem.code, problem.facts), "warning")
        return redirect(url_for("businesses.invitation", token=token), code=303)
    flash(_("Sekarang Anda dapat memesan untuk usaha ini."), "success")
    return back_to(business_id)


# --- members of cooperatives --------------------------------------------------------------------


@bp.post("/businesses/<int:business_id>/members")
@allow(Access.STAFF)
def add_member(business_id: int) -> ResponseReturnValue:
    form = MemberForm()
    if not form.validate():
        return business_page(business_id, member=form), 422
    member_id = business_id_of(reference=form.member.data or "")
    if member_id is None:
        form.member.errors = [_("Tidak ada usaha dengan NIB atau nomor itu.")]
        return business_page(business_id, member=form), 422
    try:
        businesses.add_cooperative_member(
            cooperative_id=business_id,
            member_id=member_id,
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, MEMBER_FIELDS)
        return business_page(business_id, member=form), 422
    flash(_("Anggota ditambahkan."), "success")
    return back_to(business_id, "members")


@bp.post("/businesses/<int:business_id>/members/<int:member_id>/remove")
@allow(Access.PRODUCER)
def remove_member(business_id: int, member_id: int) -> ResponseReturnValue:
    businesses.remove_cooperative_member(
        cooperative_id=business_id, member_id=member_id, actor=current_actor(), now=clock.now()
    )
    flash(_("Usaha itu tidak lagi tercatat sebagai anggota."), "success")
    return back_to(business_id, "members")
