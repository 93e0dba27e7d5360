"""The way back in: a link by e-mail, or a code from the front desk."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.users import SecretKind
from packhouse.errors import RuleBroken, TooMany
from packhouse.forms.users import AskLinkForm, CodeForm, NewPasswordForm
from packhouse.queries.users import is_open
from packhouse.services import users as accounts
from packhouse.web import login
from packhouse.web.access import Access, allow
from packhouse.web.errors import status_of
from packhouse.web.security import limiter
from packhouse.web.users.frame import again, bp

PASSWORDS = ("password_short", "password_long", "password_common", "password_personal")
FIELDS = {**dict.fromkeys(PASSWORDS, "password"), "code_wrong": "code"}


@bp.get("/forgotten-password")
@allow(Access.PUBLIC)
def forgotten() -> str:
    return render_template("users/forgotten.html", form=AskLinkForm())


@bp.post("/forgotten-password")
@limiter.limit("30 per minute")
@allow(Access.PUBLIC)
def ask_for_link() -> ResponseReturnValue:
    form = AskLinkForm()
    if not form.validate():
        return render_template("users/forgotten.html", form=form), 422
    try:
        accounts.ask_for_link(
            contact=form.contact.data or "", network=request.remote_addr or "", now=clock.now()
        )
    except TooMany as refusal:
        return again("users/forgotten.html", form, refusal)
    return redirect(url_for("users.link_sent"), code=303)


@bp.get("/forgotten-password/sent")
@allow(Access.PUBLIC)
def link_sent() -> str:
    return render_template("users/link_sent.html")


@bp.get("/password-links/<token>")
@allow(Access.PUBLIC)
def password_link(token: str) -> ResponseReturnValue:
    opens = is_open(token=token, kind=SecretKind.PASSWORD_LINK, now=clock.now())
    form = NewPasswordForm()
    page = render_template("users/password_link.html", form=form, token=token, opens=opens)
    return page, 200 if opens else 404


@bp.post("/password-links/<token>")
@limiter.limit("60 per minute")
@allow(Access.PUBLIC)
def follow_password_link(token: str) -> ResponseReturnValue:
    form = NewPasswordForm()
    refusal: RuleBroken | None = None
    if form.validate():
        try:
            accounts.set_password_by_link(
                token=token, password=form.password.data or "", now=clock.now()
            )
        except RuleBroken as broken:
            refusal = broken
            form.tell(refusal.problems, FIELDS)
        else:
            return _renewed()
    page = render_template("users/password_link.html", form=form, token=token, opens=True)
    return page, status_of(refusal) if refusal else 422


@bp.get("/code")
@allow(Access.PUBLIC)
def code() -> str:
    return render_template("users/enter_code.html", form=CodeForm())


@bp.post("/code")
@limiter.limit("30 per minute")
@allow(Access.PUBLIC)
def use_code() -> ResponseReturnValue:
    form = CodeForm()
    if not form.validate():
        return render_template("users/enter_code.html", form=form), 422
    try:
        accounts.set_password_by_code(
            contact=form.contact.data or "",
            code=form.code.data or "",
            password=form.password.data or "",
            network=request.remote_addr or "",
            now=clock.now(),
        )
    except (RuleBroken, TooMany) as refusal:
        form.tell(refusal.problems, FIELDS)
        return render_template("users/enter_code.html", form=form), status_of(refusal)
    return _renewed()


def _renewed() -> ResponseReturnValue:
    login.end_session()
    flash(_("Kata sandi sudah diganti. Masuk dengan kata sandi yang baru."), "success")
    return redirect(url_for("users.sign_in"), code=303)
