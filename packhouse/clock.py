"""The only place that asks the computer for the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)


def now() -> datetime:
    """Return the present instant in UTC, to the second (the resolution that is stored)."""
    return _frozen.get() or datetime.now(UTC).replace(microsecond=0)


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Make ``now()`` answer ``at`` within the block: for tests and for ``flask tick --now``."""
    token = _frozen.set(at.astimezone(UTC).replace(microsecond=0))
    try:
        yield
    finally:
        _frozen.reset(token)
