"""What every page of the day stands on: the blueprint, the house chosen, a refusal told."""

from collections.abc import Callable, Sequence
from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from packhouse import clock
from packhouse.domain.products import CleaningLevel
from packhouse.domain.runs import Missing, Reason
from packhouse.domain.users import Actor
from packhouse.errors import Conflict, Malformed, NotFound, PackhouseError, RuleBroken
from packhouse.forms import new_key
from packhouse.forms.runs import ColleagueForm, FinishForm, pause_reasons
from packhouse.i18n.messages import problem_text
from packhouse.queries.runs import (
    Action,
    CleanBefore,
    House,
    SessionRecord,
    SessionView,
    Standing,
    board_sites,
    session_record,
    session_view,
)
from packhouse.web.access import current_actor
from packhouse.web.errors import status_of

bp = Blueprint("runs", __name__)
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100


def chosen_house(houses: Sequence[House]) -> House:
    code = request.args.get("site")
    if not code:
        return houses[0]
    for house in houses:
        if house.code == code:
            return house
    raise NotFound("site_not_found", site=code)


def house_or_refuse() -> House:
    houses = board_sites(actor=current_actor())
    if not houses:
        raise NotFound("site_not_found")
    return chosen_house(houses)


def day_asked() -> date | None:
    """Return the day that the address names, None for none. Raises Malformed."""
    text = request.args.get("day")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Malformed from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise Malformed
    return day


def session_page(
    code: str,
    refused: PackhouseError | None = None,
    colleague: ColleagueForm | None = None,
) -> ResponseReturnValue:
    """Show the session as it stands now, and why the last tap changed nothing."""
    actor, now = current_actor(), clock.now()
    view = session_view(code=code, actor=actor, now=now)
    record = session_record(code=code, actor=actor, now=now)
    page = render_template(
        "runs/session.html",
        view=view,
        record=record,
        planned=None if record.clean else planned_clean(view),
        state=state_of(view, record),
        problems=told(refused),
        reasons=pause_reasons(),
        form=FinishForm(formdata=None),
        colleague=colleague or ColleagueForm(formdata=None),
    )
    return page, 200 if refused is None else status_of(refused)


def state_of(view: SessionView, record: SessionRecord) -> str:
    """Return in which of the states a session is that decide which buttons are there."""
    run = view.run
    if run is not None:
        if view.machine.breakdown is not None:
            return "broken"
        if run.is_paused:
            return "paused"
        return "setup" if run.reason == Reason.SETUP else "running"
    if view.job.standing == Standing.FINISHED:
        return "finished"
    if Action.START not in view.job.actions:
        return "blocked"
    unclean = record.clean is not None and record.clean.missing is not None
    return "unclean" if unclean else "ready"


def planned_clean(view: SessionView) -> CleanBefore | None:
    """Return the clean that will be due once the run before has ended, as it was planned.

    A phone without a signal ends that run itself, and must not begin the next as if it had not.
    """
    clean = view.job.clean
    if clean is None or view.run is not None:
        return None
    return CleanBefore(
        clean=clean,
        needs_second=clean.level == CleaningLevel.FULL,
        missing=Missing.CLEAN,
        done_by="",
        done_at=None,
        is_mine=False,
        checked_by="",
    )


def zone_of(code: str, actor: Actor) -> str:
    """Return the zone in which the times of a booking are told."""
    return session_view(code=code, actor=actor, now=clock.now()).site.zone


@bp.app_template_global("new_tap_key")
def new_tap_key() -> str:
    """Return a fresh key, under which a tap counts once."""
    return new_key()


def attempt(act: Callable[[], object]) -> PackhouseError | None:
    """Return why the house refuses; the screen then shows how things stand."""
    try:
        act()
    except (Conflict, RuleBroken) as refused:
        return refused
    return None


def told(refused: PackhouseError | None) -> list[str]:
    problems = refused.problems if refused is not None else ()
    return [problem_text(problem.code, problem.facts) for problem in problems]
