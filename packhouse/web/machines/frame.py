"""What the pages of machines share."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint

from packhouse import clock
from packhouse.domain.permissions import may_manage
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound
from packhouse.queries.machines import MachineDetail, machine_detail
from packhouse.queries.sites import SiteItem, site_detail, sites_page
from packhouse.web.access import current_actor

bp = Blueprint("machines", __name__)

FIELDS = {
    "machine_code_malformed": "code",
    "machine_code_taken": "code",
    "name_missing": "name",
    "name_long": "name",
    "lane_unknown": "lane",
    "lane_fixed": "lane",
    "machine_packs_missing": "packs",
    "pack_malformed": "packs",
    "pack_has_bookings": "packs",
    "machine_rate_not_positive": "rate_per_minute",
    "machine_rate_too_large": "rate_per_minute",
    "machine_setup_out_of_range": "setup_minutes",
    "machine_cleaning_not_rising": "cleaning_minutes_1",
    "cleaning_does_not_fit": "cleaning_minutes_1",
    "attended_has_bookings": "attended",
    "machine_used_before_commissioned": "commissioned_on",
    "year_out_of_range": "acquired_year",
    "condition_unknown": "condition",
    "note_missing": "note",
    "asset_code_malformed": "asset_code",
    "asset_number_malformed": "asset_number",
    "asset_number_alone": "asset_code",
    "holder_is_person": "holder",
    "fund_kind_unknown": "fund_kind",
    "placement_kind_unknown": "kind",
    "placement_same": "room",
    "loan_without_end": "due_on",
    "document_missing": "document",
    "part_missing": "part",
    "ordered_in_future": "ordered_on",
    "eta_in_past": "eta",
    "expected_back_out_of_range": "back_on",
    "machine_tariff_negative": "tariff_per_hour",
    "legal_basis_missing": "legal_basis",
    "text_long": "legal_basis",
    "tariff_in_the_past": "valid_from",
    "amount_out_of_range": "per_hour",
    "reason_missing": "reason",
    "machine_has_bookings": "day",
    "machine_retired_before_commissioned": "day",
}
MOST_SITES = 200


def managed(code: str) -> MachineDetail:
    """Return a machine that the reader manages."""
    actor = current_actor()
    known = machine_detail(code=code, actor=actor, now=clock.now())
    if not may_manage(actor, known.machine.site_id):
        raise NotAllowed
    return known


def managed_sites(actor: Actor | None) -> list[SiteItem]:
    """Return the houses that somebody manages."""
    if actor is None:
        return []
    return [each for each in sites_page(limit=MOST_SITES).items if may_manage(actor, each.id)]


def managed_site(code: str) -> SiteItem:
    """Return a house that the reader manages."""
    site = site_detail(code=code, now=clock.now()).site
    if not may_manage(current_actor(), site.id):
        raise NotFound("site_unknown", site=code)
    return site


def instant(day: Any, wall: Any, zone: str) -> datetime:
    """Return a local day and time as an instant."""
    return datetime.combine(day, wall, tzinfo=ZoneInfo(zone)).astimezone(UTC)
