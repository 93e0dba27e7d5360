"""A job that several bookings serve."""

from collections.abc import Collection


def is_in_steps(quantity: int | None, parts: Collection[int]) -> bool:
    """Say whether each part handles all the pieces of a job, one machine after another.

    ``quantity`` and ``parts`` are pieces: of the whole job, and of each booking.
    """
    return len(parts) > 1 and all(each == quantity for each in parts)
