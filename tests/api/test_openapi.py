"""The document describes the API, and whatever does not fit it changes nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from packhouse.db import Base, reading
from tests.api.conftest import House, codes

# Every address that changes something, with a thing that is there; a test holds it complete.
POSTS = {
    "products": "products",
    "complaints": "complaints",
    "quotes": "quotes",
    "bookings": "bookings",
    "jobs": "jobs",
    "bookings/{code}/approve": "bookings/REQUEST/approve",
    "bookings/{code}/reject": "bookings/REQUEST/reject",
    "bookings/{code}/ask": "bookings/REQUEST/ask",
    "bookings/{code}/answer": "bookings/REQUEST/answer",
    "bookings/{code}/cancel": "bookings/BOOKING/cancel",
    "bookings/{code}/move": "bookings/BOOKING/move",
    "bookings/{code}/check-in": "bookings/BOOKING/check-in",
    "bookings/{code}/start": "bookings/BOOKING/start",
    "bookings/{code}/pause": "bookings/BOOKING/pause",
    "bookings/{code}/resume": "bookings/BOOKING/resume",
    "bookings/{code}/finish": "bookings/BOOKING/finish",
    "bookings/{code}/no-show": "bookings/BOOKING/no-show",
    "bookings/{code}/back": "bookings/BOOKING/back",
    "waitlist": "waitlist",
    "offers/{offer_id}/accept": "offers/1/accept",
    "offers/{offer_id}/decline": "offers/1/decline",
    "machines/{code}/breakdowns": "machines/M3/breakdowns",
    "machines/{code}/repaired": "machines/M3/repaired",
    "machines/{code}/maintenance": "machines/M3/maintenance",
    "maintenance/{maintenance_id}/take": "maintenance/1/take",
    "maintenance/{maintenance_id}/cancel": "maintenance/1/cancel",
    "sites/{code}/outages": "sites/PTK/outages",
    "outages/{outage_id}/end": "outages/1/end",
    "plans/{plan_id}/apply": "plans/1/apply",
}
OWN = ("products", "quotes", "bookings", "jobs", "waitlist")
ENDLESS = "ENDLESS"  # Stands for 1e309, which json cannot write.
ODD: dict[str, list[Any]] = {
    "string": [1, 1.5, True, [], {}, ["x"], ENDLESS],
    "integer": ["1", "x", 1.5, True, [], {}, -1, 2**63, 10**300, ENDLESS],
    "boolean": [0, 1, "true", [], {}, ENDLESS],
    "array": [1, "x", {}, [1], [[]], [None], [{}] * 1000],
}
NOT_TIMES = [
    "", "x", "2026-11-26", "2026-11-26T09:00:00", "2026-11-26T25:00:00+07:00",
    "0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-07:00",
]  # fmt: skip
FAR_TIMES = ["2020-01-01T09:00:00+07:00", "2190-01-01T09:00:00+07:00"]
BODIES = [b"null", b"[]", b'"x"', b"1", b"{", b"\xff", b'{"a": NaN}', b"[" * 5000, b'{"extra": 1}']


def test_the_document_describes_every_address(app: Flask, house: House) -> None:
    document = house.program(None).get("openapi.json").json

    assert document["openapi"].startswith("3.1")
    served = {
        rule.rule.replace("<int:", "<").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint != "api-docs.openapi_json"
    }
    assert document["paths"].keys() == served
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    posts = {path[8:] for path, methods in document["paths"].items() if "post" in methods}
    assert posts == POSTS.keys()


@pytest.mark.parametrize("path", POSTS)
def test_what_does_not_fit_is_refused_and_changes_nothing(house: House, path: str) -> None:
    house.make.machine(house.site, code="M4", needs_approval=True)
    things = {
        "BOOKING": house.book(13)["code"],
        "REQUEST": house.book(13, machine="M4")["code"],
    }
    url = POSTS[path]
    for name, code in things.items():
        url = url.replace(name, code)
    # The manager may do everything but own a product, so the body alone is what is wrong.
    sender = house.producer if path in OWN else house.manager
    document = house.program(None).get("openapi.json").json
    schema = schema_of(document, path)
    before = everything()

    for body in (*BODIES, *misfits(schema, document, valid(schema, document, house))):
        answer = sender.send("POST", url, data=body, content_type="application/json")
        assert 400 <= answer.status_code < 500, (body[:200], answer.text)
        assert codes(answer)
    text = sender.send("POST", url, data="x=1", content_type="text/plain")
    assert (text.status_code, codes(text)) == (415, ["not_json"])
    assert everything() == before


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_that_is_none_is_refused(house: House, key: str) -> None:
    headers = {"Idempotency-Key": key}
    answer = house.producer.send("POST", "bookings", json=house.wish(), headers=headers)

    assert (answer.status_code, codes(answer)) == (400, ["length_out_of_range"])
    assert house.producer.get("bookings").json["items"] == []


def test_every_address_asks_for_a_token(house: House) -> None:
    document = house.program(None).get("openapi.json").json
    nobody = house.program(None)

    for path, methods in document["paths"].items():
        for method in methods.keys() - {"parameters"}:
            answer = nobody.send(method.upper(), path[8:].replace("{code}", "M3"))
            if "_id}" not in path:
                assert (answer.status_code, codes(answer)) == (401, ["unauthorized"]), path


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    session = reading()
    session.rollback()
    return {
        table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
        for table in Base.metadata.sorted_tables
        if table.name != "numbers"
    }


def schema_of(document: Any, path: str) -> Any:
    operation = document["paths"][f"/api/v1/{path}"]["post"]
    return resolved(operation["requestBody"]["content"]["application/json"]["schema"], document)


def resolved(schema: Any, document: Any) -> Any:
    if "$ref" not in schema:
        return schema
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]


def valid(schema: Any, document: Any, house: House) -> dict[str, Any]:
    """A body that fits: what is refused afterwards is refused for the one thing changed."""
    known = {
        "product": house.product,
        "machine": "M3",
        "starts_at": house.make.at(9).isoformat(),
        "from": house.make.at(9).isoformat(),
        "to": house.make.at(10).isoformat(),
        "expected_back_at": house.make.at(9).isoformat(),
        "pack": "jar",
    }
    body: dict[str, Any] = {}
    for name in schema.get("required", ()):
        field = schema["properties"][name]
        if field["type"] == "array":
            part = resolved(field["items"], document)
            body[name] = [valid(part, document, house)]
        elif "enum" in field:
            body[name] = field["enum"][0]
        else:
            body[name] = known.get(name, 7 if field["type"] == "integer" else "x")
    return body


def misfits(schema: Any, document: Any, body: dict[str, Any]) -> Iterator[bytes]:
    """Bodies with one thing wrong each."""
    yield written(body | {"extra": 1})
    for name, field in schema.get("properties", {}).items():
        if name in schema.get("required", ()):
            yield written({key: value for key, value in body.items() if key != name})
        for odd in [None, "\x00", "x" * 5000, *odd_values(field, name)]:
            yield written(body | {name: odd})
        if field["type"] == "array" and "$ref" in field["items"]:
            part = resolved(field["items"], document)
            for below in misfits(part, document, body[name][0]):
                yield written(body | {name: "BELOW"}).replace(b'"BELOW"', b"[" + below + b"]")


def odd_values(field: Any, name: str) -> list[Any]:
    if isinstance(field["type"], list):  # A product, by number or name.
        return ["", 1.5, True, [], {}, -1, 0, 2**63, 10**300, ENDLESS]
    odd = [*ODD[field["type"]]]
    if field.get("minimum"):
        odd.append(field["minimum"] - 1)
    if "enum" in field:
        odd.append("levitating")
    if field.get("format") == "date-time":
        odd += NOT_TIMES
        odd += [] if name in ("from", "to") else FAR_TIMES
    if name == "starts_at":
        odd.append("2026-11-26T09:03:00+07:00")
    return odd


def written(body: Any) -> bytes:
    return json.dumps(body).replace(f'"{ENDLESS}"', "1e309").encode()
