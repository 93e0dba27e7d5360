"""Revisions lead to the tables of the models, up and down and up again, with rows in them."""

import hashlib
import shutil
from datetime import date, timedelta
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Column, Connection, func, inspect, select, text
from sqlalchemy import String as Text

from packhouse import newest_revision
from packhouse.cli.seeds.demo import seed_demo
from packhouse.db import Base, db, transaction
from packhouse.domain.bookings import Every, Rule
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.errors import NotAllowed
from packhouse.models import triggers
from packhouse.models.complaints import Complaint
from packhouse.models.downtime import Breakdown, MachineUtility, Outage, Photo, Schedule
from packhouse.models.machines import Machine, Placement, RateDecision, SparePart
from packhouse.models.privacy import ClosedAccount
from packhouse.models.products import Product
from packhouse.models.sites import Site
from packhouse.models.users import SignUp
from packhouse.services import (
    bookings,
    businesses,
    calendars,
    complaints,
    downtime,
    housekeeping,
    privacy,
    replanning,
    runs,
    sessions,
    sites,
    tariffs,
    users,
    waitlist,
)
from packhouse.services.bookings import ChosenDate, OrderRow, SeriesWish, Target, Wish
from packhouse.services.waitlist import Wanted
from tests.conftest import NOW
from tests.factories import Make

MIGRATIONS = Path(str(triggers.__file__)).parents[1] / "migrations"
SCRATCH = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None

def upgrade() -> None:
    for table in ("occupations", "bookings", "audit_entries", "state_intervals"):
        with op.batch_alter_table(table, recreate="{recreate}") as batch:
            batch.add_column(sa.Column("scratch", sa.String()))

def downgrade() -> None:
    for table in ("occupations", "bookings", "audit_entries", "state_intervals"):
        with op.batch_alter_table(table, recreate="{recreate}") as batch:
            batch.drop_column("scratch")
"""


def revisions() -> list[str]:
    """Return all revisions, the newest first."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    return [each.revision for each in scripts.walk_revisions()]


def differences(connection: Connection) -> list[object]:
    migration = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(migration, Base.metadata))


def seals() -> dict[str, str]:
    """Return a hash of every column (table.column) of all rows, in the order of their key."""
    db.session.remove()
    found = {}
    with db.engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            if name in ("alembic_version", "booking_transitions"):  # A revision may add a state.
                continue
            key = inspect(connection).get_pk_constraint(name)["constrained_columns"]
            query = text(f"SELECT * FROM {name} ORDER BY {', '.join(key)}")
            rows = connection.execute(query).mappings().all()
            for column in inspect(connection).get_columns(name):
                values = repr([row[column["name"]] for row in rows])
                found[f"{name}.{column['name']}"] = hashlib.sha256(values.encode()).hexdigest()
    return found


def rules() -> set[str]:
    with db.engine.connect() as connection:
        return triggers.present(connection) & triggers.expected(connection.dialect.name)


def all_rules() -> set[str]:
    return triggers.expected(db.engine.dialect.name)


def tables_without_rows() -> set[str]:
    with db.engine.connect() as connection:
        return {
            name
            for name in Base.metadata.tables
            if connection.execute(text(f"SELECT 1 FROM {name} LIMIT 1")).first() is None
        }


