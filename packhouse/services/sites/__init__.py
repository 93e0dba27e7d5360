"""Sites: houses, when they work, and how many operators they have."""

from packhouse.services.sites.closures import (
    add_closure,
    decide_holiday,
    propose_holidays,
    remove_closure,
)
from packhouse.services.sites.hours import change_hours, remove_hours, undo_hours
from packhouse.services.sites.houses import create_site, edit_site
from packhouse.services.sites.shifts import remove_shift, set_operators, set_shift
from packhouse.services.sites.standards import write_standard
from packhouse.services.sites.walls import close_wall, open_wall

__all__ = [
    "add_closure",
    "change_hours",
    "close_wall",
    "create_site",
    "decide_holiday",
    "edit_site",
    "open_wall",
    "propose_holidays",
    "remove_closure",
    "remove_hours",
    "remove_shift",
    "set_operators",
    "set_shift",
    "undo_hours",
    "write_standard",
]
