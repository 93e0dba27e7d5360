"""Whatever is sent to any page, the answer is a clear one and a refusal changes nothing."""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote_plus

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from packhouse.db import Base, db
from packhouse.domain.permissions import Access, may_enter
from packhouse.domain.users import Actor, Role
from packhouse.models.complaints import Complaint
from packhouse.services import bookings, runs
from packhouse.services.bookings import Wish
from packhouse.services.complaints import Grievance, answer_complaint, file_complaint
from packhouse.web.access import OF_LIBRARIES, declared_access
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]

FORM = "application/x-www-form-urlencoded"
# Signing in leaves traces of its own; what is asked for in vain is kept on purpose.
NOTED = {"sign_in_failures", "server_sessions", "demands"}
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


class Noted(ImmutableMultiDict[str, str]):
    """What was sent, which notes what is looked for in it."""

    asked: set[str] = set()

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def get(self, key: str, *rest: Any, **more: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *rest, **more)

    def getlist(self, key: str, *rest: Any, **more: Any) -> Any:
        self.asked.add(key)
        return super().getlist(key, *rest, **more)

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)


class Offered(HTMLParser):
    """What the lists and hidden fields of a page offer: a first choice for every name."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.list = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "select":
            self.list = given.get("name", "")
        name = self.list if tag == "option" else given.get("name", "")
        if tag in ("option", "input") and given.get("value"):
            self.values.setdefault(name, given["value"])


@dataclass
class Stranger:
    """Somebody who may enter and sends what no page of ours would send."""

    app: Flask
    make: Make
    login_as: LoginAs
    site: int
    product: int
    business: int
    people: dict[Role | None, Actor | None]
    first: int  # With which of the hostile values this database begins: not with the other's.
    complaints: list[str] = field(default_factory=list)
    sent: int = 0
    ticket: str = "X"

    def good(self) -> dict[str, str]:
        """Return values with which most forms get as far as their service."""
        return {
            "product": str(self.product), "quantity": "100", "machine": "M3", "site": "PTK",
            "starts_at": "2026-12-01T01:00:00Z", "idempotency_key": f"kunci-{self.sent}",
            "version": "1", "day": "2026-12-01", "time": "09:00", "reason": "no_material",
            "good": "100", "rejected": "0", "sure": "y", "name": "Contoh",
            "email": "baru@contoh.example",
            "password": "rumah kemasan contoh 26", "phone": "08123456789", "role": "operator",
            "locale": "id", "from": "2026-12-01", "to": "2026-12-02", "from_day": "2026-12-01",
            "to_day": "2026-12-02", "expected_back_at": "2026-11-25T09:00", "pack": "pouch_100",
            "lane": "halal", "regency_code": "61.71", "size": "mikro", "level": "nib",
            "kind": "band_sealer", "operators": "2", "code": "PTK", "zone": "Asia/Pontianak",
            "from_time": "08:00", "to_time": "09:00", "valid_from": "2027-01-01", "per_hour": "5",
            "day_from": "2026-12-07", "day_to": "2026-12-07", "decision": "confirm",
            "rate_per_minute": "15", "setup_minutes": "10", "packs": "pouch_100",
            "cleaning_minutes_1": "5", "cleaning_minutes_2": "8", "cleaning_minutes_3": "15",
            "hours": "mon-thu 07:30-12:00; fri 07:30-11:30", "by": "machine", "next": "/",
            "new": "rumah kemasan contoh 27", "regency": "61.71", "nib": "1234567890123",
            "commissioned_on": "2026-12-01", "usual": "2", "fri": "07:30-11:30",
            "topic": "schedule", "text": "Mesin M3 terlambat dua jam.", "ticket": self.ticket,
            **dict.fromkeys(("mon", "tue", "wed", "thu"), "07:30-12:00 13:00-16:00"),
        }  # fmt: skip

    def things(self, rule: Rule) -> dict[str, object]:
        """Return parameters that lead to things which exist, made for this rule alone."""
        values: dict[str, object] = {}
        for name in rule.arguments:
            if name == "code" and rule.rule.startswith("/bookings"):
                values[name] = self._booking(rule)
            elif name == "code" and "/machines" in rule.rule:
                machine = self.make.machine(self.site)
                values[name] = self.make.code(machine)
            else:
                values[name] = {
                    "code": "PTK", "business_id": self.business, "product_id": self.product,
                    "day": "2026-11-24", "form": "csv", "user_id": self._person(rule),
                    "complaint_id": self._complaint(rule), "token": self.ticket,
                }.get(name, 1)  # fmt: skip
        return values

    def _person(self, rule: Rule) -> int:
        return (self.make.user().id or 0) if "user_id" in rule.arguments else 0

    def _complaint(self, rule: Rule) -> int:
        """Return a complaint of a producer that is answered, unless the address is to answer it."""
        if not {"complaint_id", "token"} & rule.arguments:
            return 0
        text = "Mesin terlambat dua jam."
        ticket = file_complaint(
            site="PTK", grievance=Grievance("schedule", text), actor=self.people[Role.PRODUCER],
            now=self.make.now, key=f"keluhan-{self.sent}-{rule.rule}",
        )  # fmt: skip
        found = db.session.scalars(select(Complaint.id).where(Complaint.number == ticket.number))
        complaint, self.ticket = found.one(), ticket.token
        db.session.rollback()
        admin = self.people[Role.ADMIN]
        if admin is not None and not rule.endpoint.endswith("answer"):
            answer_complaint(complaint_id=complaint, text=text, actor=admin, now=self.make.now)
        return complaint

    def _booking(self, rule: Rule) -> str:
        """Return a booking in the state that the address is about."""
        asking = rule.endpoint in ("bookings.approve", "bookings.reject")
        working = rule.endpoint.startswith("runs.")
        code = self.make.code(self.make.machine(self.site, needs_approval=asking))
        wish = Wish(self.product, 100, code, self.make.at(8, days=0 if working else 2))
        actor = self.people[Role.PRODUCER if asking else Role.OPERATOR]
        assert actor is not None
        found = str(bookings.book(wish=wish, actor=actor, now=self.make.now)["code"])
        if rule.endpoint in ("runs.pause", "runs.resume", "runs.finish", "runs.count"):
            runs.start(code=found, actor=actor, now=self.make.now)
        return found

    def rows(self) -> dict[str, int]:
        """Return how many rows each table has."""
        db.session.rollback()
        names = sorted(set(Base.metadata.tables) - NOTED)
        query = " UNION ALL ".join(f"SELECT '{each}', count(*) FROM {each}" for each in names)
        with db.engine.connect() as connection:
            return {each[0]: each[1] for each in connection.execute(text(query))}

    def send(self, browser: FlaskClient, what: str, *args: Any, **kw: Any) -> TestResponse | None:
        """Send one request; keep a complaint about any answer that is none."""
        self.sent += 1
        try:
            answer = browser.open(*args, **kw)
        except Exception as error:
            where = [f"{each.filename}:{each.lineno}" for each in _frames(error)]
            self.complaints.append(f"{what}: {error!r} {where}")
            return None
        waiting = answer.status_code == 503 and args[0].startswith("/readyz")  # For its worker.
        if (answer.status_code >= 500 and not waiting) or b"Traceback" in answer.data:
            self.complaints.append(f"{what}: {answer.status}")
        answer.close()
        return answer

    def post(self, browser: FlaskClient, what: str, path: str, body: bytes, **kw: Any) -> None:
        """Post a body; a refusal may change nothing."""
        before = self.rows()
        kw.setdefault("content_type", FORM)
        answer = self.send(browser, what, path, method="POST", data=body, **kw)
        after = self.rows()
        if (answer is None or answer.status_code >= 400) and after != before:
            changed = {name for name in after if after[name] != before[name]}
            status = answer.status if answer else "nothing"
            self.complaints.append(f"{what}: {status}, but it changed {changed}")

    def asked_for(self, browser: FlaskClient, path: str, method: str) -> dict[str, str]:
        """Return what a page reads, found by sending it none of that, with good values."""
        Noted.asked = set()
        sent = {"data": b"x=1", "content_type": FORM} if method == "POST" else {}
        answer = self.send(browser, f"{method} {path} (empty)", path, method=method, **sent)
        offered = Offered()
        offered.feed(answer.text if answer and answer.mimetype == "text/html" else "")
        names = sorted(Noted.asked - {"csrf_token", "next"}) or ["x"]
        good = self.good()
        return {each: good.get(each) or offered.values.get(each, "") for each in names}


def _frames(error: BaseException) -> Sequence[traceback.FrameSummary]:
    ours = [each for each in traceback.extract_tb(error.__traceback__) if "packhouse/" in each[0]]
    return ours[-2:]


def encoded(fields: Mapping[str, Any]) -> bytes:
    """Return a form as a browser sends it; bytes go as they are, beyond what a browser can."""
    pairs = []
    for name, value in fields.items():
        for each in value if isinstance(value, tuple) else (value,):
            if each is not None:
                sent = each if isinstance(each, bytes) else quote_plus(each).encode()
                pairs.append(quote_plus(name).encode() + b"=" + sent)
    return b"&".join(pairs)


@pytest.fixture
def stranger_inside(
    app: Flask, make: Make, login_as: LoginAs, monkeypatch: pytest.MonkeyPatch
) -> Stranger:
    """A small house with a bit of everything, and one person of each role."""
    site = make.site(code="PTK")
    make.machine(site, code="M3")
    make.machine(site, code="V1", needs_approval=True)
    make.machine(make.site(code="ASING"), code="A1")
    business = make.business()
    product = make.product(business)
    make.product(make.business())
    where: dict[Role, dict[str, Any]] = {
        Role.PRODUCER: {"businesses": (business,)},
        Role.OPERATOR: {"sites": (site,)},
        Role.MANAGER: {"sites": (site,)},
    }
    people: dict[Role | None, Actor | None] = {
        role: make.user(role, **where.get(role, {}), email=f"{role}@contoh.example")
        for role in Role
    }
    people[None] = None
    monkeypatch.setattr(app.request_class, "parameter_storage_class", Noted)
    first = 0 if db.engine.dialect.name == "sqlite" else len(HOSTILE) // 2
    return Stranger(app, make, login_as, site, product, business, people, first)


def pages(app: Flask, method: str) -> Iterator[tuple[Rule, Access]]:
    """Every address of a page that takes a method, with who may enter."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OF_LIBRARIES or rule.rule.startswith("/api/"):
            continue
        access = declared_access(app, rule.endpoint, method)
        if method in (rule.methods or ()) and access is not None:
            yield rule, access


def admitted(access: Access) -> list[Role | None]:
    if access is Access.PUBLIC:
        return [None]
    somebody = Actor(1, Role.PRODUCER)
    return [r for r in Role if may_enter(Actor(somebody.id, r), access)]


def address(app: Flask, rule: Rule, values: Mapping[str, object], method: str) -> str:
    return str(app.url_map.bind("").build(rule.endpoint, dict(values), method=method))


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
