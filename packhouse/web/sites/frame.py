"""What every page of a house stands on: the blueprint, who manages it, where refusals are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import Blueprint, g, render_template

from packhouse import clock
from packhouse.domain.permissions import may_manage, may_operate
from packhouse.errors import NotAllowed, Problem, RuleBroken
from packhouse.forms.sites import WorkingTimeForm
from packhouse.queries.bookings import BookingItem
from packhouse.queries.bookings.named import bookings_called
from packhouse.queries.replanning import MisfitItem, recent_misfits
from packhouse.queries.sites import SiteDetail, site_detail
from packhouse.web.access import current_actor

bp = Blueprint("sites", __name__)

# Bookings that would not fit any more, each with why.
Unfit = tuple[tuple[BookingItem, tuple[Problem, ...]], ...]

# Where a refusal is shown.
FIELDS = {
    "site_code_malformed": "code",
    "site_code_taken": "code",
    "name_missing": "name",
    "name_long": "name",
    "text_long": "address",
    "owner_unknown": "owner",
    "regency_unknown": "regency",
    "zone_unknown": "zone",
    "operators_out_of_range": "operators",
    "operators_booked": "operators",
    "closure_exists": "day_from",
    "closure_long": "day_to",
    "closure_reversed": "day_to",
    "hours_validity_reversed": "valid_to",
    "shift_reversed": "to_time",
    "off_grid": "from_time",
    "shift_days_out_of_range": "last_day",
}
HOURS_FIELDS = dict.fromkeys(
    (
        "hours_empty", "hours_times_missing", "hours_weekday_unknown", "hours_days_reversed",
        "hours_interval_unreadable", "hours_past_midnight", "hours_reversed", "hours_off_grid",
        "hours_overlap",
    ),
    "hours",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Again:
    """A change of one tap that was not saved: how it is sent once more by who has seen enough."""

    url: str
    label: str
    fields: dict[str, str]


def managed(code: str) -> SiteDetail:
    """Return a house that this person manages; its calendar is nobody else's business."""
    found = site_detail(code=code, now=clock.now())
    if not may_manage(current_actor(), found.site.id):
        raise NotAllowed
    return found


def page(template: str, found: SiteDetail, *, unfit: Unfit = (), **more: Any) -> str:
    """Render a page of the calendar; ``unfit`` is what a change would do that is not saved yet."""
    return render_template(template, found=found, site=found.site, unfit=unfit, **more)


def refusal(
    form: WorkingTimeForm, refused: RuleBroken, fields: Mapping[str, str] = MappingProxyType({})
) -> Unfit:
    """Tell in the form why it is refused; return the bookings that her change would leave unfit.

    They are noted in the form: sent once more, it says that she has seen them.
    """
    problem = refused.problems[0]
    if problem.code != "misfits_unseen":
        form.tell(refused.problems, fields)
        return ()
    found: Any = problem.facts["unfit"]
    problems = dict(found)
    form.show(problems)
    items = bookings_called(codes=problems, actor=current_actor())
    return tuple((each, problems[each.code]) for each in items)


@bp.app_template_global("unfit_bookings")
def unfit_bookings(site_id: int) -> tuple[MisfitItem, ...]:
    """Return the bookings that a house's working time no longer holds, for its staff alone."""
    actor = g.actor
    if actor is None or not may_operate(actor, site_id):
        return ()
    return recent_misfits(site_id, clock.now())
