"""Rates that finished runs suggest, for managers to take over or to leave for now."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import Malformed, RuleBroken
from packhouse.forms.machines import RateForm
from packhouse.i18n import formats
from packhouse.i18n.locale import current_locale
from packhouse.i18n.messages import problem_text
from packhouse.queries.machines.rates import house_rates
from packhouse.services import machines
from packhouse.services.machines import Asked
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.machines.frame import bp, managed


@bp.get("/sites/<code>/rates", endpoint="rates")
@allow(Access.MANAGER)
def rates_page(code: str) -> str:
    return _rates_page(code)


def _rates_page(site: str, problems: list[str] | None = None) -> str:
    found = house_rates(site=site, actor=current_actor(), now=clock.now())
    form = RateForm(formdata=None)
    return render_template("machines/rates.html", found=found, form=form, problems=problems or [])


@bp.post("/machines/<code>/rates/accept")
@allow(Access.MANAGER)
def accept_rate(code: str) -> ResponseReturnValue:
    known, asked = managed(code), _asked(code)
    site = known.machine.site
    try:
        rate = machines.accept_rate(asked=asked, actor=current_actor(), now=clock.now())
    except RuleBroken as refused:
        texts = [problem_text(each.code, each.facts) for each in refused.problems]
        return _rates_page(site, texts), 422
    number = formats.number(rate, locale=current_locale(), digits=1)
    flash(
        _("%(machine)s kini dihitung %(rate)s per menit. Reservasi lama tetap.",
          machine=code, rate=number),
        "success",
    )  # fmt: skip
    return redirect(url_for("machines.rates", code=site), code=303)


@bp.post("/machines/<code>/rates/dismiss")
@allow(Access.MANAGER)
def dismiss_rate(code: str) -> ResponseReturnValue:
    known, asked = managed(code), _asked(code)
    wait = RateForm().wait.data or ""
    machines.dismiss_rate(
        asked=asked,
        wait_runs=int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 4 else 0,
        actor=current_actor(),
        now=clock.now(),
    )
    flash(_("Saran ditunda."), "success")
    return redirect(url_for("machines.rates", code=known.machine.site), code=303)


def _asked(code: str) -> Asked:
    form = RateForm()
    try:
        return Asked(code, form.pack.data or "", form.shown())
    except ValueError:
        raise Malformed("cell_unreadable", field="rate") from None
