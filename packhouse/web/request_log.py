"""One line of JSON per request, without personal data: no address, no name, no query, no body."""

import logging
import time
from secrets import token_hex
from typing import Any

from flask import Flask, Response, g, has_request_context, request

logger = logging.getLogger("packhouse.request")


def init_app(app: Flask) -> None:
    """Log every request, each line with its id."""
    # Flask would log the path and the words of the error.
    app.log_exception = _log_bug  # type: ignore[method-assign,assignment]
    app.before_request(_begin)
    app.after_request(_end)


def incident_id() -> str:
    """Return the id of this request, by which a person's report is found in the log."""
    return str(g.setdefault("request_id", token_hex(6))) if has_request_context() else ""


def log_failure(error: BaseException) -> None:
    """Log an error with the id that the person was told."""
    logger.error("failure", exc_info=error, extra={"incident": incident_id()})


def _log_bug(exc_info: tuple[Any, BaseException, Any]) -> None:
    log_failure(exc_info[1])


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
