"""Whether the house can work: database, schema, its rules, and the worker."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from packhouse.db import reading, wrong_settings
from packhouse.errors import Unavailable
from packhouse.models import triggers
from packhouse.models.reminders import Heartbeat, Message
from packhouse.queries.reminders import heartbeats

ASLEEP = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Each part and how it is: "ok", or what is wrong."""

    parts: dict[str, str]

    @property
    def is_ready(self) -> bool:
        """Say whether every part is well."""
        return set(self.parts.values()) == {"ok"}


def guards(*, head: str) -> Readiness:
    """Look at what must hold before anything is served: schema, its rules, SQLite's settings.

    ``head`` is the newest revision the code knows.
    """
    session = reading()
    try:
        revision = session.scalar(text("SELECT version_num FROM alembic_version"))
        connection = session.connection()
        missing = triggers.expected(connection.dialect.name) - triggers.present(connection)
        wrong = wrong_settings(connection)
    except (SQLAlchemyError, Unavailable):
        session.rollback()
        return Readiness({"database": "unreachable or not set up"})
    return Readiness(
        {
            "database": "ok",
            "migrations": "ok" if revision == head else f"at {revision}, not {head}",
            "triggers": "ok" if not missing else "missing: " + ", ".join(sorted(missing)),
            "settings": "ok" if not wrong else ", ".join(wrong),
        }
    )


def readiness(*, head: str, now: datetime) -> Readiness:
    """Look at every part the house needs: its guards, and a worker that is awake."""
    found = guards(head=head)
    if not found.is_ready:
        return found
    beat = reading().scalar(select(func.max(Heartbeat.at)))
    asleep = beat is None or beat < now - ASLEEP
    seen = f"last seen {beat.isoformat() if beat else 'never'}"
    return Readiness({**found.parts, "worker": seen if asleep else "ok"})


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the worker does, for the metrics page: seconds since each duty, messages by state."""

    duties: dict[str, float]
    messages: dict[str, int]


def pulse(*, now: datetime) -> Pulse:
    """Return how long ago each duty ran, and how many unfinished messages there are by state."""
    duties = {duty: (now - beat.at).total_seconds() for duty, beat in heartbeats().items()}
    counted = reading().execute(
        select(Message.state, func.count())
        .where(Message.state.in_(("due", "sending", "unknown", "dead")))
        .group_by(Message.state)
    )
    return Pulse(duties, {row[0]: row[1] for row in counted})