@pytest.fixture
def seeded(context: Flask, make: Make) -> Flask:
    """The app with an invented house in its database, and a row of all that it has none of."""
    seed_demo(now=NOW, seed=1, tell=lambda _step: None)
    site = make.site()
    machine = make.code(make.machine(site))
    product = make.product(make.business())
    operator = make.user(Role.OPERATOR, sites=(site,), email="petugas@contoh.example")
    make.session(operator)
    make.shift(site, make.at(8), make.at(9), operators=1)
    _complain(site, make)
    _requests(site, product, make)
    users.create_token(email="petugas@contoh.example", actor=SYSTEM, now=NOW)
    housekeeping.note_duty(duty="prune", now=NOW, done=1, error=None)
    _privacy(operator, make)
    wish = Wish(product, 100, machine, make.at(8))
    booked = bookings.book(wish=wish, actor=operator, now=NOW, key="kunci")
    rule = Rule(Every.WEEK, date(2026, 11, 27), date(2026, 11, 27))
    bookings.book_series(
        wish=SeriesWish(product, 100, machine, 480, rule),
        chosen=[ChosenDate(rule.first_day, machine, make.at(8, days=3))],
        actor=operator, now=NOW,
    )  # fmt: skip
    cooperative = make.business(kind="cooperative")
    bookings.book_order(
        cooperative_id=cooperative, site=_code_of(site), actor=operator, now=NOW,
        rows=[
            OrderRow(cooperative, 100, machine, make.at(8, days=8), make.product(cooperative)),
        ],
    )  # fmt: skip
    target = Target(make.at(9))
    bookings.move(code=str(booked["code"]), target=target, actor=operator, now=NOW)
    businesses.invite_person(
        business_id=make.business(), name="Ibu Contoh", is_owner=False, actor=operator, now=NOW
    )
    sites.write_standard(code=_code_of(site), text="contoh", actor=SYSTEM, now=NOW)
    businesses.dismiss_pair(
        first_id=make.business(), second_id=make.business(), actor=SYSTEM, now=NOW
    )
    businesses.merge_businesses(
        merged_id=make.business(), into_id=make.business(), reason="contoh", actor=SYSTEM, now=NOW
    )
    downtime.plan_maintenance(
        machine=machine, from_at=make.at(13), to_at=make.at(14), reason="maintenance",
        actor=SYSTEM, now=NOW,
    )  # fmt: skip
    waiting = Wanted(product, 100, make.at(0, days=6), make.at(0, days=7))
    entered = waitlist.enter(wanted=waiting, actor=operator, now=NOW)
    waitlist.reorder(wish_id=entered["id"], to_front=True, reason="contoh", actor=operator, now=NOW)
    waitlist.look_around(actor=SYSTEM, now=NOW)
    while waitlist.promote(actor=SYSTEM, now=NOW):
        pass
    planned = downtime.plan_maintenance(
        machine=machine, from_at=make.at(13, days=3), to_at=make.at(14, days=3),
        reason="maintenance", actor=SYSTEM, now=NOW,
    )  # fmt: skip
    downtime.cancel_maintenance(maintenance_id=planned.id, actor=SYSTEM, now=NOW)
    _replan(site, operator, make)
    _downtime(machine, operator)
    _session(site, operator, make)
    _assets(site)
    with pytest.raises(NotAllowed):
        sessions.sign_in(contact="x@contoh.example", password="salah", network="::1", now=NOW)
    users.ask_for_link(contact="petugas@contoh.example", network="::1", now=NOW)
    # Going back, somebody without an address is given one: hers would be a row that changes.
    with transaction() as session:
        session.add(SignUp(key_hash="k", request_hash="r", user_id=operator.id, created_at=NOW))
    return context


def _code_of(site: int) -> str:
    code = db.session.scalars(select(Site.code).where(Site.id == site)).one()
    db.session.rollback()
    return code


def _complain(site: int, make: Make) -> None:
    code = _code_of(site)
    grievance = complaints.Grievance("fees", "Tarif di papan berbeda dengan di laman.")
    complaints.file_complaint(site=code, grievance=grievance, actor=None, now=NOW, key="kunci")
    newest = db.session.scalars(select(func.max(Complaint.id))).one()
    db.session.rollback()
    complaints.answer_complaint(
        complaint_id=newest, text="Papan sudah diganti.", actor=make.user(Role.ADMIN), now=NOW
    )


def _replan(site: int, operator: Actor, make: Make) -> None:
    """A plan that was applied, and what its people were asked."""
    broken, product = make.code(make.machine(site)), make.product(make.business())
    bookings.book(
        wish=Wish(product, 100, broken, make.at(9, days=9)), actor=operator, now=NOW, key="pindah"
    )
    downtime.report_breakdown(
        machine=broken, reason="breakdown", expected_back_at=make.at(16, days=9),
        actor=operator, now=NOW,
    )  # fmt: skip
    plan = replanning.propose(site=_code_of(site), actor=operator, now=NOW)
    replanning.apply_plan(plan_id=plan, actor=operator, now=NOW)


def _session(site: int, operator: Actor, make: Make) -> None:
    """A session that was run, and the clean that closed its day."""
    machine, product = make.code(make.machine(site)), make.product(make.business())
    wish = Wish(product, 100, machine, make.at(9, days=0))
    code = str(bookings.book(wish=wish, actor=operator, now=NOW, key="sesi")["code"])
    runs.start(code=code, actor=operator, now=make.at(9, days=0))
    counts = runs.Counts(100, 0)
    runs.finish(code=code, counts=counts, actor=operator, now=make.at(10, days=0))
    runs.close_day(machine=machine, actor=operator, now=make.at(11, days=0))


def _downtime(machine: str, operator: Actor) -> None:
    """A machine that needs power, work that comes back, an outage, a fault and its picture."""
    with transaction() as session:
        found = session.scalars(select(Machine).where(Machine.code == machine)).one()
        session.merge(MachineUtility(machine_id=found.id, utility="electricity"))
        session.add(
            Schedule(
                machine_id=found.id, reason="maintenance", basis="days", every=30, minutes=60,
                lead_days=7, counts_from=NOW, not_before=NOW, created_at=NOW,
            )
        )  # fmt: skip
        until = NOW + timedelta(hours=1)
        session.add(
            Outage(
                site_id=found.site_id, utility="water", from_at=NOW, to_at=until, ended_at=NOW,
                told_at=NOW,
            )
        )  # fmt: skip
        fault = Breakdown(
            machine_id=found.id, reason="breakdown", started_at=NOW - timedelta(hours=1),
            expected_back_at=until, ended_at=NOW, reported_by=operator.id,
        )  # fmt: skip
        session.add(fault)
        session.flush()
        picture = Photo(
            breakdown_id=fault.id, name="contoh", bytes=1, width=1, height=1, created_at=NOW
        )
        session.add(picture)


