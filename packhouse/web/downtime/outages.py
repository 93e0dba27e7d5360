"""Outages: one command takes all machines that need what is out, one gives them back."""

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.downtime import Utility
from packhouse.domain.time_range import ceil_to_slot
from packhouse.errors import Conflict, Malformed, RuleBroken
from packhouse.forms import new_key
from packhouse.forms.downtime import OutageForm, UtilitiesForm, utility_choices
from packhouse.queries.downtime import Needs, needs_of, outage_site
from packhouse.queries.replanning import affected
from packhouse.services import downtime
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.downtime.frame import (
    USUAL_OPENING,
    bp,
    managed_machine,
    to_machine,
    to_new_times,
    told,
    until_choices,
)
from packhouse.web.errors import status_of

HOURS = (1, 2, 4)


@bp.get("/sites/<code>/outage")
@allow(Access.STAFF)
def outage(code: str) -> str:
    needs = needs_of(site=code, actor=current_actor())
    soon = ceil_to_slot(clock.now() + timedelta(hours=HOURS[1]))
    form = OutageForm(formdata=None, data={"utility": "electricity", "back": soon.isoformat()})
    return _outage_page(form, needs)


def _outage_page(form: OutageForm, needs: Needs) -> str:
    now = clock.now()
    choices = [
        (_("Dalam %(hours)s jam", hours=hours), ceil_to_slot(now + timedelta(hours=hours)))
        for hours in HOURS
    ]
    form.back.choices = until_choices(list(choices), needs.zone)
    form.idempotency_key.data = new_key()
    form.utility.choices = utility_choices([each for each in Utility if needs.machines.get(each)])
    return render_template("downtime/outage.html", form=form, needs=needs)


@bp.post("/sites/<code>/outage")
@allow(Access.STAFF)
def report_outage(code: str) -> ResponseReturnValue:
    needs, form = needs_of(site=code, actor=current_actor()), OutageForm()
    valid = form.validate()
    until = form.until(needs.zone, opens=USUAL_OPENING) if valid else None
    if until is None:
        if valid:
            form.form_errors.append(_("Pilih sampai kapan."))
        return _outage_page(form, needs), 422
    try:
        down = downtime.report_outage(
            site=code,
            utility=form.utility.data,
            until=until,
            from_at=form.begins(needs.zone),
            note=form.note.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except (Conflict, Malformed, RuleBroken) as refused:
        form.form_errors.extend(told(refused))
        return _outage_page(form, needs), status_of(refused)
    flash(
        _(
            "%(machines)s mesin terkena; %(count)s reservasi kehilangan waktunya.",
            machines=len(down.machines),
            count=len(down.affected),
        ),
        "warning",
    )
    return to_new_times(code) if down.affected else _to_list()


@bp.post("/outages/<int:outage_id>/end")
@allow(Access.STAFF)
def end_outage(outage_id: int) -> ResponseReturnValue:
    actor = current_actor()
    code = outage_site(outage_id=outage_id, actor=actor)
    try:
        down = downtime.end_outage(outage_id=outage_id, actor=actor, now=clock.now())
    except Conflict as refused:
        flash(" ".join(told(refused)), "warning")
        return _to_list()
    count = len(down.machines)
    flash(_("Gangguan selesai. %(count)s mesin dapat dipakai lagi.", count=count), "success")
    # Their time is back: who was to be called may get it.
    waiting = affected(site=code, actor=actor, now=clock.now())
    return to_new_times(code) if waiting else _to_list()


def _to_list() -> ResponseReturnValue:
    return redirect(url_for("downtime.index"), code=303)


@bp.get("/machines/<code>/utilities")
@allow(Access.MANAGER)
def utilities(code: str) -> str:
    shown = managed_machine(code)
    form = UtilitiesForm(formdata=None, data={"utilities": list(shown.utilities)})
    return render_template("downtime/utilities.html", shown=shown, form=form)


@bp.post("/machines/<code>/utilities")
@allow(Access.MANAGER)
def set_utilities(code: str) -> ResponseReturnValue:
    shown, form = managed_machine(code), UtilitiesForm()
    if not form.validate():
        return render_template("downtime/utilities.html", shown=shown, form=form), 422
    affected = downtime.set_utilities(
        machine=code, utilities=form.utilities.data or [], actor=current_actor(), now=clock.now()
    )
    flash(_("Kebutuhan mesin dicatat."), "success")
    return to_new_times(shown.site) if affected else to_machine(code)
