"""Reductions by rule: what holds, a new one, and the end of one."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_enter, may_rule_prices
from packhouse.errors import RuleBroken
from packhouse.forms.tariffs import ReductionForm
from packhouse.queries.tariffs import reductions, ruled_houses
from packhouse.services import tariffs
from packhouse.web.access import Access, allow, current_actor

bp = Blueprint("tariffs", __name__)

FIELDS = {"tariff_in_the_past": "valid_from", "legal_basis_missing": "legal_basis"}


@bp.get("/reductions")
@allow(Access.SIGNED_IN)
def index() -> str:
    actor, now = current_actor(), clock.now()
    return render_template(
        "tariffs/index.html",
        in_force=reductions(now=now),
        ended=reductions(now=now, ended=True),
        now=now,
        may_add=may_enter(actor, Access.MANAGER) and bool(_places()),
        may_end=lambda each: may_rule_prices(actor, each.site_id),
    )


@bp.get("/reductions/new")
@allow(Access.MANAGER)
def new() -> str:
    return render_template("tariffs/new.html", form=_form(ReductionForm(formdata=None)))


@bp.post("/reductions")
@allow(Access.MANAGER)
def create() -> ResponseReturnValue:
    form, now = _form(ReductionForm()), clock.now()
    if not form.validate():
        return render_template("tariffs/new.html", form=form), 422
    zone = ZoneInfo(str(current_app.config["ZONE"]))
    today = now.astimezone(zone).date()
    first = form.valid_from.data or today
    begins = datetime.combine(first, time(), tzinfo=zone)
    try:
        tariffs.add_reduction(
            kind=form.kind.data,
            percent=form.percent.data or 0,
            site=form.site.data or None,
            # "Today" means from now on: this morning's bookings have their price already.
            valid_from=now if first == today else begins,
            legal_basis=form.legal_basis.data or "",
            actor=current_actor(),
            now=now,
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return render_template("tariffs/new.html", form=form), 422
    flash(_("Keringanan disimpan. Berlaku untuk reservasi yang dibuat sesudahnya."), "success")
    return redirect(url_for("tariffs.index"), code=303)


@bp.post("/reductions/<int:reduction_id>/end")
@allow(Access.MANAGER)
def end(reduction_id: int) -> ResponseReturnValue:
    tariffs.end_reduction(reduction_id=reduction_id, actor=current_actor(), now=clock.now())
    flash(_("Keringanan dihentikan. Reservasi yang sudah dibuat tetap memakainya."), "success")
    return redirect(url_for("tariffs.index"), code=303)


def _form(form: ReductionForm) -> ReductionForm:
    form.offer(_places())
    return form


def _places() -> list[tuple[str, str]]:
    """Return the houses whose prices this person rules; every house is one more choice."""
    actor = current_actor()
    everywhere = [("", _("Semua rumah kemasan"))] if may_rule_prices(actor, None) else []
    return [*everywhere, *ruled_houses(actor=actor)]
