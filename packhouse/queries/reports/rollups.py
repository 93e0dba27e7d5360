"""What the daily rollups hold of some machines, and on which days they are not whole."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from packhouse.domain.reports import FIELDS, MachineDay
from packhouse.models.reports import daily_rollups

_TABLE = daily_rollups.c
_SUMS = [func.sum(_TABLE[name]) for name in FIELDS]


class Kept(NamedTuple):
    """How many days of a machine are there, and the first and last of them."""

    days: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Held:
    """The sums by machine, or by day, and which days of a machine they are made of."""

    by_machine: dict[int, MachineDay]
    by_day: dict[date, MachineDay]
    kept: dict[int, Kept]


def load_held(
    session: Session, *, machine_ids: Collection[int], first: date, last: date, by_day: bool
) -> Held:
    """Return what the rollups hold from `first` to `last`, summed by the database."""
    where = _where(machine_ids, first, last)
    kept = (func.count(), func.min(_TABLE.day), func.max(_TABLE.day))
    sums = [] if by_day else _SUMS
    rows = session.execute(
        select(_TABLE.machine_id, *kept, *sums).where(*where).group_by(_TABLE.machine_id)
    ).all()
    of_days = (
        session.execute(select(_TABLE.day, *_SUMS).where(*where).group_by(_TABLE.day))
        if by_day
        else ()
    )
    return Held(
        {} if by_day else {row[0]: _machine_day(row[4:]) for row in rows},
        {row[0]: _machine_day(row[1:]) for row in of_days},
        {row[0]: Kept(*row[1:4]) for row in rows},
    )


def load_missing(
    session: Session, *, machine_ids: Collection[int], first: date, last: date
) -> dict[int, list[date]]:
    """Return the days that have no rollup, by machine."""
    there = {
        (row.machine_id, row.day)
        for row in session.execute(
            select(_TABLE.machine_id, _TABLE.day).where(*_where(machine_ids, first, last))
        )
    }
    days = days_between(first, last)
    return {each: [day for day in days if (each, day) not in there] for each in machine_ids}


def days_between(first: date, last: date) -> list[date]:
    """Return the days, both included; none if they are reversed."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _where(ids: Collection[int], first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return _TABLE.machine_id.in_(ids), _TABLE.day >= first, _TABLE.day <= last


def _machine_day(values: Sequence[Any]) -> MachineDay:
    return MachineDay(*map(int, values))  # PostgreSQL sums big integers to decimals.
