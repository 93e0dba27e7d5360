"""Messages that are due: claimed, sent one by one outside any transaction, and settled."""

import logging
import os
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from packhouse import clock
from packhouse.channels import NotSent, email, in_app
from packhouse.domain.reminders import LEASE, Channel, Failure
from packhouse.queries.reminders import is_anything_due
from packhouse.services.outbox import (
    Claimed,
    claim_due,
    hand_back,
    record_failure,
    record_sent,
)

Sender = Callable[[Claimed], None]

SENDERS: Mapping[Channel, Sender] = {Channel.IN_APP: in_app.send, Channel.EMAIL: email.send}
# Few, so that a worker that dies leaves few waiting for its lease to end.
BATCH = 20
# What must be left of the lease to begin one more message: the slowest mail host's time.
ROOM_SECONDS = 30
# After so many failures in a row a channel is left alone for a while: it is down.
BREAK_AFTER = 5
BREAK = timedelta(seconds=60)

log = logging.getLogger(__name__)


class Breaker:
    """Remembers which channels are down, so that a silent mail host does not hold up the rest."""

    def __init__(self) -> None:
        self.failures: Counter[Channel] = Counter()
        self.rests_until: dict[Channel, float] = {}

    def is_open(self, channel: Channel) -> bool:
        """Say whether the channel is to be left alone; after the rest one try is allowed."""
        return time.monotonic() < self.rests_until.get(channel, 0)

    def note(self, channel: Channel, *, works: bool) -> None:
        """Count a failure, or forget them all."""
        self.failures[channel] = 0 if works else self.failures[channel] + 1
        if self.failures[channel] >= BREAK_AFTER:
            self.rests_until[channel] = time.monotonic() + BREAK.total_seconds()


BREAKER = Breaker()


def deliver_messages(
    *,
    senders: Mapping[Channel, Sender] = SENDERS,
    breaker: Breaker = BREAKER,
    go_on: Callable[[], bool] = lambda: True,
) -> int:
    """Send everything that is due; return how many messages were taken by their channel.

    Asks ``go_on`` before each message; what was claimed but not tried is handed back.
    """
    sent = 0
    while go_on() and is_anything_due(now=clock.now()):
        claimed = claim_due(now=clock.now(), limit=BATCH, worker=_name())
        if not claimed:
            break
        untried: list[Claimed] = []
        resting: list[Claimed] = []
        for message in _while_ours(claimed, untried, go_on):
            if breaker.is_open(message.channel):
                resting.append(message)
            else:
                sent += _send(message, senders[message.channel], breaker)
        hand_back(claimed=untried, next_at=clock.now())
        hand_back(claimed=resting, next_at=clock.now() + BREAK)
    return sent


def _while_ours(
    claimed: list[Claimed], untried: list[Claimed], go_on: Callable[[], bool]
) -> Iterator[Claimed]:
    """Give one message after the other while the lease has room for it; keep the rest."""
    began = time.monotonic()
    for number, message in enumerate(claimed):
        left = LEASE.total_seconds() - (time.monotonic() - began)
        if left < ROOM_SECONDS or not go_on():
            untried.extend(claimed[number:])
            return
        yield message


def _send(message: Claimed, send: Sender, breaker: Breaker) -> int:
    try:
        send(message)
    except NotSent as error:
        # A refused address says that the channel works.
        breaker.note(message.channel, works=error.failure == Failure.PERMANENT)
        _note(message, error.failure, error.reason)
        return 0
    except Exception as error:
        # One message that cannot be sent must not keep back the others.
        log.exception("message %s broke its channel", message.id)
        _note(message, Failure.PERMANENT, repr(error))
        return 0
    breaker.note(message.channel, works=True)
    if not record_sent(message_id=message.id, token=message.token, now=clock.now()):
        log.warning("message %s was sent after its lease had passed on", message.id)
    return 1


def _note(message: Claimed, failure: Failure, reason: str) -> None:
    log.warning("message %s not sent (%s): %s", message.id, failure, reason)
    record_failure(
        message_id=message.id,
        token=message.token,
        now=clock.now(),
        error=reason,
        failure=failure,
        luck=random.random(),  # noqa: S311
    )


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
