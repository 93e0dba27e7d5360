"""Where a job fits on a machine: between two neighbours, with the cleaning both of them ask for.

Times are whole grid steps. Every opening day starts clean and ends with the full clean of its
last product. A run may pause over a break of its day: the machine stays occupied. A clean is one
uninterrupted piece of working time (breaks apart). It is claimed as the time right before a
booking (`occupied_from` up to `starts_at`); where something without a product (maintenance, a
breakdown: a wall) stands between two products, the clean is claimed after the wall if it fits
there, else the house cleans before the wall, unclaimed. So cancelling always fits: a detour over
a third product never needs a lower level than the direct way (`cleaning_level`).
"""

from packhouse.domain.machines import MachineTime, cleanings_on, closing_clean_fits
from packhouse.domain.products import Job, Neighbour
from packhouse.domain.slots.arriving import Journey, arrive_by, journey_to
from packhouse.domain.slots.bundling import BREATHING_MINUTES, Bundle, bundle_options
from packhouse.domain.slots.ordering import PlannedRow, plan_rows, with_placed
from packhouse.domain.slots.placing import Phases, Placement, place
from packhouse.domain.slots.searching import Choice, Option, best_options, options, rank, refusals
from packhouse.domain.slots.splitting import Split, split_options

__all__ = [
    "BREATHING_MINUTES",
    "Bundle",
    "Choice",
    "Job",
    "Journey",
    "MachineTime",
    "Neighbour",
    "Option",
    "Phases",
    "Placement",
    "PlannedRow",
    "Split",
    "arrive_by",
    "best_options",
    "bundle_options",
    "cleanings_on",
    "closing_clean_fits",
    "journey_to",
    "options",
    "place",
    "plan_rows",
    "rank",
    "refusals",
    "split_options",
    "with_placed",
]
