"""The people an administrator manages, and the codes that the front desk gives out."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.passwords import one_time_password
from packhouse.domain.users import SECRET_LIFETIME, SecretKind
from packhouse.errors import RuleBroken
from packhouse.forms.users import FindPersonForm, PersonForm
from packhouse.queries.users import known_people, my_account, people, workplaces
from packhouse.services import users as accounts
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.users.frame import again, bp, found


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
        return again("users/new.html", form, refusal)
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


@bp.get("/people/codes")
@allow(Access.STAFF)
def desk() -> ResponseReturnValue:
    form = FindPersonForm(request.args)
    asked = "q" in request.args
    valid = not asked or form.validate()
    found_people = known_people(search=form.q.data or "") if asked and valid else ()
    page = render_template("users/desk.html", form=form, people=found_people, asked=asked and valid)
    return page, 200 if valid else 422


@bp.post("/people/<int:user_id>/code")
@allow(Access.STAFF)
def issue_code(user_id: int) -> ResponseReturnValue:
    code = accounts.issue_code(user_id=user_id, actor=current_actor(), now=clock.now())
    person = found(my_account(user_id=user_id))
    minutes = int(SECRET_LIFETIME[SecretKind.DESK_CODE].total_seconds() // 60)
    return render_template("users/code.html", person=person, code=code, minutes=minutes)


def _show_password(user_id: int, password: str) -> ResponseReturnValue:
    """Show a password once: it is kept nowhere, so it cannot wait behind a redirect."""
    person = found(my_account(user_id=user_id))
    return render_template("users/password.html", person=person, password=password)


def _person_form() -> PersonForm:
    form = PersonForm()
    form.sites.choices = [(place.code, place.name) for place in workplaces()]
    return form
