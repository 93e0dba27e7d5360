"""What the decision of a request needs on a page: the facts, and a form for each way out."""

from dataclasses import dataclass
from typing import TypeVar

from packhouse import clock
from packhouse.forms.bookings import ApproveForm, AskForm, RejectForm
from packhouse.forms.bookings.requests import DecisionForm
from packhouse.queries.bookings import BookingItem
from packhouse.queries.bookings.requests import Decision, decision_about
from packhouse.queries.slots import Rival, rivals

F = TypeVar("F", bound=DecisionForm)


@dataclass(frozen=True, slots=True)
class Desk:
    """One request before whoever decides it."""

    booking: BookingItem
    facts: Decision
    rivals: tuple[Rival, ...]
    approve: ApproveForm
    reject: RejectForm
    ask: AskForm


def desk_for(booking: BookingItem, *, queue: bool, sent: DecisionForm | None = None) -> Desk:
    """Return what the decision of a request needs; ``sent`` is a form that was refused."""
    now = clock.now()
    return Desk(
        booking,
        decision_about(booking=booking, now=now),
        rivals(booking=booking, now=now),
        _form(ApproveForm, booking, sent, queue=queue),
        _form(RejectForm, booking, sent, queue=queue),
        _form(AskForm, booking, sent, queue=queue),
    )


def _form(kind: type[F], booking: BookingItem, sent: DecisionForm | None, *, queue: bool) -> F:
    if isinstance(sent, kind):
        return sent
    return kind(formdata=None, data={"version": booking.version, "queue": "1" if queue else ""})
