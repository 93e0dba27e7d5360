"""What a change costs the people it touches, in whole numbers that are compared in order."""

from datetime import datetime

from packhouse.domain.machines import MachineTime, cleanings_on, occupations_on
from packhouse.domain.products import CleaningLevel
from packhouse.domain.replanning.situation import Affected
from packhouse.domain.sites import WorkingDay

FIRST_VISIT = 1
MOST_HOURS = 3


def weight_of(affected: Affected) -> int:
    """Return how much a minute of shift counts, from 1 to 5.

    One, one more for each full hour of her way up to three, and one more on a first visit: who
    comes from afar has arranged a day around it, and who comes first is not sure of us yet.
    """
    hours = min(affected.travel_minutes // 60, MOST_HOURS)
    return 1 + hours + (FIRST_VISIT if affected.is_first_visit else 0)


def shift_minutes(affected: Affected, starts_at: datetime) -> int:
    """Return the whole minutes between the old start and a new one, whichever is first."""
    return abs(int((starts_at - affected.was.starts_at).total_seconds())) // 60


def cleaning_minutes(machine: MachineTime, day: WorkingDay) -> int:
    """Return how long a machine is cleaned on a day, the closing clean included."""
    busy = any(each.traits for each in occupations_on(machine, day))
    between = sum(each.minutes for each in cleanings_on(machine, day.day))
    return between + (machine.spec.cleaning_for(CleaningLevel.FULL) if busy else 0)
