"""The board of a site's day, and one session of it, put together from what is recorded."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.db import reading
from packhouse.domain.bookings import Expected
from packhouse.domain.permissions import may_operate
from packhouse.domain.runs import Reason
from packhouse.domain.sites import Calendar
from packhouse.domain.time_range import TimeRange, floor_to_slot, subtract
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound, Stale
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Membership
from packhouse.models.sites import Site, load_calendar
from packhouse.models.users import User
from packhouse.queries.runs.cards import Scene, card_of, clean_of, start_problem_of
from packhouse.queries.runs.chains import expected_day
from packhouse.queries.runs.rows import AnyRow, Only, block_rows, job_rows, machine_rows
from packhouse.queries.runs.views import (
    SHORTEST_GAP,
    Block,
    Board,
    Contact,
    House,
    MachineBoard,
    OpenBreakdown,
    OpenRun,
    SessionView,
    Standing,
)


def board_sites(*, actor: Actor) -> tuple[House, ...]:
    """Return the sites whose board is in this person's hands, by name."""
    query = select(*_HOUSE).order_by(Site.name, Site.id)
    if not (actor.is_system or actor.role == Role.ADMIN):
        query = query.where(Site.id.in_(actor.site_ids))
    return tuple(House(*row) for row in reading().execute(query) if may_operate(actor, row.id))


def day_board(*, site_id: int, day: date, now: datetime, actor: Actor) -> Board:
    """Return the board of a site's local day, in five queries however full it is.

    Raises NotFound for a site that is unknown or not in the actor's hands.
    """
    if not may_operate(actor, site_id):
        raise NotFound("site_not_found")
    return board_of(site_id=site_id, now=now, day=day)


def board_of(*, site_id: int, now: datetime, day: date | None = None) -> Board:
    """Return the board of a site's local day, today's by default, whoever asks.

    For callers that have asked who may see it, or that show nobody's name.
    """
    session = reading()
    house, calendar = _house(session, site_id)
    return _board(session, house, calendar, day or calendar.day_of(now), now)


def session_view(*, code: str, actor: Actor, now: datetime) -> SessionView:
    """Return one booking with its machine's day around it, in nine queries.

    Raises NotFound for a code that is unknown or of another house, Stale while it moves.
    """
    session = reading()
    found = session.execute(
        select(Booking.site_id, Booking.machine_id, Booking.starts_at).where(Booking.code == code)
    ).one_or_none()
    if found is None or not may_operate(actor, found.site_id):
        raise NotFound("booking_not_found", code=code)
    house, calendar = _house(session, found.site_id)
    day = calendar.day_of(found.starts_at)
    only = Only(found.machine_id, code)
    machine = _board(session, house, calendar, day, now, only=only).machines[0]
    job = next((each for each in machine.jobs if each.code == code), None)
    if job is None:  # It went to another machine or day between two of these queries.
        raise Stale("booking_moved", code=code)
    waiting = (Standing.EXPECTED, Standing.LATE, Standing.HERE, Standing.ASKED)
    behind = (
        each for each in machine.jobs if each.starts_at > job.starts_at and each.standing in waiting
    )
    people = contacts_of(business_ids=[job.business_id] if job.business_id else [])
    return SessionView(
        house, job, machine, next(behind, None), people.get(job.business_id or 0, ()), now
    )


def likely_start(*, code: str, now: datetime) -> Expected | None:
    """Return when a booking of today that has not begun is likely to, as things stand now.

    For pages that have asked already whether the reader may see it; None on any other day.
    """
    session = reading()
    found = session.execute(
        select(Booking.site_id, Booking.machine_id, Booking.starts_at).where(Booking.code == code)
    ).one_or_none()
    if found is None:
        return None
    house, calendar = _house(session, found.site_id)
    today = calendar.day_of(now)
    if calendar.day_of(found.starts_at) != today:
        return None
    only = Only(found.machine_id, code)
    (machine,) = _board(session, house, calendar, today, now, only=only).machines
    return next((each.likely for each in machine.jobs if each.code == code), None)


def contacts_of(*, business_ids: Sequence[int]) -> dict[int, tuple[Contact, ...]]:
    """Return the people of each business who can be called, owners first, in one query.

    For pages of the staff only: the caller has checked that these bookings are theirs to run.
    """
    found: dict[int, list[Contact]] = defaultdict(list)
    if business_ids:
        for row in reading().execute(
            select(Membership.business_id, User.name, User.phone)
            .join(User, User.id == Membership.user_id)
            .where(Membership.business_id.in_(business_ids), User.phone != "", User.is_active)
            .order_by(Membership.role.desc(), User.name, User.id)
        ):
            found[row.business_id].append(Contact(row.name, row.phone))
    return {business_id: tuple(people) for business_id, people in found.items()}


_HOUSE = (
    Site.id, Site.code, Site.name, Site.zone, Site.grace_minutes, Site.delay_minutes, Site.wall_key
)  # fmt: skip


def _house(session: Session, site_id: int) -> tuple[House, Calendar]:
    site = session.get(Site, site_id)
    if site is None:
        raise NotFound("site_not_found")
    house = House(
        site.id, site.code, site.name, site.zone, site.grace_minutes, site.delay_minutes,
        site.wall_key,
    )  # fmt: skip
    return house, load_calendar(session, site_id)


