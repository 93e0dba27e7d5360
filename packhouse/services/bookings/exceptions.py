"""What is done against a rule, kept with its reason in the transaction that does it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from packhouse.domain.bookings import ExceptionKind
from packhouse.domain.users import Actor
from packhouse.models.bookings import RuleException


def keep_exception(
    session: Session,
    *,
    kind: ExceptionKind,
    site_id: int | None,
    reason: str,
    actor: Actor,
    now: datetime,
    booking_id: int | None = None,
    wish_id: int | None = None,
    beyond: Iterable[str] = (),
) -> None:
    """Write who went against which rules (codes), for which booking or wish, and why."""
    session.add(
        RuleException(
            site_id=site_id, kind=kind, reason=reason.strip(), beyond=sorted(set(beyond)),
            actor_id=actor.id, booking_id=booking_id, wish_id=wish_id, at=now,
        )
    )  # fmt: skip
    session.flush()
