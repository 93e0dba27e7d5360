"""What the house writes down about invented days, as its services would have written it."""

from dataclasses import dataclass
from random import Random
from typing import Any

from packhouse.cli.seeds.bulk import Rows, code_of
from packhouse.cli.seeds.days import Lived, Planned
from packhouse.cli.seeds.stations import Station
from packhouse.domain.products import CleaningLevel
from packhouse.domain.runs import lot_stem, numbered_lot
from packhouse.domain.sites import WorkingDay
from packhouse.domain.tariffs import price_of
from packhouse.domain.time_range import SLOT_SECONDS, ceil_to_grid

DAY = 86_400
SOURCES = ("online",) * 6 + ("desk",) * 3 + ("walk_in",)
# The states a booking goes through after it was confirmed, by what becomes of it.
PATHS: dict[str, tuple[str, ...]] = {
    "confirmed": (),
    "finished": ("running", "finished"),
    "cancelled": ("cancelled",),
    "no_show": ("no_show",),
    "displaced": ("displaced", "cancelled"),
}
REASONS = ("bahan belum siap", "mesin lain lebih dekat", "pesanan dibatalkan pembeli", "")


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure that was repaired, in epoch seconds."""

    begins: int
    back: int


@dataclass(slots=True)
class _Entry:
    """A booking with what its rows share, in epoch seconds."""

    id: int
    created: int
    starts: int
    ends: int
    states: list[str]
    told_at: int


class Desk:
    """Writes visits, cleaning, upkeep and failures into rows."""

    def __init__(self, rows: Rows, rng: Random) -> None:
        self.rows = rows
        self.rng = rng
        self.lots: dict[int, tuple[str, int]] = {}

    def serve(
        self, at: Station, day: WorkingDay, visit: Planned, lived: Lived, previous: int | None
    ) -> None:
        """Write a visit that took place; ``previous`` is where the run before it ended."""
        begins, ends = day.start_at(lived.begins), day.end_at(lived.ends)
        entry = self._book(at, day, visit, "done", used_to=ceil_to_grid(ends, SLOT_SECONDS))
        self._tell(at, visit, entry, begins, "running", by=at.house.operator_id)
        self._tell(at, visit, entry, ends, "finished", by=at.house.operator_id)
        run = self.rows.add(
            "runs", at.id, entry.id, at.house.operator_id, begins, ends, lived.good, lived.rejected,
            at.rate, False, self._lot(at, day),
        )  # fmt: skip
        if visit.cleaning and previous is not None:
            clean = max(visit.clean_from, previous), visit.start
            self._state(at, day, clean, "changeover", run, entry.id, estimated=True)
        self._state(at, day, (lived.begins, lived.set_up), "setup", run, entry.id)
        cursor = lived.set_up
        if lived.pause is not None:
            start, end, reason = lived.pause
            self._state(at, day, (cursor, start), "running", run, entry.id)
            self._state(at, day, (start, end), reason, run, entry.id)
            cursor = end
        self._state(at, day, (cursor, lived.ends), "running", run, entry.id)

    def _lot(self, at: Station, day: WorkingDay) -> str:
        """Return the next lot of a machine and day; each machine's days come in their order."""
        stem = lot_stem(site=at.house.code, machine=at.spec.code, day=day.day)
        before, number = self.lots.get(at.id, ("", 0))
        self.lots[at.id] = stem, number + 1 if before == stem else 1
        return numbered_lot(*self.lots[at.id])

    def promise(self, at: Station, day: WorkingDay, visit: Planned, now: int) -> None:
        """Write a confirmed visit that is still to come."""
        visit.fate = "confirmed"
        self._book(at, day, visit, "live", now=now)

    def miss(self, at: Station, day: WorkingDay, visit: Planned, fault: Fault | None) -> None:
        """Write a visit that did not take place."""
        entry = self._book(at, day, visit, "released")
        starts = entry.starts
        if fault is not None:
            self._tell(
                at,
                visit,
                entry,
                fault.begins,
                "displaced",
                by=at.house.operator_id,
                reason="breakdown",
            )
            self._tell(at, visit, entry, fault.begins + 1800, "cancelled", by=visit.ware.owner_id)
        elif visit.fate == "no_show":
            self._tell(at, visit, entry, starts + 20 * 60, "no_show", by=None)
        else:
            in_time = self.rng.randint(entry.created + 3600, starts - 25 * 3600)
            self._tell(at, visit, entry, in_time, "cancelled", by=visit.ware.owner_id)

    def close(self, at: Station, day: WorkingDay, ends: int, until: int) -> None:
        """Write the closing clean of a day."""
        if until > ends:
            self._state(at, day, (ends, until), "cleaning", None, None)

    def keep_up(self, at: Station, day: WorkingDay, until: int) -> None:
        """Write planned upkeep from opening to a position."""
        begins, ends = day.start_at(0), day.end_at(until)
        block = self._occupy(at, "maintenance", begins, ends)
        self.rows.add(
            "maintenances", at.id, block, "maintenance", "Perawatan bulanan", begins - 14 * DAY,
            "done", begins, ends,
        )  # fmt: skip
        self._state(at, day, (0, until), "maintenance", None, None)

    def fail(self, at: Station, begins: int, free_from: int, back: int) -> Fault:
        """Write a failure from the end of a run to its repair, with the wait for help in it."""
        reason = "waiting_parts" if back - begins > 2 * DAY else "breakdown"
        start, end = (ceil_to_grid(each, SLOT_SECONDS) for each in (free_from, back))
        block = self._occupy(at, "breakdown", start, end) if start < end else None
        told = (at.id, reason, "", begins, back, back, block)
        self.rows.add("breakdowns", *told)
        wait = "waiting_parts" if reason == "waiting_parts" else "waiting_technician"
        seen = begins + min(1800, (back - begins) // 3)
        mended = back - (back - begins) // 3
        for start, end, why in (
            (begins, seen, "breakdown"), (seen, mended, wait), (mended, back, "breakdown"),
        ):  # fmt: skip
            self.rows.add("state_intervals", at.id, None, None, why, start, end, False)
        chain, subject = at.house.id, ("machine", at.id)
        self.rows.tell(
            begins, chain, at.house.operator_id, "machine:broken", subject, reason=reason, note="",
            expected_back_at=back,
        )  # fmt: skip
        self.rows.tell(back, chain, at.house.operator_id, "machine:repaired", subject)
        return Fault(begins, back)

    def _occupy(self, at: Station, kind: str, begins: int, ends: int) -> int:
        place = at.house.id, at.id
        return self.rows.add("occupations", *place, kind, "done", begins, ends, None)

    def _state(
        self,
        at: Station,
        day: WorkingDay,
        span: tuple[int, int],
        reason: str,
        run: int | None,
        booking: int | None,
        *,
        estimated: bool = False,
    ) -> None:
        if span[0] < span[1]:
            self.rows.add(
                "state_intervals", at.id, run, booking, reason, day.start_at(span[0]),
                day.end_at(span[1]), estimated,
            )  # fmt: skip

    def _book(
        self,
        at: Station,
        day: WorkingDay,
        visit: Planned,
        status: str,
        *,
        used_to: int | None = None,
        now: int | None = None,
    ) -> _Entry:
        """Write job, occupation and booking, and how the booking came about."""
        rows, ware, spec = self.rows, visit.ware, at.spec
        site, machine = at.house.id, at.id
        starts, ends = day.start_at(visit.start), day.end_at(visit.end)
        created = self._created(visit, starts if now is None else min(starts, now))
        owner = ware.owner_id
        job = rows.add(
            "jobs", "J-" + code_of(rows.last["jobs"] + 1), ware.business_id, ware.id,
            visit.quantity, owner, created,
        )  # fmt: skip
        from_at = day.start_at(visit.clean_from) if visit.cleaning else starts
        to_at = ends if used_to is None else min(used_to, ends)
        attended = starts if spec.attended and starts < to_at else None
        occupation = rows.add(
            "occupations", site, machine, "booking", status, from_at, to_at, attended
        )
        asks = at.needs_approval
        path = (("requested",) if asks else ()) + ("confirmed",) + PATHS[visit.fate]
        closing = spec.cleaning_for(CleaningLevel.FULL) if visit.is_last else 0
        booking = rows.add(
            "bookings", f"{at.house.code}-{code_of(rows.last['bookings'] + 1)}", job, site, machine,
            ware.business_id, ware.id, occupation, path[-1], self.rng.choice(SOURCES),
            len(path), visit.quantity, starts, ends, int(visit.level),
            visit.cleaning, visit.setup, visit.run,
            (ends - starts) // 60 - visit.setup - visit.run, closing, spec.tariff_per_hour,
            price_of(spec.tariff_per_hour, visit.setup + visit.run),
            created + 2 * DAY if asks else None, False, self._reason(visit), owner, created,
        )  # fmt: skip
        entry = _Entry(booking, created, starts, ends, [], created)
        self._tell(at, visit, entry, created, path[0], by=owner, action="booking:create")
        if asks:
            self._tell(at, visit, entry, created + 3600, "confirmed", by=None)
        return entry

    def _created(self, visit: Planned, before: int) -> int:
        """Return when it was booked: early enough to be cancelled in time, if it will be."""
        least = 30 * 3600 if visit.fate == "cancelled" else 3 * 3600
        return before - self.rng.randint(least, 12 * DAY)

    def _reason(self, visit: Planned) -> str:
        reasons = {"displaced": "breakdown", "cancelled": self.rng.choice(REASONS)}
        return reasons.get(visit.fate, "")

    def _tell(
        self,
        at: Station,
        visit: Planned,
        entry: _Entry,
        when: int,
        state: str,
        *,
        by: int | None,
        action: str | None = None,
        reason: str = "",
    ) -> None:
        facts: dict[str, Any] = {
            "state": state,
            "machine_id": at.id,
            "starts_at": entry.starts,
            "ends_at": entry.ends,
        }
        if entry.states:
            facts |= {"before": entry.states[-1], "reason": reason}
        entry.states.append(state)
        entry.told_at = max(when, entry.told_at)  # Who books a broken machine hears at once.
        self.rows.tell(
            entry.told_at, at.house.id, by, action or f"booking:{state}", ("booking", entry.id),
            **facts,
        )  # fmt: skip
