"""Free machine time as people look at it: what can be asked for, and what there is."""

from packhouse.queries.slots.choices import (
    House,
    MachineChoice,
    ProductChoice,
    houses,
    journey_of,
    machines_for,
    machines_to_move_to,
    product_choice,
    product_choices,
    usual_house,
)
from packhouse.queries.slots.shifts import shifted, times_together
from packhouse.queries.slots.visits import (
    FreeDay,
    Rival,
    Visit,
    free_day,
    other_times,
    rivals,
    visit_at,
)

__all__ = [
    "FreeDay",
    "House",
    "MachineChoice",
    "ProductChoice",
    "Rival",
    "Visit",
    "free_day",
    "houses",
    "journey_of",
    "machines_for",
    "machines_to_move_to",
    "other_times",
    "product_choice",
    "product_choices",
    "rivals",
    "shifted",
    "times_together",
    "usual_house",
    "visit_at",
]
