"""Log lines as JSON on standard error, without the words of what people typed."""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import TextIO, cast

from flask.logging import wsgi_errors_stream

DEEPEST = 12
# What a record has by itself; anything else was given by whoever logs.
USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One object a line: the event, its level, logger and facts, and when it was."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = {name: value for name, value in vars(record).items() if name not in USUAL}
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        line = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            **facts,
            "timestamp": at,
        }
        error = record.exc_info[1] if record.exc_info else None
        return json.dumps(line | (told(error) if error else {}), ensure_ascii=False, default=repr)


def told(error: BaseException) -> dict[str, object]:
    """Say where an error came from, but not its words or values: they may quote what was typed."""
    frames = traceback.extract_tb(error.__traceback__)[-DEEPEST:]
    return {
        "error": type(error).__qualname__,
        "cause": type(error.__cause__).__qualname__ if error.__cause__ else None,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def configure(level: str) -> None:
    """Send every log line of the package to standard error as JSON."""
    ours = logging.getLogger("packhouse")
    handler = logging.StreamHandler(cast(TextIO, wsgi_errors_stream))
    handler.setFormatter(JsonLines())
    ours.handlers = [handler]
    ours.setLevel(level)
