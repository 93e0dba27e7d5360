"""Errors become answers: a page in the person's language, or JSON for a program.

Services raise facts and views do not catch them, except to show a form again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from packhouse.errors import (
    Conflict,
    Malformed,
    NotAllowed,
    NotFound,
    PackhouseError,
    Problem,
    RuleBroken,
    TooMany,
    Unavailable,
)
from packhouse.i18n.messages import problem_text
from packhouse.web.login import speaks_api
from packhouse.web.request_log import incident_id, log_failure

STATUS: Mapping[type[PackhouseError], int] = {
    Malformed: 400,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    RuleBroken: 422,
    TooMany: 429,
    Unavailable: 503,
}
# Codes of what the framework itself refuses; any other is told as malformed or error.
CODES: Mapping[int, str] = {
    401: "unauthorized",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "not_json",
    429: "too_many",
    503: "unavailable",
}
RETRY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, ready to be told in either form."""

    status: int
    problems: Sequence[Problem]
    code: str = ""
    alternatives: Sequence[object] = ()
    incident: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Renderer(Protocol):
    """How a failure is told to a program; packhouse/api/errors.py has it."""

    def __call__(
        self,
        *,
        status: int,
        problems: Sequence[Problem],
        code: str,
        alternatives: Sequence[object],
        incident: str,
    ) -> Response: ...


def answer_errors(app: Flask, *, as_json: Renderer) -> None:
    """Answer every error of the app. Call it last: libraries bring handlers of their own."""

    def answer(failure: Failure) -> ResponseReturnValue:
        response = _as_json(failure, as_json) if speaks_api() else _as_page(failure)
        response.headers.update(failure.headers)
        return response

    app.register_error_handler(PackhouseError, lambda error: answer(_of_ours(error)))
    app.register_error_handler(HTTPException, lambda error: answer(_of_http(error)))
    app.register_error_handler(InternalServerError, lambda error: answer(_of_bug(error)))


def status_of(error: PackhouseError) -> int:
    """Return the status of the error's class, or of the nearest class above it."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def _of_ours(error: PackhouseError) -> Failure:
    status = status_of(error)
    headers = {}
    if status in (429, 503):
        seconds = error.problems[0].facts.get("seconds", RETRY_SECONDS)
        headers["Retry-After"] = str(seconds)
    if status >= 500:
        log_failure(error)
    return Failure(
        status=status,
        problems=error.problems,
        # A program decides by the kind of the error; what exactly is wrong, the problems say.
        code=type(error).code,
        alternatives=getattr(error, "alternatives", ()),
        incident=incident_id() if status >= 500 else "",
        headers=headers,
    )


def _of_http(error: HTTPException) -> Failure:
    status = error.code or 500
    data = getattr(error, "data", None)
    if isinstance(data, dict) and data.get("messages"):  # Input that does not fit its schema.
        return Failure(400, _misfits(data["messages"]), code=Malformed.code)
    code = CODES.get(status, Malformed.code if status < 500 else PackhouseError.code)
    if isinstance(error, CSRFError):
        code = "csrf"
    names = ("Allow", "WWW-Authenticate", "Retry-After")
    headers = {name: value for name, value in error.get_headers() if name in names}
    return Failure(status, [Problem(code)], headers=headers)


def _of_bug(_error: InternalServerError) -> Failure:
    return Failure(500, [Problem(PackhouseError.code)], incident=incident_id())


def _misfits(messages: object, path: str = "") -> list[Problem]:
    """Return one problem for every field that a schema refused, by its dotted path."""
    if isinstance(messages, Mapping):
        return [
            problem
            for name, below in messages.items()
            for problem in _misfits(below, f"{path}.{name}" if path else str(name))
        ]
    reasons = messages if isinstance(messages, list) else [messages]
    return [Problem(Malformed.code, {"field": path, "reason": str(reason)}) for reason in reasons]


def _as_json(failure: Failure, render: Renderer) -> Response:
    return render(
        status=failure.status,
        problems=failure.problems,
        code=failure.code,
        alternatives=failure.alternatives,
        incident=failure.incident,
    )


def _as_page(failure: Failure) -> Response:
    messages = [problem_text(problem.code, problem.facts) for problem in failure.problems]
    try:
        text = render_template(
            "errors/error.html",
            status=failure.status,
            code=failure.code or failure.problems[0].code,
            messages=messages,
            alternatives=failure.alternatives,
            incident=failure.incident,
        )
    except Exception as error:
        # The page needs what may just have failed; the person gets her words all the same.
        log_failure(error)
        text = "\n".join([*messages, failure.incident])
        return Response(text, status=failure.status, mimetype="text/plain")
    return Response(text, status=failure.status, mimetype="text/html")
