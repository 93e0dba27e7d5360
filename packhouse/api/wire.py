"""What goes over the wire: strict input, and one way to say what is wrong with it.

Whatever does not fit is told at once, each field by its name and with a code of its own; the
words for the codes are in i18n/messages.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn, cast

import flask_smorest
import marshmallow as ma
from flask import Request, g, request
from marshmallow import fields, validate
from webargs import core
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, Problem

LARGEST = 2**63 - 1
MOST_LETTERS = 200
MOST_PER_PAGE = 200
# ISO 8601 with seconds and fractions as one likes. A client that forgets to encode the plus of an
# offset in a query sends a space; nothing else could be meant.
INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(?:([Zz])|([+\- ])(\d\d:\d\d))?",
    re.ASCII,
)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# A calendar a century around now is all that anybody can mean.
FIRST_YEAR, LAST_YEAR = 1970, 2200


class Misfit(str):
    """The code of what is wrong with a field, with the facts its words need."""

    facts: Mapping[str, object]

    def __new__(cls, code: str, **facts: object) -> "Misfit":
        made = super().__new__(cls, code)
        made.facts = facts
        return made


class Within(validate.Range):
    """A range with both ends inside, told with its limits."""

    def _format_error(self, value: Any, message: str) -> str:
        return Misfit("out_of_range", least=self.min, most=self.max)


class Letters(validate.Length):
    """So many letters, or entries of a list, at least and at most."""

    def _format_error(self, value: Any, message: str) -> str:
        return Misfit("length_out_of_range", least=self.min or 0, most=self.max)


class Known(validate.OneOf):
    """One of the codes there are."""

    def _format_error(self, value: Any) -> str:
        return Misfit("code_unknown", value=str(value)[:MOST_LETTERS])


class Text(fields.String):
    """Text of a bounded length."""

    def __init__(self, *, least: int = 1, most: int = MOST_LETTERS, **more: Any) -> None:
        super().__init__(validate=Letters(least, most), **more)


class Number(fields.Integer):
    """A whole number that is one: neither text nor a fraction, and within its limits."""

    def __init__(self, *, least: int = 1, most: int = LARGEST, **more: Any) -> None:
        more.setdefault("strict", True)
        super().__init__(validate=Within(least, most), **more)


class Flag(fields.Boolean):
    """True or false, and nothing that only looks like it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Instant(fields.Field[datetime]):
    """An instant with its offset from UTC: without one nobody could say when it is.

    Answers hold instants that are text already, in the zone of their house.
    """

    def _serialize(self, value: Any, attr: str | None, obj: Any, **more: Any) -> Any:
        return value

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> datetime:
        found = INSTANT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ma.ValidationError("time_malformed")
        day, time, zulu, sign, offset = found.groups()
        if not zulu and not offset:
            raise ma.ValidationError("naive_time")
        sign = "-" if sign == "-" else "+"
        text = f"{day}T{time}+00:00" if zulu else f"{day}T{time}{sign}{offset}"
        try:
            instant = datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ma.ValidationError("time_malformed") from None
        if not FIRST_YEAR <= instant.year < LAST_YEAR:
            raise ma.ValidationError("time_malformed")
        return instant


class Day(fields.Field[date]):
    """A local day of a house, YYYY-MM-DD."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **more: Any) -> Any:
        return value

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> date:
        if not isinstance(value, str) or not DAY.fullmatch(value):
            raise ma.ValidationError("day_malformed")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise ma.ValidationError("day_malformed") from None
        if not FIRST_YEAR <= day.year < LAST_YEAR:
            raise ma.ValidationError("day_malformed")
        return day


class Amount(fields.Field[float]):
    """A figure of a report, as it was computed; null where there is none."""

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_none=True, **more)


class ProductReference(fields.Field[str]):
    """A product by its number, as number or text, or by its exact name."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **more: Any) -> Any:
        return value

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> str:
        number = isinstance(value, int) and not isinstance(value, bool)
        if not number and not isinstance(value, str):
            raise ma.ValidationError("field_malformed")
        text = str(value).strip()
        if not 1 <= len(text) <= MOST_LETTERS:
            raise ma.ValidationError(Misfit("length_out_of_range", least=1, most=MOST_LETTERS))
        return text


MISFITS = {
    "required": "field_missing",
    "null": "field_missing",
    "invalid": "field_malformed",
    "invalid_utf8": "field_malformed",
    "too_large": "field_malformed",
    "type": "field_malformed",
}


class Input(ma.Schema):
    """What a program may send: only the fields named, each of its own type."""

    error_messages = {"unknown": "field_unknown", "type": "malformed"}

    class Meta:
        unknown = ma.RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Let every field say what is wrong in our codes."""
        field_obj.error_messages = {**field_obj.error_messages, **MISFITS}


class Nothing(Input):
    """A command that needs no words."""


class Repeatable(Input):
    """The header under which a command that may be sent again is carried out once."""

    key = Text(
        data_key="Idempotency-Key",
        metadata={"description": "A repeat under the same key is answered as the first time."},
    )


class Paged(Input):
    """Which page of a list, and how long."""

    cursor = Text(most=40, metadata={"description": "The `next` of the page before."})
    limit = Number(most=MOST_PER_PAGE, strict=False, load_default=50)


def page_of(item: type[ma.Schema]) -> type[ma.Schema]:
    """Return the schema of one page of a list."""
    answer = {"items": fields.List(fields.Nested(item), required=True)}
    more = {"next": fields.String(required=True, allow_none=True)}
    return cast(type[ma.Schema], type(f"{item.__name__}Page", (ma.Schema,), answer | more))


class Parser(FlaskParser):
    """Reads input and tells everything that is wrong with it at once."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
        "headers": ma.EXCLUDE,
    }

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Read the body; one that is not JSON is refused instead of being overlooked."""
        if req.get_data(cache=True) and not req.is_json:
            raise UnsupportedMediaType
        body = super().load_json(req, schema)
        return {} if body is core.missing else body

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, **more: Any
    ) -> NoReturn:
        """Raise Malformed with one problem for every field."""
        below = error.messages
        assert isinstance(below, dict)
        refused = Malformed()
        refused.problems = tuple(
            problem for messages in below.values() for problem in _problems(messages)
        )
        raise refused


def _problems(messages: Any, path: str = "") -> Iterator[Problem]:
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            step = "" if name == "_schema" else str(name)
            yield from _problems(below, ".".join(filter(None, (path, step))))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        facts = message.facts if isinstance(message, Misfit) else {}
        yield Problem(str(message), {"field": path, **facts})


class Blueprint(flask_smorest.Blueprint):
    """The addresses of one feature."""

    ARGUMENTS_PARSER = Parser()

    def arguments(self, schema: type[Input], **more: Any) -> Any:
        """Take input by a schema, which is made once and not for every request."""
        return super().arguments(schema(), **more)


def sent_back(found: Any, told: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Return one page of a list as it is sent."""
    return {"items": [told(item) for item in found.items], "next": found.next}


def asking() -> Actor:
    """Return who asks; the door lets nobody in who is not known."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise NotAllowed
    return actor


def here(path: str) -> dict[str, str]:
    """Return the header that says where a new thing is."""
    root = request.root_path.rstrip("/")
    return {"Location": f"{root}/api/v1/{path}"}
