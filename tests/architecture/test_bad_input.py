"""Whatever is sent to any page, the answer is a clear one and a refusal changes nothing."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from packhouse.domain.permissions import Access
from packhouse.domain.users import Role
from tests.support.routes import address, admitted, pages
from tests.support.strangers import FORM, Stranger, encoded

# None: the field is missing. A tuple: it comes more than once.
HOSTILE: tuple[str | bytes | tuple[str, ...] | None, ...] = (
    None,
    "",
    " ",
    "0",
    "-5",
    "1.5",
    "abc",
    "1e309",
    "NaN",
    "٣",
    "²",
    "9223372036854775808",
    "-9223372036854775809",
    "9" * 400,
    "a\x00b",
    b"%ED%A0%80",
    b"%FF%FE",
    ("1", "2"),
    "2026-11-24T01:02:03",
    "2020-01-02T01:00:00Z",
    "2026-11-26T01:02:03Z",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01",
    "9999-12-31",
    "24:00",
    "S9-ZZZZZZ",
    "ASING",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "%(x)s {0} {{7*7}}",
    "é" * 3000,
    "\u202e\r\nSet-Cookie: x=1",
)


def test_whatever_is_posted_is_answered_and_a_refusal_changes_nothing(
    app: Flask, client: FlaskClient, stranger_inside: Stranger
) -> None:
    them = stranger_inside
    step = them.first
    for rule, access in pages(app, "POST"):
        for role in admitted(access):
            actor = them.people[role]
            browser = client if actor is None else them.login_as(actor)
            path = address(app, rule, them.things(rule), "POST")
            good = them.asked_for(browser, path, "POST")
            names = list(good)
            for _turn in range(3):
                name, value = names[step % len(names)], HOSTILE[step % len(HOSTILE)]
                step += 1
                what = f"{role} POST {rule.rule} {name}={str(value)[:40]!r}"
                them.post(browser, what, path, encoded(good | {name: value}))

    assert not them.complaints, "\n".join(them.complaints)


@pytest.mark.parametrize("role", [Role.PRODUCER, Role.ADMIN])
def test_whatever_is_asked_in_an_address_is_answered(
    app: Flask, stranger_inside: Stranger, role: Role
) -> None:
    them, step = stranger_inside, stranger_inside.first
    actor = them.people[role]
    assert actor is not None
    browser = them.login_as(actor)
    for rule, access in pages(app, "GET"):
        if role not in admitted(access) and access is not Access.PUBLIC:
            continue
        path = address(app, rule, them.things(rule), "GET")
        good = them.asked_for(browser, path, "GET")
        good = them.asked_for(browser, f"{path}?{encoded(good).decode()}", "GET")
        for _turn in range(4):
            name, value = list(good)[step % len(good)], HOSTILE[step % len(HOSTILE)]
            step += 1
            query = encoded(good | {name: value}).decode()
            them.send(browser, f"{role} GET {path} {name}={str(value)[:40]!r}", f"{path}?{query}")

    assert not them.complaints, "\n".join(them.complaints)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_addresses_of_what_does_not_exist_are_refused(
    app: Flask, stranger_inside: Stranger, method: str
) -> None:
    them = stranger_inside
    actor = them.people[Role.ADMIN]
    assert actor is not None
    browser = them.login_as(actor)
    before = them.rows()
    for rule, _access in pages(app, method):
        for text_, number in (("x" * 500, 0), ("%00", 2**63), ("..%2f", 10**400), ("é", 2**63 - 1)):
            given: dict[str, object] = {
                name: number if name.endswith("_id") else text_ for name in rule.arguments
            }
            if not given:
                continue
            if "form" in given:
                given["form"] = "csv"
            path = address(app, rule, given, method).replace("%25", "%")
            answer = them.send(browser, f"{method} {path[:80]}", path, method=method)
            if rule.arguments != {"form"} and answer is not None and answer.status_code < 300:
                them.complaints.append(f"{method} {path[:80]}: {answer.status}")

    assert not them.complaints, "\n".join(them.complaints)
    assert them.rows() == before


# Werkzeug leaves the file of a torn body to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_bodies_that_are_no_forms_are_refused(
    app: Flask, client: FlaskClient, stranger_inside: Stranger
) -> None:
    them = stranger_inside
    actor = them.people[Role.ADMIN]
    assert actor is not None
    signed_in = them.login_as(actor)
    part = b'--b\r\nContent-Disposition: form-data; name="name"; filename="a\x00.txt"\r\n\r\nx\r\n'
    bodies = [
        (b"x=" + b"9" * 7_000_000, FORM),
        (b"&".join(b"a%d=1" % each for each in range(3000)), FORM),
        (b'{"name": ' * 2000, "application/json"),
        (b'{"quantity": NaN}', "application/json"),
        (b"[1, 2]", "application/json"),
        (b'{"name": {"a": 1}, "quantity": 5, "reason": [7], "day": true}', "application/json"),
        (part, "multipart/form-data; boundary=b"),
        (part + b"--b--\r\n", "multipart/form-data; boundary=b"),
        (b"\xff\xfe\x00", "text/plain; charset=utf-99"),
    ]
    # What takes no field does what it says, whatever comes along.
    for rule, access in pages(app, "POST"):
        browser = client if access is Access.PUBLIC else signed_in
        path = address(app, rule, them.things(rule), "POST")
        for body, kind in bodies:
            them.post(browser, f"POST {rule.rule} {kind}", path, body, content_type=kind)

    assert not them.complaints, "\n".join(them.complaints)


@pytest.mark.one_engine
def test_nothing_is_done_without_the_key_of_a_page_of_ours(
    app: Flask, client: FlaskClient, stranger_inside: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    them = stranger_inside
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    for rule, access in pages(app, "POST"):
        for role in admitted(access):
            actor = them.people[role]
            browser = client if actor is None else them.login_as(actor)
            path = address(app, rule, them.things(rule), "POST")
            before = them.rows()
            for body in (encoded(them.good()), encoded(them.good() | {"csrf_token": "palsu"})):
                answer = them.send(
                    browser, f"{role} POST {rule.rule}", path,
                    method="POST", data=body, content_type=FORM,
                )  # fmt: skip
                assert answer is not None
                assert answer.status_code == 400, f"{role} POST {rule.rule}: {answer.status}"
            assert them.rows() == before, f"{role} POST {rule.rule}"

    assert not them.complaints, "\n".join(them.complaints)
