"""The operator's day, to read: the board of a site, and the screen of one session."""

from packhouse.queries.runs.boards import board_sites, contacts_of, day_board, session_view
from packhouse.queries.runs.views import (
    Action,
    Block,
    Board,
    Clean,
    Contact,
    House,
    JobCard,
    MachineBoard,
    OpenBreakdown,
    OpenRun,
    SessionView,
    Standing,
)

__all__ = [
    "Action",
    "Block",
    "Board",
    "Clean",
    "Contact",
    "House",
    "JobCard",
    "MachineBoard",
    "OpenBreakdown",
    "OpenRun",
    "SessionView",
    "Standing",
    "board_sites",
    "contacts_of",
    "day_board",
    "session_view",
]
