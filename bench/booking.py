"""Booking POSTs on distinct slots through gunicorn, beside the bare insert of the same run.

SQLite is served as a house runs it, by one process; PostgreSQL as a province does, by a process
for each core (docs/operations.md, "Growth"). The ceiling gets as many.
"""

import os
from typing import Any

from flask import Flask

from bench.report import progress, tell
from bench.serving import post_all, server
from bench.stores import Store, stores
from packhouse import clock
from packhouse.db import db
from packhouse.domain.users import SYSTEM
from packhouse.services import users
from tests.factories import Make
from tests.support import races

MACHINES = 20
POSTS = 800
CLIENTS = (1, 16)
PATH = "/api/v1/bookings"


def run() -> None:
    """Measure both databases; the ratio to the ceiling is what counts on a noisy machine."""
    with stores() as both:
        for store in both:
            _measure(store, store.app())


def _measure(store: Store, app: Flask) -> None:
    token, bodies = prepare(app, bookings=(POSTS + 50) * len(CLIENTS))
    workers = 1 if store.engine == "sqlite" else os.cpu_count() or 1
    for clients in CLIENTS:
        progress(f"booking: {clients} clients on {store.engine}")
        share = [bodies.pop() for _ in range(POSTS)]
        with server(store, "bench.ceiling:create()", workers=workers) as (port, _):
            post_all(port, PATH, share[:50], token=token, clients=clients)
            ceiling = post_all(port, PATH, share, token=token, clients=clients)
        with server(store, workers=workers) as (port, _):
            warm = [bodies.pop() for _ in range(50)]
            post_all(port, PATH, warm, token=token, clients=clients)
            ours = post_all(port, PATH, share, token=token, clients=clients)
        tell(
            "booking",
            engine=store.engine,
            clients=clients,
            processes=workers,
            posts=POSTS,
            house=ours,
            ceiling=ceiling,
            share_of_ceiling=round(ours["per_second"] / ceiling["per_second"], 3),
        )


def prepare(app: Flask, *, bookings: int) -> tuple[str, list[dict[str, Any]]]:
    """Make a house of machines, and the bodies of bookings that never meet."""
    with app.app_context():
        make = Make(now=clock.now())
        arena = races.build_arena(make, rounds=bookings // MACHINES + 1)
        owner = make.user(businesses=tuple(arena.actor.business_ids), email="bench@contoh.example")
        site = next(iter(db.session.execute(db.text("SELECT id FROM sites")).scalars()))
        db.session.rollback()
        machines = [arena.machine]
        for number in range(1, MACHINES):
            make.machine(site, code=f"B{number}", rate_per_minute=1000.0)
            machines.append(f"B{number}")
        assert owner.id is not None
        token = users.create_token(email="bench@contoh.example", actor=SYSTEM, now=clock.now())
        db.session.remove()
        db.engine.dispose()
    bodies = [
        {
            "product": arena.product,
            "quantity": 100,
            "machine": machine,
            "starts_at": starts_at.isoformat(),
        }
        for starts_at in arena.starts
        for machine in machines
    ]
    return token, bodies
