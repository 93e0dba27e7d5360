"""A list of machines from a spreadsheet: all of it, or nothing and why, line by line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.permissions import may_manage
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, Problem, RuleBroken
from packhouse.models.machines import Machine, MachinePack, load_tariffs
from packhouse.models.sites import Site
from packhouse.models.tariffs import Tariff
from packhouse.services.machines.cells import COLUMNS, Cells
from packhouse.services.machines.changes import (
    furnish,
    new_machine,
    note_machine,
    problems_with_change,
    redescribe,
)
from packhouse.services.machines.drafts import Draft, problems_with_draft
from packhouse.services.tariffs import note_tariff, problems_with_tariff

Row = tuple[int, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Imported:
    """How many machines a list added, changed, and found as they were."""

    created: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    site: Site
    draft: Draft
    tariff_per_hour: int
    machine: Machine | None
    tariff_before: int


@dataclass(frozen=True, slots=True)
class _House:
    """What the list may refer to, by code: sites and machines, with packs and tariffs of these."""

    sites: Mapping[str, Site]
    machines: Mapping[str, Machine]
    packs: Mapping[int, Mapping[str, Decimal | None]]
    tariffs: Mapping[int, int]


@use_case
def import_machines(*, rows: Sequence[Row], actor: Actor, now: datetime) -> Imported:
    """Add the machines of a list and bring those it names already up to date.

    A row is its line number and its cells by column (``COLUMNS``; packs separated by ``;``;
    ``commissioned_at`` as ISO 8601, local to the site unless it says otherwise). Empty numbers
    take the planning values of the kind, or stay as they are. A changed tariff holds from now on.
    Raises RuleBroken with the problems of every line (fact ``line``), NotAllowed.
    """
    with transaction() as session:
        house = _house(session, rows, now)
        if not all(may_manage(actor, site.id) for site in house.sites.values()):
            raise NotAllowed
        lines, problems = _read(rows, house, now)
        problems += _problems_with_known(session, lines, now)
        if problems or not rows:
            raise RuleBroken(problems or [Problem("list_empty")])
        fresh = [line for line in lines if line.machine is None]
        _create(session, fresh, actor=actor, now=now)
        changed = sum(_update(session, line, actor=actor, now=now) for line in lines)
        return Imported(len(fresh), changed, len(lines) - len(fresh) - changed)


# --- reading ------------------------------------------------------------------------------------


def _house(session: Session, rows: Sequence[Row], now: datetime) -> _House:
    """Load all that the list names, in four queries; machines are locked in order of their ids."""
    sites = session.scalars(select(Site).where(Site.code.in_(_words(rows, "site"))))
    machines = session.scalars(
        select(Machine)
        .where(Machine.code.in_(_words(rows, "code")))
        .order_by(Machine.id)
        .with_for_update(key_share=True)
    ).all()
    ids = [machine.id for machine in machines]
    packs: dict[int, dict[str, Decimal | None]] = {each: {} for each in ids}
    for row in session.scalars(select(MachinePack).where(MachinePack.machine_id.in_(ids))):
        rate = row.rate_per_minute
        packs[row.machine_id][row.pack] = None if rate is None else Decimal(str(rate))
    return _House(
        {site.code: site for site in sites},
        {machine.code: machine for machine in machines},
        packs,
        load_tariffs(session, machine_ids=ids, now=now),
    )


def _words(rows: Sequence[Row], column: str) -> list[str]:
    words = {(cells.get(column) or "").strip() for _, cells in rows}
    return sorted(word for word in words if word.isprintable())


def _read(rows: Sequence[Row], house: _House, now: datetime) -> tuple[list[_Line], list[Problem]]:
    lines: list[_Line] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, cells in rows:
        reader = Cells({name: (cells.get(name) or "").strip() for name in COLUMNS})
        line = _line(number, reader, house, now)
        code = reader.cells["code"]
        if code and code in seen:
            reader.problems.append(Problem("line_repeated", {"code": code, "other": seen[code]}))
        seen.setdefault(code, number)
        problems += at_line(reader.problems, number)
        if line is not None:
            lines.append(line)
    return lines, problems


def at_line(problems: Iterable[Problem], number: int) -> list[Problem]:
    """Return the problems with the number of the line they are in."""
    return [replace(each, facts={**each.facts, "line": number}) for each in problems]


def _line(number: int, reader: Cells, house: _House, now: datetime) -> _Line | None:
    site = house.sites.get(reader.cells["site"])
    if site is None:
        reader.problems.append(Problem("site_unknown", {"site": reader.cells["site"]}))
    machine = house.machines.get(reader.cells["code"])
    packs = house.packs[machine.id] if machine else {}
    before = house.tariffs.get(machine.id, 0) if machine else 0
    draft = reader.draft(ZoneInfo(site.zone) if site else UTC, machine, packs, now)
    tariff = reader.number("tariff_per_hour", before)
    reader.problems += [*problems_with_draft(draft), *problems_with_tariff(tariff)]
    return _Line(number, site, draft, tariff, machine, before) if site else None


# --- writing ------------------------------------------------------------------------------------


def _problems_with_known(session: Session, lines: Sequence[_Line], now: datetime) -> list[Problem]:
    problems: list[Problem] = []
    for line in lines:
        if line.machine is None:
            continue
        wrong = problems_with_change(session, line.machine, line.draft, now=now)
        if line.machine.site_id != line.site.id:
            wrong.append(Problem("machine_at_other_site", {"code": line.machine.code}))
        problems += at_line(wrong, line.number)
    return problems


def _create(session: Session, lines: Sequence[_Line], *, actor: Actor, now: datetime) -> None:
    made = [(new_machine(line.site, line.draft), line) for line in lines]
    session.add_all(machine for machine, _ in made)
    session.flush()
    for machine, line in made:
        furnish(session, machine, line.draft, per_hour=line.tariff_per_hour, now=now)
        facts = {"code": machine.code, "tariff_per_hour": line.tariff_per_hour}
        note_machine(session, "machine:created", machine, actor=actor, now=now, **facts)


def _update(session: Session, line: _Line, *, actor: Actor, now: datetime) -> bool:
    """Redescribe what is known already; return whether it was really different."""
    if line.machine is None:
        return False
    try:
        different = redescribe(session, line.machine, line.draft, actor=actor, now=now)
    except RuleBroken as broken:
        raise RuleBroken(at_line(broken.problems, line.number)) from broken
    if line.tariff_per_hour != line.tariff_before:
        _set_tariff(session, line.machine, line.tariff_per_hour, actor=actor, now=now)
        return True
    return different


def _set_tariff(
    session: Session, machine: Machine, per_hour: int, *, actor: Actor, now: datetime
) -> None:
    instant = now.replace(microsecond=0)
    same = session.scalar(
        select(Tariff).where(Tariff.machine_id == machine.id, Tariff.valid_from == instant)
    )
    tariff = same or Tariff(machine_id=machine.id, valid_from=instant)
    tariff.per_hour = per_hour
    session.add(tariff)
    facts = {"valid_from": instant.isoformat()}
    note_tariff(session, machine, per_hour, actor=actor, now=now, **facts)
