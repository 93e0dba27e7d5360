"""Machines: what there is and can be booked; for the house, its assets and their upkeep."""

from packhouse.web.machines import assets, keeping, rates, showing, technician
from packhouse.web.machines.frame import bp

__all__ = ["assets", "bp", "keeping", "rates", "showing", "technician"]
