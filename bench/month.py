"""A month of a house with breakdowns, through its services: everything must add up at its end.

Not a race but an account: seconds of every machine-day, one message an event, and where every
displaced customer ended. ``BENCH_DAYS`` and ``BENCH_SEED`` choose another month.
"""

import os
import time
from datetime import UTC, datetime, timedelta

from bench.report import progress, tell
from bench.stores import stores
from packhouse.queries.audit import verify
from tests.factories import Make
from tests.support import accounts, month

DAYS = 30
NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


def run() -> None:
    """Live the same month on both databases."""
    days, seed = int(os.environ.get("BENCH_DAYS", DAYS)), int(os.environ.get("BENCH_SEED", "1"))
    with stores() as both:
        for store in both:
            progress(f"month: {days} days on {store.engine}")
            app = store.app()
            with app.app_context():
                house = month.build(app, Make(now=NOW), seed=seed)
                begun = time.perf_counter()
                over = house.live(NOW, days=days)
                first = NOW + timedelta(days=1)
                lost = accounts.unaccounted_minutes(site_id=house.site_id, first=first, over=over)
                tell(
                    "month",
                    engine=store.engine,
                    days=days,
                    seed=seed,
                    seconds=round(time.perf_counter() - begun, 1),
                    done=dict(house.done),
                    failed=house.failed[:3],
                    days_that_do_not_add_up=lost,
                    told_twice=accounts.doubled_messages(),
                    left_alone=list(accounts.left_alone()),
                    broken_rules=[finding.rule for finding in verify(now=over)],
                )
