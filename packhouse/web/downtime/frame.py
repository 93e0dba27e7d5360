"""What the pages of downtime share."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_manage
from packhouse.errors import NotFound, PackhouseError
from packhouse.forms.downtime import PICKED
from packhouse.i18n.formats import local_date, local_datetime
from packhouse.i18n.locale import current_locale
from packhouse.i18n.messages import problem_text
from packhouse.queries.downtime import MachineDowntime, machine_downtime
from packhouse.services import replanning
from packhouse.web.access import current_actor

bp = Blueprint("downtime", __name__)
USUAL_OPENING = time(7, 30)


def shown_machine(code: str) -> MachineDowntime:
    """Return a machine of the reader's houses."""
    return machine_downtime(code=code, actor=current_actor(), now=clock.now())


def managed_machine(code: str) -> MachineDowntime:
    """Return a machine that the reader manages."""
    shown = shown_machine(code)
    if not may_manage(current_actor(), shown.site_id):
        raise NotFound("machine_not_found", machine=code)
    return shown


def machine_page(shown: MachineDowntime, problems: list[str] | None = None) -> str:
    """Return the page of one machine's downtime."""
    return render_template(
        "downtime/machine.html",
        shown=shown,
        problems=problems or [],
        may_plan=may_manage(current_actor(), shown.site_id),
        now=clock.now(),
    )


def to_machine(code: str) -> ResponseReturnValue:
    """Lead to the page of one machine's downtime."""
    return redirect(url_for("downtime.machine", code=code), code=303)


def to_new_times(site: str, *, maintenance_id: int | None = None) -> ResponseReturnValue:
    """Propose new times for whoever needs one, and lead to them."""
    plan_id = replanning.propose(
        site=site, actor=current_actor(), now=clock.now(), maintenance_id=maintenance_id
    )
    return redirect(url_for("replanning.show", plan_id=plan_id), code=303)


def told(refused: PackhouseError) -> list[str]:
    """Return what a refusal says, a sentence a problem."""
    return [problem_text(problem.code, problem.facts) for problem in refused.problems]


def opening_of(instant: datetime | None, zone: str) -> time:
    """Return at which time of day a house opens, by one of its openings."""
    return instant.astimezone(ZoneInfo(zone)).time() if instant else USUAL_OPENING


def in_words(instant: datetime, zone: str) -> str:
    """Return an instant as a button says it."""
    return local_datetime(instant, zone, locale=current_locale(), style="short")


def day_in_words(instant: datetime | None, zone: str) -> str:
    """Return which day an instant is on, as it is said today."""
    if instant is None:
        return ""
    local = ZoneInfo(zone)
    days = (instant.astimezone(local).date() - clock.now().astimezone(local).date()).days
    near = {1: _("Besok"), 2: _("Lusa")}
    return near.get(days) or local_date(instant, zone, locale=current_locale(), style="weekday")


def until_choices(choices: list[tuple[str, datetime | None]], zone: str) -> list[tuple[str, str]]:
    """Return quick choices as a form has them, each an instant with its words, and the picking."""
    told_ones = [
        (instant.isoformat(), f"{words} · {in_words(instant, zone)}")
        for words, instant in choices
        if instant is not None
    ]
    return [*told_ones, (PICKED, _("Pilih tanggal"))]
