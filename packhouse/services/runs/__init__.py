"""The operator's day: runs, and what did not happen."""

from packhouse.services.runs.absence import came_after_all, close_forgotten, mark_no_shows, no_show
from packhouse.services.runs.amending import correct, undo
from packhouse.services.runs.cleaning import check_clean, close_day, sign_clean
from packhouse.services.runs.delays import set_aside_slipping, warn_of_overruns
from packhouse.services.runs.hands import MOST_PIECES, Counts, operated
from packhouse.services.runs.importing import Imported, LogLine, import_log
from packhouse.services.runs.running import (
    check_in,
    end_run,
    finish,
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
from packhouse.services.runs.taps import BY_HAND, Tapped

__all__ = [
    "BY_HAND",
    "MOST_PIECES",
    "Counts",
    "Imported",
    "LogLine",
    "Tapped",
    "came_after_all",
    "check_clean",
    "check_in",
    "close_day",
    "close_forgotten",
    "correct",
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
    "set_aside_slipping",
    "settle_setup",
    "sign_clean",
    "start",
    "switch_state",
    "undo",
    "warn_of_overruns",
]
