"""The operator's day: runs, and what did not happen."""

from packhouse.services.runs.absence import came_after_all, close_forgotten, mark_no_shows, no_show
from packhouse.services.runs.importing import Imported, LogLine, import_log
from packhouse.services.runs.running import (
    MOST_PIECES,
    Counts,
    check_in,
    end_run,
    finish,
    operated,
    pause,
    resume,
    start,
)
from packhouse.services.runs.states import (
    note_changeover,
    open_run,
    open_state,
    settle_setup,
    switch_state,
)

__all__ = [
    "MOST_PIECES",
    "Counts",
    "Imported",
    "LogLine",
    "came_after_all",
    "check_in",
    "close_forgotten",
    "end_run",
    "finish",
    "import_log",
    "mark_no_shows",
    "no_show",
    "note_changeover",
    "open_run",
    "open_state",
    "operated",
    "pause",
    "resume",
    "settle_setup",
    "start",
    "switch_state",
]
