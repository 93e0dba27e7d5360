"""The operator's day, to read: the board of a site, and the screen of one session."""

from packhouse.queries.runs.boards import board_sites, contacts_of, day_board, session_view
from packhouse.queries.runs.cleanings import CleaningLog, LogEntry, cleaning_log
from packhouse.queries.runs.lots import Label, LotRow, Traced, label_of, lots_after, lots_of
from packhouse.queries.runs.sessions import (
    CleanBefore,
    SessionRecord,
    TapItem,
    changes_since,
    session_record,
)
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
    "CleanBefore",
    "CleaningLog",
    "Label",
    "LogEntry",
    "LotRow",
    "SessionRecord",
    "TapItem",
    "Traced",
    "changes_since",
    "cleaning_log",
    "label_of",
    "lots_after",
    "lots_of",
    "session_record",
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
