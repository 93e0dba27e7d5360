"""The board of a full day of fifty machines, as read and as shown, with a short and a long past."""

import gzip

from bench.histories import NOW, TODAY, Past, all_pasts, compare
from packhouse.queries.runs import Board, day_board

TIMES = 60


def run() -> None:
    """Measure both databases and both pasts."""
    for _, pasts in all_pasts():
        with pasts[0].at_work():
            jobs = sum(len(machine.jobs) for machine in board(pasts[0]).machines)
        acts = [(past, lambda past=past: board(past)) for past in pasts]
        compare("board", "query", acts, times=TIMES, jobs=jobs)
        shown = [(past, past.page("/board")) for past in pasts]
        body = shown[0][1]()
        sizes = {"bytes": len(body), "bytes_gzip": len(gzip.compress(body))}
        compare("board", "page", shown, times=TIMES, jobs=jobs, **sizes)


def board(past: Past) -> Board:
    """Read the day's board."""
    return day_board(site_id=past.site, day=TODAY, now=NOW, actor=past.actor)