def _assets(site: int) -> None:
    """A machine that was moved and waits for a part, and a rate that somebody decided on."""
    with transaction() as session:
        found = session.scalars(select(Machine).where(Machine.site_id == site)).first()
        assert found is not None
        session.add(Placement(machine_id=found.id, site_id=site, from_at=NOW))
        session.add(SparePart(machine_id=found.id, part="Sabuk", noted_at=NOW))
        session.add(
            RateDecision(
                machine_id=found.id, pack="pouch_100", action="accepted", rate_before=15, rate=12,
                decided_at=NOW,
            )
        )  # fmt: skip


def _requests(site: int, product: int, make: Make) -> None:
    """A request that is asked something, and hours that changed."""
    asking = make.code(make.machine(site, needs_approval=True))
    with transaction() as session:
        business = session.get_one(Product, product).business_id
    owner = make.producer(business)
    asked = bookings.book(wish=Wish(product, 100, asking, make.at(8)), actor=owner, now=NOW)
    bookings.ask(code=str(asked["code"]), question="Berapa karton?", actor=SYSTEM, now=NOW)
    sites.change_hours(
        code=_code_of(site), hours="mon-fri 07:00-15:00", valid_from=date(2027, 1, 4),
        actor=SYSTEM, now=NOW,
    )  # fmt: skip


def _privacy(operator: Actor, make: Make) -> None:
    """A reduction for whoever books, an answer, a calendar, and an account that was closed."""
    tariffs.add_reduction(
        kind="everyone", percent=10, site=None, valid_from=NOW, legal_basis="Contoh",
        actor=SYSTEM, now=NOW,
    )  # fmt: skip
    privacy.answer_purpose(purpose="story", given=True, actor=operator, now=NOW)
    calendars.open_feed(actor=operator, now=NOW)
    closed = make.user(is_active=False).id
    with transaction() as session:
        session.add(ClosedAccount(user_id=closed, at=NOW))


def test_the_newest_revision_makes_the_tables_of_the_models(context: Flask) -> None:
    with db.engine.connect() as connection:
        assert differences(connection) == []


def test_revisions_are_one_line_and_each_can_be_undone() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))

    assert scripts.get_heads() == [newest_revision()]
    assert len(scripts.get_bases()) == 1
    assert all(hasattr(each.module, "downgrade") for each in scripts.walk_revisions())


def test_every_revision_goes_down_and_up_again_with_rows(seeded: Flask) -> None:
    assert tables_without_rows() == set()

    for revision, older in zip(revisions(), [*revisions()[1:], "base"], strict=True):
        before = seals()
        db.session.remove()
        flask_migrate.downgrade(revision=older)
        kept = seals()
        assert {name: before[name] for name in kept} == kept, f"{revision} down changes rows"
        flask_migrate.upgrade(revision=revision)
        again = seals()
        assert set(again) == set(before), revision
        assert {name: again[name] for name in kept} == kept, f"{revision} up changes rows"
        db.session.remove()
        flask_migrate.downgrade(revision=older)
    assert seals() == {}

    flask_migrate.upgrade()

    with db.engine.connect() as connection:
        assert differences(connection) == []
    assert rules() == all_rules()


def test_rules_are_back_after_a_revision_was_undone_and_done_again(seeded: Flask) -> None:
    before = seals()
    db.session.remove()
    flask_migrate.downgrade(revision="-1")

    flask_migrate.upgrade()

    assert rules() == all_rules()
    assert set(seals()) == set(before)


def test_a_table_that_a_revision_rebuilds_keeps_its_rules_and_rows(
    seeded: Flask, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    recreate = "always" if db.engine.dialect.name == "sqlite" else "auto"
    scratch = SCRATCH.format(head=revisions()[0], recreate=recreate)
    (folder / "versions" / "9999_scratch.py").write_text(scratch)
    before = seals()
    db.session.remove()

    flask_migrate.upgrade(directory=str(folder))

    assert rules() == all_rules()
    after = seals()
    assert before.items() <= after.items()
    assert {name.partition(".")[0] for name in after.keys() - before.keys()} == {
        "occupations", "bookings", "audit_entries", "state_intervals",
    }  # fmt: skip
    db.session.remove()
    flask_migrate.downgrade(directory=str(folder), revision="-1")
    flask_migrate.upgrade()
    assert seals() == before
    assert rules() == all_rules()


def test_a_rebuilt_table_alone_would_lose_its_rules_on_sqlite(context: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        assert rules() == all_rules()  # PostgreSQL alters tables in place.
        return
    with db.engine.connect().execution_options(immediate=True) as connection:
        with Operations(MigrationContext.configure(connection)).batch_alter_table(
            "moves", recreate="always"
        ) as batch:
            batch.add_column(Column("scratch", Text()))

        assert "moves_no_update" not in triggers.present(connection)
        triggers.install(connection)
        assert triggers.present(connection) == all_rules()