def _board(
    session: Session,
    house: House,
    calendar: Calendar,
    day: date,
    now: datetime,
    only: Only | None = None,
) -> Board:
    window = calendar.local_day(day)
    working = calendar.working_day(day)
    open_ranges = working.ranges
    scene = Scene(house, day, calendar.day_of(now), working, now)
    machines = machine_rows(session, house.id, window, only)
    jobs = job_rows(session, house.id, window, only)
    blocks = block_rows(session, [row.id for row in machines], house.id, window)
    boards = tuple(_machine(row, jobs[row.id], blocks[row.id], scene) for row in machines)
    opens, closes = _hours_around(window, open_ranges, boards)
    return Board(house, day, now, day == scene.today, open_ranges, opens, closes, boards)


def _machine(
    row: AnyRow, jobs: Sequence[AnyRow], blocks: Sequence[Block], scene: Scene
) -> MachineBoard:
    run, breakdown = _run(row, scene.now), _breakdown(row)
    busy = [(each.from_at, each.to_at) for each in jobs if each.status == "live"]
    busy += [(each.from_at, each.to_at) for each in blocks if each.is_live]
    expected = _expected(row, jobs, run, breakdown, scene)
    cards = []
    before: AnyRow | None = None
    for each in jobs:
        problem = start_problem_of(row, each, busy, scene)
        likely = expected.get(each.code)
        cards.append(
            card_of(
                row,
                each,
                clean=clean_of(before, each),
                run=run,
                problem=problem,
                likely=likely,
                scene=scene,
            )
        )
        if each.status != "released" and each.product_name is not None:
            before = each
    return MachineBoard(
        row.id, row.code, row.name, _state(row, run, blocks, scene.now), run, breakdown,
        tuple(cards), tuple(blocks), _gaps(row, busy, breakdown, scene),
    )  # fmt: skip


def _expected(
    row: AnyRow,
    jobs: Sequence[AnyRow],
    run: OpenRun | None,
    breakdown: OpenBreakdown | None,
    scene: Scene,
) -> dict[str, Expected]:
    if scene.day != scene.today:
        return {}
    return expected_day(
        row, jobs, run=run, breakdown=breakdown, working=scene.working,
        grace_minutes=scene.house.grace_minutes, now=scene.now,
    )  # fmt: skip


def _run(row: AnyRow, now: datetime) -> OpenRun | None:
    if row.run_started_at is None:
        return None
    since = row.state_since or row.run_started_at
    reason = Reason(row.state_reason or Reason.RUNNING)
    ready_at = since + timedelta(minutes=row.run_setup_minutes or 0)
    if reason == Reason.SETUP and since < ready_at < now:
        # What outlasts the planned setup is production; the record is settled with the next tap.
        reason, since = Reason.RUNNING, ready_at
    return OpenRun(row.run_code or "", row.run_started_at, row.run_ends_at, reason, since)


def _breakdown(row: AnyRow) -> OpenBreakdown | None:
    if row.broken_since is None:
        return None
    return OpenBreakdown(
        Reason(row.broken_reason), row.broken_since, row.expected_back_at, row.broken_note
    )


def _state(row: AnyRow, run: OpenRun | None, blocks: Iterable[Block], now: datetime) -> str:
    """Return the code of what a machine is doing at this moment."""
    if row.broken_since is not None:
        return "broken"
    if run is not None:
        return "idle" if run.is_paused else "running"
    if row.retired_at is not None and row.retired_at <= now:
        return "retired"
    if row.commissioned_at > now:
        return "not_yet"
    blocked = any(
        each.kind == "maintenance" and each.is_live and each.from_at <= now < each.to_at
        for each in blocks
    )
    return "maintenance" if blocked else "ready"


def _gaps(
    row: AnyRow,
    busy: Iterable[tuple[datetime, datetime]],
    breakdown: OpenBreakdown | None,
    scene: Scene,
) -> tuple[TimeRange, ...]:
    """Return the open time from now on that nothing keeps, without scraps."""
    since = max(floor_to_slot(scene.now), row.commissioned_at)
    if breakdown is not None:
        since = max(since, breakdown.expected_back_at)
    until = row.retired_at
    ahead = (
        TimeRange(max(each.start, since), min(each.end, until) if until else each.end)
        for each in scene.open_ranges
        if max(each.start, since) < (min(each.end, until) if until else each.end)
    )
    free = subtract(ahead, (TimeRange(begins, ends) for begins, ends in busy))
    return tuple(each for each in free if each.end - each.start >= SHORTEST_GAP)


def _hours_around(
    window: TimeRange, open_ranges: Sequence[TimeRange], machines: Iterable[MachineBoard]
) -> tuple[datetime, datetime]:
    """Return the whole hours since local midnight that hold the openings and every booking."""
    jobs = [job for machine in machines for job in machine.jobs]
    starts = [each.start for each in open_ranges] + [job.occupied_from for job in jobs]
    ends = [each.end for each in open_ranges] + [job.ends_at for job in jobs]
    hour = timedelta(hours=1)
    first = (min(starts, default=window.start + 8 * hour) - window.start) // hour
    last = -((window.start - max(ends, default=window.start + 16 * hour)) // hour)
    first = min(max(first, 0), 23)
    return window.start + first * hour, window.start + min(max(last, first + 1), 24) * hour
