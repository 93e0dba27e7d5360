"""The sweep: every waiting wish is looked for again and again, whatever was or was not freed.

Longer hours, a new machine or a horizon that came nearer free no occupation, yet make room. A
wish that finds some does not get it: it is put among the freed times, where the order decides.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from packhouse.db import reading, transaction, use_case
from packhouse.domain.machines import MachineTime, packs_alone
from packhouse.domain.time_range import TimeRange
from packhouse.domain.users import Actor
from packhouse.domain.waitlist import best_fit, earliest_start, longest_gap
from packhouse.models.machines import Machine, MachinePack, load_specs
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import load_neighbours, load_operators_full
from packhouse.models.waitlist import FreedTime, Wish
from packhouse.services.waitlist.days import WAITING, Candidate, pieces, refused_times

BATCH = 5
AGAIN = timedelta(hours=6)
LOOK_AHEAD = timedelta(days=14)
MOST_MACHINES = 20


@use_case
def look_around(*, actor: Actor, now: datetime) -> int:
    """Look for time for the wishes whose turn it is to be looked at; return how many.

    What is found is noted as freed, for ``promote`` to give to the first in order.
    """
    session = reading()
    rows = session.execute(
        WAITING.where(Wish.look_at <= now).order_by(Wish.look_at, Wish.id).limit(BATCH)
    ).all()
    if not rows:
        return 0
    wishes = [Candidate._make(row) for row in rows]
    refused = refused_times(session, [each.id for each in wishes])
    found = [
        spot for wish in wishes if (spot := _room(session, wish, refused.get(wish.id, ()), now))
    ]
    with transaction() as writing:
        writing.execute(
            update(Wish)
            .where(Wish.id.in_([each.id for each in wishes]), Wish.look_at <= now)
            .values(look_at=now + AGAIN)
            .execution_options(synchronize_session=False)
        )
        writing.add_all(
            FreedTime(machine_id=machine_id, from_at=time.start, to_at=time.end)
            for machine_id, time in dict.fromkeys(found)
        )
    return len(wishes)


def _room(
    session: Session, wish: Candidate, refused: Sequence[TimeRange], now: datetime
) -> tuple[int, TimeRange] | None:
    """Return a machine and a time for a wish, the first by day; None where there is none."""
    start = max(wish.window.start, earliest_start(now))
    end = min(wish.window.end, start + LOOK_AHEAD)
    if start >= end:
        return None
    times = [
        (machine_id, window, day)
        for site, machines in _machines(session, wish)
        for machine_id, window, day in _days(session, site, machines, wish, TimeRange(start, end))
    ]
    for machine_id, time, day in sorted(times, key=lambda each: each[2].start):
        if longest_gap(time, day) < 1:
            continue
        shared = day.intersection(TimeRange(start, end))
        if shared is None or (not wish.same_day and day.contains(now)):
            continue
        for piece in pieces(shared, refused):
            fit = best_fit(time, wish.need(), piece)
            if fit is not None:
                placed = fit.option.placement
                return machine_id, TimeRange(placed.starts_at, placed.ends_at)
    return None


def _machines(session: Session, wish: Candidate) -> Iterator[tuple[Site, list[Machine]]]:
    rows = session.execute(
        select(Machine, Site)
        .join(Site, Site.id == Machine.site_id)
        .join(MachinePack, MachinePack.machine_id == Machine.id)
        .join(Wish, Wish.id == wish.id)
        .where(
            MachinePack.pack == wish.pack,
            Machine.lane == wish.lane,
            (Wish.site_id.is_(None)) | (Wish.site_id == Site.id),
        )
        .order_by(Site.regency_code != wish.regency_code, Site.id, Machine.id)
        .limit(MOST_MACHINES)
    ).all()
    for site in dict.fromkeys(row[1] for row in rows):
        able = [row[0] for row in rows if row[1] is site]
        yield (
            site,
            [m for m in able if (m.kind in wish.kinds if wish.kinds else packs_alone(m.kind))],
        )


def _days(
    session: Session, site: Site, machines: list[Machine], wish: Candidate, window: TimeRange
) -> Iterator[tuple[int, MachineTime, TimeRange]]:
    """Yield each machine with each of its local days in a window."""
    calendar = load_calendar(session, site.id)
    whole = TimeRange(
        calendar.local_day(calendar.day_of(window.start)).start,
        calendar.local_day(calendar.day_of(window.end)).end,
    )
    specs = load_specs(session, machines=machines, now=window.start, pack=wish.pack)
    ids = [each.id for each in machines]
    around = load_neighbours(session, machine_ids=ids, window=whole)
    full = load_operators_full(session, site=site, window=whole)
    for machine in machines:
        own = calendar.for_machine(machine.code)
        time = MachineTime(specs[machine.id], own, around[machine.id], full)
        for working in own.working_days(window):
            yield machine.id, time, calendar.local_day(working.day)
