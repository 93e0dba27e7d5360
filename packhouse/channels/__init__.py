"""Ways to reach a person: one adapter a channel, each with ``send(message)``.

An adapter returns when the message has been taken, and raises NotSent when it has not, or when
nobody can know.
"""

from packhouse.domain.reminders import Failure


class NotSent(Exception):
    """The message was not taken, or not surely; ``failure`` says what to do about it."""

    def __init__(self, failure: Failure, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason
