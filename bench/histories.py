"""Fifty machines of one house with a short and a ten times longer past, and a full month ahead.

Built once per database and length, and shared by all benchmarks of a run that need them.
``BENCH_BOOKINGS=20000,200000`` asks for other lengths.
"""

import atexit
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from time import perf_counter

from flask import Flask
from sqlalchemy import text, update

from bench.report import growth, progress, tell, timed_in_turn
from bench.stores import ENGINES, Store, stores
from packhouse import clock
from packhouse.cli.seeds.history import History, write_history
from packhouse.db import db, reading, transaction
from packhouse.domain.users import Actor, Role
from packhouse.models.machines import Machine
from packhouse.models.sites import SiteHours
from packhouse.models.tariffs import Tariff
from tests.factories import Make
from tests.support.queries import counting

# Tuesday, 24 November 2026, 07.00 WIB: before the house opens.
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
MACHINES = 50
PER_DAY = 8
AHEAD_DAYS = 31
BEGAN = datetime(2010, 1, 1, tzinfo=UTC)
LENGTHS = (100_000, 1_000_000)
# What is packed: enough to ask for every level of cleaning between two of them.
PRODUCTS: tuple[dict[str, object], ...] = (
    {},
    {"aroma": "durian"},
    {"allergens": ["peanut"]},
    {"wet": True},
)


@dataclass(frozen=True, slots=True)
class Past:
    """A house with this many bookings behind it; ``actor`` answers for it, ``product`` is hers."""

    store: Store
    app: Flask
    bookings: int
    site: int
    machines: tuple[str, ...]
    product: int
    producer: Actor
    actor: Actor
    email: str
    secret: str

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Be inside its application, on the morning for which it was made."""
        with clock.frozen(NOW), self.app.app_context():
            try:
                yield
            finally:
                db.session.remove()

    def acting(self, act: Callable[[], object]) -> Callable[[], None]:
        """Return what does something as a request of its own would, with an empty session."""

        def within() -> None:
            with self.at_work():
                act()

        return within

    def count(self, act: Callable[[], object]) -> int:
        """Do something and return how many statements that took."""
        with self.at_work(), counting(db.engine) as counted:
            act()
        return counted.total

    def page(self, address: str, token: str | None = None) -> Callable[[], bytes]:
        """Return what reads a page as the house's manager: in a browser, or with a token."""
        browser = self.app.test_client()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = None if token else self.secret

        def read() -> bytes:
            with clock.frozen(NOW):
                answer = browser.get(address, headers=headers)
            if answer.status_code != 200:
                raise RuntimeError(f"{address} answers {answer.status}")
            return bytes(answer.data)

        return read


def lengths() -> tuple[int, ...]:
    """Return how many past bookings there are to be, shortest first."""
    asked = os.environ.get("BENCH_BOOKINGS")
    return tuple(sorted(map(int, asked.split(",")))) if asked else LENGTHS


@cache
def pasts(engine: str) -> tuple[Past, ...]:
    """Return the houses on one kind of database, shortest past first."""
    stack = ExitStack()
    atexit.register(stack.close)
    return tuple(_build(stack, engine, bookings) for bookings in lengths())


def all_pasts() -> Iterator[tuple[str, tuple[Past, ...]]]:
    """Yield both kinds of database with their houses."""
    for engine in ENGINES:
        yield engine, pasts(engine)


def compare(
    bench: str,
    what: str,
    acts: Sequence[tuple[Past, Callable[[], object]]],
    *,
    times: int,
    warm: int = 8,
    **facts: object,
) -> None:
    """Measure the same with every past in turn, and tell how it grows."""
    figures = timed_in_turn([past.acting(act) for past, act in acts], times=times, warm=warm)
    for (past, act), each in zip(acts, figures, strict=True):
        tell(
            bench,
            what=what,
            engine=past.store.engine,
            bookings=past.bookings,
            # What takes seconds is not done once more for this.
            **({"statements": past.count(act)} if times > 1 else {}),
            **facts,
            **each,
        )
    tell(bench, what=what, engine=acts[0][0].store.engine, growth=growth(figures))


def _build(stack: ExitStack, engine: str, bookings: int) -> Past:
    begun = perf_counter()
    (store,) = stack.enter_context(stores(engine, name=f"bench_{bookings}"))
    app = store.app()
    with clock.frozen(NOW), app.app_context():
        past = _furnish(store, app, bookings)
        ids = tuple(reading().scalars(text("SELECT id FROM machines ORDER BY id")))
        db.session.remove()
        write_history(machine_ids=ids, bookings=bookings, until=NOW, per_day=PER_DAY)
        month = History(machine_ids=ids, now=NOW, seed=2, true_to_life=False)
        for number in range(AHEAD_DAYS):
            month.add_day(TODAY + timedelta(days=number), lambda _station, _day: PER_DAY)
        month.flush()
        db.session.remove()
        _settle(engine)
        db.engine.dispose()
    progress(
        f"{engine}: {bookings} bookings behind and {month.written.bookings} ahead"
        f" in {perf_counter() - begun:.0f} s"
    )
    return past


def _furnish(store: Store, app: Flask, bookings: int) -> Past:
    make = Make(now=NOW)
    site = make.site(code="PTK", operators=MACHINES, horizon_days=60)
    codes = tuple(f"M{number:02}" for number in range(MACHINES))
    for number, code in enumerate(codes):
        make.machine(site, code=code, attended=number % 2 == 0, name=f"Band sealer {number}")
    with transaction() as session:
        session.execute(update(Machine).values(commissioned_at=BEGAN))
        session.execute(update(Tariff).values(valid_from=BEGAN))
        session.execute(update(SiteHours).values(valid_from=BEGAN.date()))
    products = []
    for _ in range(20):
        business = make.business()
        owner = make.producer(business)
        products += [make.product(business, **more) for more in PRODUCTS]
    email = "kepala@contoh.example"
    manager = make.user(Role.MANAGER, sites=(site,), email=email)
    return Past(
        store,
        app,
        bookings,
        site,
        codes,
        products[-4],
        owner,
        manager,
        email,
        make.session(manager),
    )


def _settle(engine: str) -> None:
    """Do at once what the database's own upkeep does some minutes after such a load."""
    if engine == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE)"))
