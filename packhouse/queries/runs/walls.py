"""The wall of a waiting room: machines, times and the ends of codes, and nobody's name."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from packhouse.db import reading
from packhouse.errors import NotFound
from packhouse.models.audit import AuditHead
from packhouse.models.sites import Site
from packhouse.queries.runs.boards import board_of
from packhouse.queries.runs.views import Board, JobCard, MachineBoard, Standing

# How many bookings of a machine a wall has room for.
MOST_LINES = 4
SHOWN = frozenset(
    {
        Standing.RUNNING,
        Standing.OVER,
        Standing.HERE,
        Standing.LATE,
        Standing.MISSED,
        Standing.EXPECTED,
    }
)


@dataclass(frozen=True, slots=True)
class WallLine:
    """One booking as a public room may read it: its time, and how its code ends."""

    ending: str
    standing: Standing
    starts_at: datetime
    ends_at: datetime
    slips_to: datetime | None


@dataclass(frozen=True, slots=True)
class WallMachine:
    """One machine on the wall, what it does, and when it is back if it is broken."""

    code: str
    name: str
    state: str
    back_at: datetime | None
    lines: tuple[WallLine, ...]


@dataclass(frozen=True, slots=True)
class Wall:
    """A house's day as its waiting room sees it; ``stamp`` changes with everything recorded."""

    site_name: str
    zone: str
    day: date
    now: datetime
    stamp: int
    machines: tuple[WallMachine, ...]


def wall(*, key: str, now: datetime) -> Wall:
    """Return the wall that a secret address opens. Raises NotFound for one that is none."""
    session = reading()
    site_id = session.scalar(select(Site.id).where(Site.wall_key == key)) if key else None
    if site_id is None:
        raise NotFound("site_not_found")
    return wall_of(board_of(site_id=site_id, now=now), stamp=board_stamp(site_id=site_id))


def wall_of(board: Board, *, stamp: int) -> Wall:
    """Return what of a board may hang in a public room."""
    site = board.site
    machines = tuple(_machine(each) for each in board.machines)
    return Wall(site.name, site.zone, board.day, board.now, stamp, machines)


def board_stamp(*, site_id: int) -> int:
    """Return a number that grows with every change a house records: the end of its audit chain."""
    found = reading().scalar(select(AuditHead.seq).where(AuditHead.chain == site_id))
    return found or 0


def _machine(machine: MachineBoard) -> WallMachine:
    shown = [job for job in machine.jobs if job.standing in SHOWN][:MOST_LINES]
    broken = machine.breakdown
    return WallMachine(
        machine.code, machine.name, machine.state,
        broken.expected_back_at if broken else None, tuple(map(_line, shown)),
    )  # fmt: skip


def _line(job: JobCard) -> WallLine:
    return WallLine(job.code[-3:], job.standing, job.starts_at, job.ends_at, job.slips_to)
