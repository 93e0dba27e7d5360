"""One line of JSON per request, without personal data: no address, no name, no query, no body."""

import logging
import time
import traceback
from secrets import token_hex
from typing import Any, TextIO, cast

import structlog
from flask import Flask, Response, g, has_request_context, request
from flask.logging import wsgi_errors_stream

logger = logging.getLogger("packhouse.request")
DEEPEST = 12


def init_app(app: Flask) -> None:
    """Log in JSON, each line with the id of its request."""
    configure(str(app.config["LOG_LEVEL"]))
    # Flask would log the path and the words of the error.
    app.log_exception = _log_bug  # type: ignore[method-assign,assignment]
    app.before_request(_begin)
    app.after_request(_end)


def configure(level: str) -> None:
    """Send every log line of the process to standard error as JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _name_frames,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    ours = logging.getLogger("packhouse")
    handler = logging.StreamHandler(cast(TextIO, wsgi_errors_stream))
    handler.setFormatter(formatter)
    ours.handlers = [handler]
    ours.setLevel(level)


def incident_id() -> str:
    """Return the id of this request, by which a person's report is found in the log."""
    return str(g.setdefault("request_id", token_hex(6))) if has_request_context() else ""


def log_failure(error: BaseException) -> None:
    """Log an error with the id that the person was told."""
    logger.error("failure", exc_info=error, extra={"incident": incident_id()})


def _log_bug(exc_info: tuple[Any, BaseException, Any]) -> None:
    log_failure(exc_info[1])


def _name_frames(
    _logger: structlog.typing.WrappedLogger, _name: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Say where an error came from, but not its words or values: they may quote what was typed."""
    given = line.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        line["error"] = type(error).__qualname__
        line["cause"] = type(error.__cause__).__qualname__ if error.__cause__ else None
        frames = traceback.extract_tb(error.__traceback__)[-DEEPEST:]
        line["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return line


def _begin() -> None:
    g.request_id = token_hex(6)
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    actor = g.get("actor")
    logger.info(
        "request",
        extra={
            "incident": incident_id(),
            "method": request.method,
            # The rule, not the path: a path may hold a token or the code of a booking.
            "rule": request.url_rule.rule if request.url_rule else None,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
            "role": actor.role if actor else None,
        },
    )
    return response
