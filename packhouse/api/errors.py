"""Errors as programs read them: RFC 9457 problem details."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from flask import Response

from packhouse.errors import Problem
from packhouse.i18n.messages import problem_text


def problem_response(
    *,
    status: int,
    problems: Sequence[Problem],
    code: str = "",
    alternatives: Sequence[object] = (),
    incident: str = "",
) -> Response:
    """Return the problem document: every problem at once, and other times where there are any."""
    details = [problem_text(problem.code, problem.facts) for problem in problems]
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code or problems[0].code,
        "detail": " ".join(details),
        "problems": [
            {"code": problem.code, "detail": detail, "facts": dict(problem.facts)}
            for problem, detail in zip(problems, details, strict=True)
        ],
    }
    if alternatives:
        body["alternatives"] = alternatives
    if incident:
        body["incident"] = incident
    text = json.dumps(body, default=_plain, ensure_ascii=False)
    return Response(text, status=status, mimetype="application/problem+json")


def _plain(value: object) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return sorted(value) if not isinstance(value, tuple) else list(value)
    return str(value)
