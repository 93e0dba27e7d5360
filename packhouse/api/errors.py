"""Errors as programs read them: RFC 9457 problem details."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

import marshmallow as ma
from flask import Response
from marshmallow import fields

from packhouse.domain.time_range import local_iso
from packhouse.errors import Problem
from packhouse.i18n.messages import problem_text
from packhouse.services.slots import Offer


class ProblemLine(ma.Schema):
    code = fields.String(required=True)
    detail = fields.String(required=True)
    facts = fields.Dict(keys=fields.String())


class ProblemDocument(ma.Schema):
    """A problem document (RFC 9457), as this API writes it."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    problems = fields.List(fields.Nested(ProblemLine), required=True)
    alternatives = fields.List(fields.Dict())
    incident = fields.String()


def problem_response(
    *,
    status: int,
    problems: Sequence[Problem],
    code: str = "",
    alternatives: Sequence[object] = (),
    incident: str = "",
) -> Response:
    """Return the problem document: every problem at once, and other times where there are any."""
    lines = [problem_line(problem) for problem in problems]
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code or problems[0].code,
        "detail": " ".join(line["detail"] for line in lines),
        "problems": [
            line | {"facts": _facts(problem)} for line, problem in zip(lines, problems, strict=True)
        ],
    }
    if alternatives:
        body["alternatives"] = alternatives
    if incident:
        body["incident"] = incident
    text = json.dumps(body, default=_plain, ensure_ascii=False)
    return Response(text, status=status, mimetype="application/problem+json")


def problem_line(problem: Problem) -> dict[str, Any]:
    """Return a problem as its code and the words for it in the reader's language."""
    return {"code": problem.code, "detail": problem_text(problem.code, problem.facts)}


def _facts(problem: Problem) -> dict[str, Any]:
    """Return the facts; instants in the zone they are told in."""
    zone = problem.facts.get("zone")
    return {
        name: local_iso(fact, str(zone)) if zone and isinstance(fact, datetime) else fact
        for name, fact in problem.facts.items()
    }


def _plain(value: object) -> Any:
    if isinstance(value, Offer):
        return value.describe()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return sorted(value) if not isinstance(value, tuple) else list(value)
    return str(value)
