from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.db import db, transaction, violated
from packhouse.domain.bookings import TRANSITIONS
from packhouse.models import triggers
from packhouse.models.bookings import BookingTransition
from packhouse.models.machines import Machine
from packhouse.models.runs import StateInterval
from packhouse.models.slots import Claim, Occupation, OperatorLoad
from tests.conftest import NOW
from tests.factories import Make


def occupy(
    session: Session, machine_id: int, from_at: datetime, minutes: int, *, attended: bool = False
) -> Occupation:
    machine = session.get_one(Machine, machine_id)
    occupation = Occupation(
        site_id=machine.site_id,
        machine_id=machine_id,
        kind="hold",
        attended_from=from_at if attended else None,
        from_at=from_at,
        to_at=from_at + timedelta(minutes=minutes),
    )
    session.add(occupation)
    session.flush()
    return occupation


def slots(session: Session) -> list[int]:
    return list(session.scalars(select(Claim.slot).order_by(Claim.slot)))


def test_every_rule_the_database_keeps_is_present(make: Make) -> None:
    with db.engine.connect() as connection:
        assert triggers.expected(connection.dialect.name) <= triggers.present(connection)


def test_an_occupation_claims_exactly_its_slots(make: Make) -> None:
    machine = make.machine()
    with transaction() as session:
        occupy(session, machine, make.at(8), 20)

        first = int(make.at(8).timestamp()) // 300
        assert slots(session) == [first, first + 1, first + 2, first + 3]


def test_two_occupations_of_one_machine_cannot_share_a_slot(make: Make) -> None:
    machine = make.machine()
    with transaction() as session:
        occupy(session, machine, make.at(8), 20)

    with pytest.raises(IntegrityError) as refused, transaction() as session:
        occupy(session, machine, make.at(8, 15), 20)

    assert "claims" in violated(refused.value)


def test_touching_occupations_and_other_machines_do_not_clash(make: Make) -> None:
    machine = make.machine()
    other = make.machine()
    with transaction() as session:
        occupy(session, machine, make.at(8), 20)
        occupy(session, machine, make.at(8, 20), 20)
        occupy(session, other, make.at(8), 20)

        assert len(slots(session)) == 12


def test_a_move_swaps_the_claims_and_a_release_drops_them(make: Make) -> None:
    machine = make.machine()
    with transaction() as session:
        occupation = occupy(session, machine, make.at(8), 20)
        occupation.from_at, occupation.to_at = make.at(8, 10), make.at(8, 25)
        session.flush()
        first = int(make.at(8, 10).timestamp()) // 300
        assert slots(session) == [first, first + 1, first + 2]

        occupation.status = "released"
        session.flush()
        assert slots(session) == []

        session.delete(occupation)
        session.flush()


def test_no_more_attended_machines_run_than_operators_are_on_shift(make: Make) -> None:
    site = make.site(operators=2)
    machines = [make.machine(site) for _ in range(3)]
    make.shift(site, make.at(13), make.at(16), operators=1)
    with transaction() as session:
        occupy(session, machines[0], make.at(8), 60, attended=True)
        occupy(session, machines[1], make.at(8, 30), 60, attended=True)
        occupy(session, machines[0], make.at(13), 60, attended=True)
        assert session.scalar(select(func.max(OperatorLoad.used))) == 2

    for start in (make.at(8, 55), make.at(13, 30)):
        with pytest.raises(IntegrityError) as refused, transaction() as session:
            occupy(session, machines[2], start, 10, attended=True)
        assert "ck_operator_load_capacity" in violated(refused.value)

    with transaction() as session:
        occupy(session, machines[2], make.at(9), 30, attended=True)


def test_states_of_a_machine_never_overlap(make: Make) -> None:
    machine = make.machine()

    def add(session: Session, start: datetime, end: datetime | None) -> StateInterval:
        interval = StateInterval(machine_id=machine, reason="running", starts_at=start, ends_at=end)
        session.add(interval)
        session.flush()
        return interval

    with transaction() as session:
        add(session, make.at(8), make.at(10))
        add(session, make.at(10), make.at(11))
        add(session, make.at(13), None)

    for start, end in (
        (make.at(9, 30), make.at(9, 40)),
        (make.at(7), make.at(12)),
        (make.at(12), None),
        (make.at(14), make.at(15)),
    ):
        with pytest.raises(IntegrityError), transaction() as session:
            add(session, start, end)

    with transaction() as session:
        add(session, make.at(11), make.at(13))


def test_the_database_holds_the_same_state_table_as_the_domain(make: Make) -> None:
    with transaction() as session:
        kept = {
            (row.old_state, row.new_state) for row in session.scalars(select(BookingTransition))
        }

    assert kept == {(str(old), str(new)) for old, new in TRANSITIONS}


@pytest.mark.parametrize("table", ["audit_entries", "demands"])
def test_history_cannot_be_rewritten(make: Make, table: str) -> None:
    make.user()
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO demands (at, reason, quantity) VALUES (1, 'x', 1)"
                if table == "demands"
                else "INSERT INTO audit_entries (chain, seq, at, action, subject_kind,"
                " subject_id, facts, previous_hash, hash) VALUES (0, 1, 1, 'a', 'b', 1, '{}',"
                " '', '')"
            )
        )

    for change in (f"DELETE FROM {table}", f"UPDATE {table} SET at = 2"):
        with pytest.raises(IntegrityError) as refused, transaction() as session:
            session.execute(text(change))
        assert f"{table}_append_only" in violated(refused.value)


def load(session: Session, minute: int) -> tuple[int, int, int]:
    """Return used, capacity and promised of the slot that begins so many minutes after eight."""
    slot = int(Make(NOW).at(8).timestamp()) // 300 + minute // 5
    row = session.scalars(select(OperatorLoad).where(OperatorLoad.slot == slot)).one()
    session.refresh(row)
    return row.used, row.capacity, row.promised


def test_a_promise_stays_with_who_stays_and_goes_with_who_leaves(make: Make) -> None:
    site = make.site(operators=2)
    one, two = make.machine(site), make.machine(site)
    with transaction() as session:
        first = occupy(session, one, make.at(8), 20, attended=True)
        occupy(session, two, make.at(8), 20, attended=True)
        session.execute(update(OperatorLoad).values(capacity=1, promised=1))
        first.from_at -= timedelta(minutes=10)  # More cleaning before her changes no promise.
        session.flush()
        assert load(session, 0) == (2, 1, 1)
        first.from_at += timedelta(minutes=20)
        first.attended_from = first.from_at
        session.flush()
        assert load(session, 0) == (1, 1, 0)  # She left this slot,
        assert load(session, 10) == (2, 1, 1)  # and is still in that one.
        first.status = "released"
        session.flush()
        assert load(session, 10) == (1, 1, 0)


def test_nobody_follows_into_a_promised_place(make: Make) -> None:
    site = make.site(operators=2)
    one, two, three = (make.machine(site) for _ in range(3))
    with transaction() as session:
        occupy(session, one, make.at(8), 20, attended=True)
        occupy(session, two, make.at(8), 20, attended=True)
        session.execute(update(OperatorLoad).values(capacity=1, promised=1))

    with pytest.raises(IntegrityError) as refused, transaction() as session:
        occupy(session, three, make.at(8), 5, attended=True)

    assert "ck_operator_load_capacity" in violated(refused.value)
