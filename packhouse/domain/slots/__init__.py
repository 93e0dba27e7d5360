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
from packhouse.domain.slots.placing import Phases, Placement, place
from packhouse.domain.slots.searching import Choice, Option, best_options, options, rank, refusals

__all__ = [
    "Choice",
    "Job",
    "MachineTime",
    "Neighbour",
    "Option",
    "Phases",
    "Placement",
    "best_options",
    "cleanings_on",
    "closing_clean_fits",
    "options",
    "place",
    "rank",
    "refusals",
]
