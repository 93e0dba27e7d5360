"""Signing in and out."""

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import NotAllowed, TooMany
from packhouse.forms.users import SignInForm
from packhouse.services import sessions
from packhouse.services.sessions import SeveralPeople
from packhouse.web import login
from packhouse.web.access import Access, allow, safe_next
from packhouse.web.security import limiter
from packhouse.web.users.frame import again, bp


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
            who=form.chosen(),
            previous=login.session_secret(),
            lifetime=current_app.permanent_session_lifetime,
        )
    except SeveralPeople as refusal:
        form.who.choices = [(str(user_id), name) for user_id, name in refusal.people]
        return again("users/sign_in.html", form, refusal)
    except (NotAllowed, TooMany) as refusal:
        return again("users/sign_in.html", form, refusal)
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
