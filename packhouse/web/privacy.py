"""A person's rights over her data: consent by purpose, a copy of everything, and the way out."""

import json

from flask import Blueprint, Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import RuleBroken
from packhouse.forms.privacy import CloseForm, PurposeForm
from packhouse.queries.privacy import consent_history, consents, everything, held
from packhouse.services import privacy
from packhouse.web import login
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.security import limiter

bp = Blueprint("privacy", __name__)


@bp.get("/privacy")
@allow(Access.SIGNED_IN)
def index() -> str:
    user_id = current_actor().id or 0
    return render_template(
        "privacy/index.html",
        purposes=consents(user_id=user_id),
        answers=consent_history(user_id=user_id),
        zone=current_app.config["ZONE"],
    )


@bp.post("/privacy/purposes")
@allow(Access.SIGNED_IN)
def answer() -> ResponseReturnValue:
    form, actor = PurposeForm(), current_actor()
    given = form.given.data == "yes"
    privacy.answer_purpose(
        purpose=form.purpose.data or "", given=given, actor=actor, now=clock.now()
    )
    flash(
        _("Persetujuan dicatat.") if given else _("Persetujuan ditarik dan langsung berlaku."),
        "success",
    )
    return redirect(url_for(".index"), code=303)


@bp.get("/privacy/data")
@allow(Access.SIGNED_IN)
def data() -> str:
    return render_template("privacy/data.html", sections=held(user_id=current_actor().id or 0))


@bp.get("/privacy/data.json")
@limiter.limit("20 per minute")
@allow(Access.SIGNED_IN)
def download() -> ResponseReturnValue:
    zone = str(current_app.config["ZONE"])
    found = everything(user_id=current_actor().id or 0, zone=zone, now=clock.now())
    body = json.dumps(found, ensure_ascii=False, indent=1)
    answer = Response(body, content_type="application/json; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="data-saya.json"'
    return answer


@bp.get("/privacy/close")
@allow(Access.SIGNED_IN)
def leaving() -> str:
    return render_template("privacy/close.html", form=CloseForm(formdata=None))


@bp.post("/privacy/close")
@allow(Access.SIGNED_IN)
def close() -> ResponseReturnValue:
    form = CloseForm()
    if not form.validate():
        return render_template("privacy/close.html", form=form), 422
    try:
        privacy.close_account(actor=current_actor(), now=clock.now())
    except RuleBroken as refused:
        form.tell(refused.problems)
        return render_template("privacy/close.html", form=form), 422
    login.end_session()
    flash(_("Akun Anda sudah ditutup. Terima kasih."), "success")
    return redirect(url_for("users.sign_in"), code=303)
