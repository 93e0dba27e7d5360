"""What every page of a house stands on: the blueprint, who manages it, where refusals are shown."""

from typing import Any

from flask import Blueprint, render_template

from packhouse import clock
from packhouse.domain.permissions import may_manage
from packhouse.errors import NotAllowed
from packhouse.queries.sites import SiteDetail, bookings_out_of_hours, site_detail
from packhouse.web.access import current_actor

bp = Blueprint("sites", __name__)

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
}
HOURS_FIELDS = dict.fromkeys(
    (
        "hours_empty", "hours_times_missing", "hours_weekday_unknown", "hours_days_reversed",
        "hours_interval_unreadable", "hours_past_midnight", "hours_reversed", "hours_off_grid",
        "hours_overlap",
    ),
    "hours",
)  # fmt: skip


def managed(code: str) -> SiteDetail:
    """Return a house that this person manages; its calendar is nobody else's business."""
    found = site_detail(code=code, now=clock.now())
    if not may_manage(current_actor(), found.site.id):
        raise NotAllowed
    return found


def page(template: str, found: SiteDetail, **more: Any) -> str:
    """Render a page of the calendar with the bookings that it no longer holds."""
    actor, now = current_actor(), clock.now()
    misfits = bookings_out_of_hours(code=found.site.code, actor=actor, now=now)
    return render_template(template, found=found, site=found.site, misfits=misfits, **more)
