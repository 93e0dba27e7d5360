"""One's own account: the password, how one is reached, and where one is signed in."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import STAFF
from packhouse.domain.users import SecretKind
from packhouse.errors import RuleBroken, TooMany
from packhouse.forms.users import ContactForm, PasswordForm
from packhouse.i18n.messages import problem_text
from packhouse.queries.users import is_open, needs_email
from packhouse.services import sessions
from packhouse.services import users as accounts
from packhouse.web import login
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.errors import status_of
from packhouse.web.security import limiter
from packhouse.web.users.frame import bp, me

PASSWORD_FIELDS = {
    "password_wrong": "old",
    **dict.fromkeys(
        ("password_short", "password_long", "password_common", "password_personal"), "new"
    ),
}
CONTACT_FIELDS = {
    "password_wrong": "confirm",
    "email_malformed": "email",
    **dict.fromkeys(("phone_malformed", "phone_landline"), "phone"),
}


@bp.get("/account")
@allow(Access.SIGNED_IN)
def account() -> str:
    return _page()


@bp.post("/account/password")
@allow(Access.SIGNED_IN)
def change_password() -> ResponseReturnValue:
    form = PasswordForm()
    if not form.validate():
        return _page(form=form), 422
    try:
        sessions.change_password(
            old=form.old.data or "",
            new=form.new.data or "",
            actor=current_actor(),
            now=clock.now(),
            secret=login.session_secret(),
        )
    except (RuleBroken, TooMany) as refusal:
        form.tell(refusal.problems, PASSWORD_FIELDS)
        return _page(form=form), status_of(refusal)
    flash(_("Kata sandi sudah diganti. Semua perangkat lain sudah dikeluarkan."), "success")
    return redirect(url_for("users.account"), code=303)


@bp.post("/account/sign-out-everywhere")
@allow(Access.SIGNED_IN)
def sign_out_everywhere() -> ResponseReturnValue:
    actor = current_actor()
    sessions.end_sessions(user_id=actor.id or 0, actor=actor, now=clock.now())
    login.end_session()
    flash(_("Anda sudah keluar dari semua perangkat."), "success")
    return redirect(url_for("users.sign_in"), code=303)


@bp.post("/account/contact")
@allow(Access.SIGNED_IN)
def change_contact() -> ResponseReturnValue:
    form = ContactForm()
    if not form.validate():
        return _page(contact=form), 422
    try:
        sends = sessions.change_contact(
            phone=form.phone.data or "",
            email=form.email.data or "",
            password=form.confirm.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except (RuleBroken, TooMany) as refusal:
        form.tell(refusal.problems, CONTACT_FIELDS)
        return _page(contact=form), status_of(refusal)
    flash(_("Kontak Anda sudah disimpan."), "success")
    if sends:
        flash(_("Surel baru berlaku setelah Anda membuka tautan yang kami kirim ke sana."), "info")
    return redirect(url_for("users.account"), code=303)


@bp.get("/email-links/<token>")
@allow(Access.PUBLIC)
def email_link(token: str) -> ResponseReturnValue:
    opens = is_open(token=token, kind=SecretKind.EMAIL_LINK, now=clock.now())
    page = render_template("users/email_link.html", opens=opens, token=token, problems=())
    return page, 200 if opens else 404


@bp.post("/email-links/<token>")
@limiter.limit("60 per minute")
@allow(Access.PUBLIC)
def follow_email_link(token: str) -> ResponseReturnValue:
    try:
        accounts.confirm_email(token=token, now=clock.now())
    except RuleBroken as refusal:
        problems = [problem_text(each.code, each.facts) for each in refusal.problems]
        page = render_template("users/email_link.html", opens=False, token=token, problems=problems)
        return page, status_of(refusal)
    flash(_("Surel Anda sudah dipastikan."), "success")
    return redirect(url_for("users.account" if g.actor else "users.sign_in"), code=303)


def _page(*, form: PasswordForm | None = None, contact: ContactForm | None = None) -> str:
    person = me()
    if contact is None:
        contact = ContactForm(formdata=None, data={"phone": person.phone, "email": person.email})
    return render_template(
        "users/account.html",
        form=form or PasswordForm(formdata=None),
        contact=contact,
        person=person,
        needs_email=needs_email(user_id=current_actor().id or 0),
        may_help=current_actor().role in STAFF,
    )
