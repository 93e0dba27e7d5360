"""The operator's day, to read: the board of a site, and the screen of one session."""

from packhouse.queries.runs.arrivals import Guest, guest, guests
from packhouse.queries.runs.boards import (
    board_sites,
    contacts_of,
    day_board,
    likely_start,
    session_view,
)
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
    SLIPS_FROM,
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
from packhouse.queries.runs.walls import Wall, board_stamp, wall, wall_of

__all__ = [
    "SLIPS_FROM",
    "Action",
    "Block",
    "Board",
    "Clean",
    "CleanBefore",
    "CleaningLog",
    "Contact",
    "Guest",
    "House",
    "JobCard",
    "Label",
    "LogEntry",
    "LotRow",
    "MachineBoard",
    "OpenBreakdown",
    "OpenRun",
    "SessionRecord",
    "SessionView",
    "Standing",
    "TapItem",
    "Traced",
    "Wall",
    "board_sites",
    "board_stamp",
    "changes_since",
    "cleaning_log",
    "contacts_of",
    "day_board",
    "guest",
    "guests",
    "label_of",
    "likely_start",
    "lots_after",
    "lots_of",
    "session_record",
    "session_view",
    "wall",
    "wall_of",
]
