"""The inbox inside packhouse: being due is being delivered."""

from packhouse.services.outbox import Claimed


def send(message: Claimed) -> None:
    """Do nothing: the row itself is the message, and is shown once it is marked as sent."""
