"""Machines that do not work: broken, without power or water, and kept for planned work."""

from packhouse.web.downtime import breakdowns, maintenance, outages, photos
from packhouse.web.downtime.frame import bp

__all__ = ["bp", "breakdowns", "maintenance", "outages", "photos"]
