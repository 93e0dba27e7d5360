"""How reliable a business was, in figures that accuse nobody of what the house did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reliability:
    """What became of a business's bookings over a period, as counts.

    ``came``: she was there, ``late_arrivals`` of them after the start. ``late_cancels`` are
    those called off after the house's window closed. ``forgiven`` are those of both whose time
    somebody else took. What the house called off or moved away is in none of these.
    """

    came: int = 0
    late_arrivals: int = 0
    no_shows: int = 0
    late_cancels: int = 0
    forgiven: int = 0
    cancelled_in_time: int = 0

    @property
    def broken(self) -> int:
        """Appointments that were not kept and that nobody could use instead."""
        return self.no_shows + self.late_cancels - self.forgiven

    @property
    def share(self) -> float | None:
        """Of the appointments that counted, how many were kept; None without any."""
        counted = self.came + self.broken
        return self.came / counted if counted else None
