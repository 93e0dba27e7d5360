"""Machines: what they can do, and the assets they are."""

from packhouse.models.machines.assets import (
    ConditionNote,
    Placement,
    RateDecision,
    SparePart,
    load_placements,
    site_at,
)
from packhouse.models.machines.machine import Machine, MachinePack, load_specs, load_tariffs

__all__ = [
    "ConditionNote",
    "Machine",
    "MachinePack",
    "Placement",
    "RateDecision",
    "SparePart",
    "load_placements",
    "load_specs",
    "load_tariffs",
    "site_at",
]
