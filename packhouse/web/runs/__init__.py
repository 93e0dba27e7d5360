"""The operator's day: the board, whoever comes or stays away, and a session on one machine."""

from packhouse.web.runs import (
    absence,
    arriving,
    board,
    cleaning,
    counting,
    delays,
    lots,
    openings,
    session,
    taps,
    walk_in,
    walls,
)
from packhouse.web.runs.frame import bp

__all__ = [
    "absence",
    "arriving",
    "board",
    "bp",
    "cleaning",
    "counting",
    "delays",
    "lots",
    "openings",
    "session",
    "taps",
    "walk_in",
    "walls",
]
