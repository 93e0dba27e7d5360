"""What every page of the day stands on: the blueprint, the house chosen, a refusal told."""

from collections.abc import Callable, Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from packhouse import clock
from packhouse.errors import Conflict, NotFound, PackhouseError, RuleBroken
from packhouse.forms.runs import pause_reasons
from packhouse.i18n.messages import problem_text
from packhouse.queries.runs import House, board_sites, session_view
from packhouse.web.access import current_actor
from packhouse.web.errors import status_of

bp = Blueprint("runs", __name__)


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


def session_page(code: str, refused: PackhouseError | None = None) -> ResponseReturnValue:
    """Show the session as it stands now, and why the last tap changed nothing."""
    page = render_template(
        "runs/session.html",
        view=session_view(code=code, actor=current_actor(), now=clock.now()),
        problems=told(refused),
        reasons=pause_reasons(),
    )
    return page, 200 if refused is None else status_of(refused)


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
