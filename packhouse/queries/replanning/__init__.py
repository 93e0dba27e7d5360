"""Bookings that need a new time, the plans that give them one, and who is to be called."""

from packhouse.queries.replanning.misfits import MisfitItem, misfits

__all__ = ["MisfitItem", "misfits"]
