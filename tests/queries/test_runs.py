from datetime import date, datetime

import pytest

from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound
from packhouse.queries.runs import (
    Action,
    Board,
    JobCard,
    Standing,
    board_sites,
    contacts_of,
    day_board,
    session_view,
)
from packhouse.services import bookings, downtime, runs
from packhouse.services.bookings import Wish
from tests.factories import Make
from tests.support.queries import CountQueries

TODAY = date(2026, 11, 24)


class Floor:
    """A house with two machines, and the operator who looks at its board."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.site = make.site(code="PTK")
        self.machine = make.machine(self.site, code="M3")
        make.machine(self.site, code="M4", name="Vakum")
        self.business = make.business(name="Dapur Rasa")
        self.plain = make.product(self.business, name="Keripik")
        self.fish = make.product(self.business, name="Amplang", allergens=["fish"])
        self.operator = make.user(Role.OPERATOR, sites=(self.site,))

    def at(self, hour: int, minute: int = 0) -> datetime:
        return self.make.at(hour, minute, days=0)

    def book(self, hour: int, product: int | None = None, *, machine: str = "M3") -> str:
        wish = Wish(product or self.plain, 400, machine, self.at(hour))
        return str(bookings.book(wish=wish, actor=self.operator, now=self.make.now)["code"])

    def board(self, hour: int, minute: int = 0) -> Board:
        return day_board(
            site_id=self.site, day=TODAY, now=self.at(hour, minute), actor=self.operator
        )

    def card(self, code: str, hour: int, minute: int = 0) -> JobCard:
        return next(job for job in self.board(hour, minute).jobs if job.code == code)


@pytest.fixture
def floor(make: Make) -> Floor:
    return Floor(make)


def test_a_board_shows_who_comes_when_and_what_she_packs(floor: Floor) -> None:
    code = floor.book(9)

    job = floor.card(code, 8)

    assert (job.business_name, job.product_name, job.quantity) == ("Dapur Rasa", "Keripik", 400)
    assert (job.starts_at, job.standing) == (floor.at(9), Standing.EXPECTED)
    assert job.actions == (Action.CHECK_IN, Action.START)


@pytest.mark.parametrize(
    ("minute", "standing"), [(0, "expected"), (1, "late"), (19, "late"), (20, "missed")]
)
def test_the_clock_decides_how_a_booking_stands(floor: Floor, minute: int, standing: str) -> None:
    job = floor.card(floor.book(9), 9, minute)

    assert job.standing == standing
    assert (Action.NO_SHOW in job.actions) == (standing == "missed")


def test_a_cleaning_tells_what_it_is_for(floor: Floor) -> None:
    floor.book(9, floor.fish)
    code = floor.book(11)

    clean = floor.card(code, 8).clean

    assert clean is not None
    assert (clean.level, clean.minutes) == (3, 15)
    assert (clean.why, clean.allergens, clean.after) == ("allergens", ("fish",), "Amplang")


def test_the_first_job_of_a_day_needs_no_cleaning(floor: Floor) -> None:
    assert floor.card(floor.book(9), 8).clean is None


def test_a_run_offers_what_its_state_allows(floor: Floor) -> None:
    code = floor.book(9)
    runs.start(code=code, actor=floor.operator, now=floor.at(9))

    def actions(minute: int) -> set[Action]:
        return set(floor.card(code, 9, minute).actions)

    assert actions(1) == {Action.RESUME, Action.PAUSE, Action.FINISH}
    assert actions(11) == {Action.PAUSE, Action.FINISH}
    runs.pause(code=code, reason="no_material", actor=floor.operator, now=floor.at(9, 12))
    assert actions(13) == {Action.RESUME, Action.PAUSE, Action.FINISH}
    machine = floor.board(9, 13).machines[0]
    assert (machine.jobs[0].reason, machine.jobs[0].is_paused) == ("no_material", True)
    assert machine.run is not None
    assert (machine.state, machine.run.reason, machine.run.is_paused) == (
        "idle",
        "no_material",
        True,
    )


def test_a_setup_that_outlasts_its_plan_counts_as_running(floor: Floor) -> None:
    code = floor.book(9)
    runs.start(code=code, actor=floor.operator, now=floor.at(9))

    run = floor.board(9, 15).machines[0].run

    assert run is not None
    assert (run.reason, run.since) == ("running", floor.at(9, 10))
    assert floor.card(code, 9, 41).standing == Standing.OVER


def test_nobody_starts_while_another_run_is_on(floor: Floor) -> None:
    first, second = floor.book(9), floor.book(11)
    runs.start(code=first, actor=floor.operator, now=floor.at(9))

    job = floor.card(second, 9, 30)

    assert Action.START not in job.actions
    assert job.start_problem is not None
    assert (job.start_problem.code, job.start_problem.facts["code"]) == ("machine_running", first)


def test_nobody_starts_while_somebody_elses_time_lies_before_hers(floor: Floor) -> None:
    floor.book(9)
    job = floor.card(floor.book(11), 8)

    assert job.start_problem is not None
    assert job.start_problem.code == "too_early"


def test_a_broken_machine_says_since_when_and_until_when(floor: Floor) -> None:
    code = floor.book(9)
    downtime.report_breakdown(
        machine="M3", reason="waiting_parts", expected_back_at=floor.at(14),
        actor=floor.operator, now=floor.at(8),
    )  # fmt: skip

    machine = floor.board(8, 30).machines[0]

    assert machine.state == "broken"
    assert machine.breakdown is not None
    assert machine.breakdown.expected_back_at == floor.at(14)
    assert [block.kind for block in machine.blocks] == ["breakdown"]
    assert [gap.start for gap in machine.gaps] == [floor.at(14)]
    assert floor.card(code, 8, 30).standing == Standing.DISPLACED


def test_free_time_is_what_opening_hours_and_bookings_leave(floor: Floor) -> None:
    floor.book(9)

    gaps = [(gap.start, gap.end) for gap in floor.board(8).machines[0].gaps]

    assert gaps == [
        (floor.at(8), floor.at(9)),
        (floor.at(9, 40), floor.at(12)),
        (floor.at(13), floor.at(16)),
    ]


def test_planned_work_stands_on_the_board_before_and_after_it_is_done(floor: Floor) -> None:
    manager = floor.make.user(Role.MANAGER, sites=(floor.site,))
    downtime.plan_maintenance(
        machine="M3", from_at=floor.at(10), to_at=floor.at(11), reason="calibration",
        actor=manager, now=floor.make.now,
    )  # fmt: skip

    board = floor.board(10, 30)
    later = floor.board(15)

    assert board.machines[0].state == "maintenance"
    assert [block.reason for block in board.machines[0].blocks] == ["calibration"]
    assert [block.reason for block in later.machines[0].blocks] == ["calibration"]


def test_another_day_can_be_read_but_not_run(floor: Floor) -> None:
    code = floor.book(9)
    yesterday = floor.make.now.replace(day=23)

    board = day_board(site_id=floor.site, day=TODAY, now=yesterday, actor=floor.operator)

    assert not board.is_today
    assert [job.actions for job in board.jobs if job.code == code] == [()]


def test_a_closed_day_has_a_board_too(floor: Floor) -> None:
    board = day_board(
        site_id=floor.site, day=date(2026, 11, 29), now=floor.make.now, actor=floor.operator
    )

    assert board.open_ranges == ()
    assert board.closes > board.opens


def test_a_session_knows_who_comes_next_and_whom_to_call(floor: Floor) -> None:
    owner = floor.make.user(businesses=(floor.business,), phone="+6281234567890", name="Sari")
    code, following = floor.book(9, floor.fish), floor.book(11)
    runs.start(code=code, actor=floor.operator, now=floor.at(9))

    view = session_view(code=code, actor=floor.operator, now=floor.at(9, 20))

    assert view.elapsed_minutes == 20
    assert view.following is not None
    assert view.following.code == following
    assert [(each.name, each.phone) for each in view.contacts] == [(owner.name, "+6281234567890")]


def test_a_cancelled_booking_still_has_a_session_that_says_so(floor: Floor) -> None:
    code = floor.book(9)
    bookings.cancel(code=code, actor=floor.operator, now=floor.make.now)

    view = session_view(code=code, actor=floor.operator, now=floor.at(9))

    assert (view.job.standing, view.job.actions) == (Standing.GONE, ())


def test_a_board_is_only_for_those_who_run_the_house(floor: Floor, make: Make) -> None:
    code = floor.book(9)
    elsewhere = make.user(Role.OPERATOR, sites=(make.site(),))
    producer = make.producer(floor.business)

    for stranger in (elsewhere, producer):
        with pytest.raises(NotFound):
            day_board(site_id=floor.site, day=TODAY, now=make.now, actor=stranger)
        with pytest.raises(NotFound):
            session_view(code=code, actor=stranger, now=make.now)
    assert [each.code for each in board_sites(actor=floor.operator)] == ["PTK"]
    assert board_sites(actor=producer) == ()


def test_an_administrator_has_every_board(floor: Floor, make: Make) -> None:
    make.site(code="SKW")

    assert len(board_sites(actor=make.user(Role.ADMIN))) == 2


def test_nobody_is_called_for_no_business(floor: Floor) -> None:
    assert contacts_of(business_ids=[]) == {}


def test_a_board_is_as_many_queries_with_one_job_as_with_many(
    floor: Floor, make: Make, count_queries: CountQueries
) -> None:
    def total(actor: Actor) -> int:
        with count_queries() as counted:
            day_board(site_id=floor.site, day=TODAY, now=make.now, actor=actor)
        return counted.total

    floor.book(9)
    few = total(floor.operator)
    for number in range(4):
        make.machine(floor.site, code=f"X{number}")
        for hour in (9, 11, 14):
            floor.book(hour, machine=f"X{number}")

    assert total(floor.operator) == few
    assert few <= 10
