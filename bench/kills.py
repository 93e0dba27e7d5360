"""Kill the web process with -9 while clients book: nothing acknowledged may be lost or halved."""

from bench.booking import PATH, prepare
from bench.report import progress, tell
from bench.serving import server
from bench.stores import stores
from packhouse import clock
from packhouse.db import db
from packhouse.queries.audit import verify
from tests.support.kills import Storm

KILLS = 500
CLIENTS = 6


def run() -> None:
    """Measure both databases."""
    with stores() as both:
        for store in both:
            progress(f"kills: {KILLS} on {store.engine}")
            app = store.app()
            token, bodies = prepare(app, bookings=KILLS * 60)
            with server(store, "wsgi:app", preload=True) as (port, pid):
                storm = Storm(port, PATH, token, bodies)
                outcome = storm.rage(pid, kills=KILLS, clients=CLIENTS)
            with app.app_context():
                found = storm.check(outcome)
                broken = verify(now=clock.now())
                db.session.remove()
                db.engine.dispose()
            tell(
                "kills",
                engine=store.engine,
                kills=outcome.kills,
                acknowledged=len(outcome.codes),
                retried=outcome.retries,
                lost=found.lost,
                doubled=found.doubled,
                unasked=found.unasked,
                broken_rules=[finding.rule for finding in broken],
                seconds=round(outcome.seconds, 1),
            )
