"""Signing in and out, one's own account, and the people an administrator manages."""

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.passwords import one_time_password
from packhouse.errors import NotAllowed, NotFound, PackhouseError, RuleBroken, TooMany
from packhouse.forms import BaseForm
from packhouse.forms.users import PasswordForm, PersonForm, SignInForm
from packhouse.i18n.messages import problem_text
from packhouse.queries.users import Person, my_account, people, workplaces
from packhouse.services import sessions
from packhouse.services import users as accounts
from packhouse.web import login
from packhouse.web.access import Access, allow, current_actor, safe_next
from packhouse.web.errors import status_of
from packhouse.web.security import limiter

bp = Blueprint("users", __name__)


# --- the door -----------------------------------------------------------------------------------


@bp.get("/sign-in")
@allow(Access.PUBLIC)
def sign_in() -> ResponseReturnValue:
    target = safe_next(request.args.get("next"))
    if g.actor is not None:
        return redirect(target or url_for("home.index"), code=303)
    return render_template("users/sign_in.html", form=SignInForm(data={"next": target}))


@bp.post("/sign-in")
@limiter.limit("120 per minute")  # A village may stand behind one address.
@allow(Access.PUBLIC)
def enter() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return render_template("users/sign_in.html", form=form), 422
    try:
        signed_in = sessions.sign_in(
            contact=form.email.data or "",
            password=form.password.data or "",
            network=request.remote_addr or "",
            now=clock.now(),
            previous=login.session_secret(),
            lifetime=current_app.permanent_session_lifetime,
        )
    except (NotAllowed, TooMany) as refusal:
        return _again("users/sign_in.html", form, refusal)
    login.begin_session(signed_in.secret)
    return redirect(safe_next(form.next.data) or url_for("home.index"), code=303)


@bp.post("/sign-out")
@allow(Access.PUBLIC)
def sign_out() -> ResponseReturnValue:
    secret = login.session_secret()
    if g.actor is not None and secret:
        sessions.sign_out(secret=secret, actor=g.actor, now=clock.now())
    login.end_session()
    flash(_("Anda sudah keluar."), "success")
    return redirect(url_for("users.sign_in"), code=303)


# --- my account ---------------------------------------------------------------------------------


@bp.get("/account")
@allow(Access.SIGNED_IN)
def account() -> str:
    return render_template("users/account.html", form=PasswordForm(), person=_me())


@bp.post("/account/password")
@allow(Access.SIGNED_IN)
def change_password() -> ResponseReturnValue:
    form = PasswordForm()
    if not form.validate():
        return render_template("users/account.html", form=form, person=_me()), 422
    try:
        sessions.change_password(
            old=form.old.data or "",
            new=form.new.data or "",
            actor=current_actor(),
            now=clock.now(),
            secret=login.session_secret(),
        )
    except (RuleBroken, TooMany) as refusal:
        return _again("users/account.html", form, refusal, person=_me())
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


# --- everybody ----------------------------------------------------------------------------------


@bp.get("/people")
@allow(Access.ADMIN)
def index() -> str:
    return render_template("users/index.html", people=people())


@bp.get("/people/new")
@allow(Access.ADMIN)
def new() -> str:
    return render_template("users/new.html", form=_person_form())


@bp.post("/people")
@allow(Access.ADMIN)
def create() -> ResponseReturnValue:
    form = _person_form()
    if not form.validate():
        return render_template("users/new.html", form=form), 422
    password = one_time_password()
    try:
        user_id = accounts.create_user(
            email=form.email.data or "",
            name=form.name.data or "",
            role=form.role.data,
            password=password,
            phone=form.phone.data or "",
            site_codes=form.sites.data or (),
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refusal:
        return _again("users/new.html", form, refusal)
    return _show_password(user_id, password)


@bp.post("/people/<int:user_id>/reset-password")
@allow(Access.ADMIN)
def reset_password(user_id: int) -> ResponseReturnValue:
    password = accounts.reset_password(user_id=user_id, actor=current_actor(), now=clock.now())
    return _show_password(user_id, password)


@bp.post("/people/<int:user_id>/deactivate")
@allow(Access.ADMIN)
def deactivate(user_id: int) -> ResponseReturnValue:
    accounts.deactivate_user(user_id=user_id, actor=current_actor(), now=clock.now())
    flash(_("Akun sudah ditutup."), "success")
    return redirect(url_for("users.index"), code=303)


@bp.post("/people/<int:user_id>/activate")
@allow(Access.ADMIN)
def activate(user_id: int) -> ResponseReturnValue:
    accounts.activate_user(user_id=user_id, actor=current_actor(), now=clock.now())
    flash(_("Akun sudah dibuka lagi."), "success")
    return redirect(url_for("users.index"), code=303)


def _me() -> Person:
    return _found(my_account(user_id=current_actor().id or 0))


def _found(person: Person | None) -> Person:
    if person is None:
        raise NotFound
    return person


def _show_password(user_id: int, password: str) -> ResponseReturnValue:
    """Show a password once: it is kept nowhere, so it cannot wait behind a redirect."""
    person = _found(my_account(user_id=user_id))
    return render_template("users/password.html", person=person, password=password)


def _person_form() -> PersonForm:
    form = PersonForm()
    form.sites.choices = [(place.code, place.name) for place in workplaces()]
    return form


def _again(
    template: str, form: BaseForm, refusal: PackhouseError, **more: object
) -> ResponseReturnValue:
    """Show the form again with what was refused; what is secret, WTForms does not send back."""
    told = [problem_text(problem.code, problem.facts) for problem in refusal.problems]
    form.form_errors = [*form.form_errors, *told]
    return render_template(template, form=form, **more), status_of(refusal)
