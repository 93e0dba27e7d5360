"""Somebody who may enter and sends what no page of ours would send; and a house to do it in."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote_plus

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from packhouse.db import Base, db, transaction
from packhouse.domain.bookings import Every
from packhouse.domain.bookings import Rule as Repetition
from packhouse.domain.machines import Move
from packhouse.domain.machines import Part as SparePart
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.models.bookings import Booking
from packhouse.models.businesses import CooperativeMember
from packhouse.models.complaints import Complaint
from packhouse.models.replanning import PlanRow, ReplanningPlan
from packhouse.services import bookings, downtime, machines, replanning, runs
from packhouse.services.bookings import ChosenDate, OrderRow, Part, SeriesWish, Wish
from packhouse.services.complaints import Grievance, answer_complaint, file_complaint
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]

ASKING = {"bookings.approve", "bookings.reject", "bookings.ask", "bookings.answer"}
RUNNING = {"runs.pause", "runs.resume", "runs.finish", "runs.count", "runs.undo", "runs.label"}
FORM = "application/x-www-form-urlencoded"
# The smallest picture: one white dot.
PICTURE = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc\xf8\x0f"
    b"\0\1\1\1\0\xb18\xf6\x14\0\0\0\0IEND\xaeB`\x82"
)
# Signing in leaves traces of its own; what is asked for in vain is kept on purpose.
NOTED = {"sign_in_failures", "server_sessions", "demands"}


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
    counted: dict[str, int] | None = None  # The rows after the last post, while nothing is done.
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
            "every": "week", "last_day": "2026-12-08", "weekdays": "1",
            "chosen": "2026-12-01|M3|2026-12-01T01:00:00Z", "part": "M3|2026-12-01T01:00:00Z|100",
            "topic": "schedule", "text": "Mesin M3 terlambat dua jam.", "ticket": self.ticket,
            "question": "Berapa karton?", "answer": "accept",
            **dict.fromkeys(("mon", "tue", "wed", "thu"), "07:30-12:00 13:00-16:00"),
        }  # fmt: skip

    def things(self, rule: Rule) -> dict[str, object]:
        """Return parameters that lead to things which exist, made for this rule alone."""
        self.counted = None
        values: dict[str, object] = {}
        for name in sorted(rule.arguments):
            if name == "code" and rule.rule.startswith("/bookings"):
                values[name] = self._booking(rule)
            elif name == "code" and "/jobs/" in rule.rule:
                values[name] = self._job()
            elif name == "code" and rule.rule.startswith("/series"):
                values[name] = self._series()
            elif name == "code" and rule.rule.startswith("/orders"):
                values[name] = self._order()
            elif name == "code" and "/machines" in rule.rule:
                machine = self.make.machine(self.site)
                values[name] = self.make.code(machine)
            else:
                values[name] = {
                    "code": "PTK", "business_id": self.business, "product_id": self.product,
                    "day": "2026-11-24", "form": "csv", "user_id": self._person(rule),
                    "complaint_id": self._complaint(rule), "token": self.ticket,
                    "plan_id": self._plan(rule),
                    **self._downtime(rule),
                    **self._asset(rule, values),
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

    def _job(self) -> str:
        """Return a job of two parts on one machine."""
        code = self.make.code(self.make.machine(self.site))
        actor = self.people[Role.OPERATOR]
        assert actor is not None
        parts = [Part(code, self.make.at(hour, days=7), 100) for hour in (8, 10)]
        made = bookings.book_job(
            product_id=self.product, quantity=200, parts=parts, actor=actor, now=self.make.now
        )
        return str(made["code"])

    def _series(self) -> str:
        """Return a wish for two Tuesdays, of which the first is booked."""
        first = date(2026, 12, 1)
        code = self.make.code(self.make.machine(self.site))
        actor = self.people[Role.OPERATOR]
        assert actor is not None
        made = bookings.book_series(
            wish=SeriesWish(
                self.product, 100, code, 480, Repetition(Every.WEEK, first, date(2026, 12, 8))
            ),
            chosen=[ChosenDate(first, code, self.make.at(8, days=7))],
            actor=actor,
            now=self.make.now,
        )
        return str(made["code"])

    def _order(self) -> str:
        """Return an order of a cooperative with one row, of the business."""
        cooperative = self.make.business(kind="cooperative", size="kecil")
        with transaction() as session:
            session.add(CooperativeMember(cooperative_id=cooperative, member_id=self.business))
        code = self.make.code(self.make.machine(self.site))
        actor = self.people[Role.OPERATOR]
        assert actor is not None
        row = OrderRow(self.business, 100, code, self.make.at(8), product_id=self.product)
        made = bookings.book_order(
            cooperative_id=cooperative, site="PTK", rows=[row], actor=actor, now=self.make.now
        )
        return str(made["code"])

    def _booking(self, rule: Rule) -> str:
        """Return a booking in the state that the address is about."""
        asking = rule.endpoint in ASKING
        working = rule.endpoint.startswith("runs.")
        code = self.make.code(self.make.machine(self.site, needs_approval=asking))
        wish = Wish(self.product, 100, code, self.make.at(8, days=0 if working else 2))
        actor = self.people[Role.PRODUCER if asking else Role.OPERATOR]
        assert actor is not None
        found = str(bookings.book(wish=wish, actor=actor, now=self.make.now)["code"])
        if rule.endpoint == "bookings.answer":
            admin = self.people[Role.ADMIN]
            assert admin is not None
            bookings.ask(code=found, question="Berapa?", actor=admin, now=self.make.now)
        if rule.endpoint.startswith("replanning."):
            replanning.apply_plan(
                plan_id=self._moving(found), actor=actor, now=self.make.now, key=f"usulan-{found}"
            )
        counted = rule.endpoint in ("runs.recount", "runs.correct")
        if counted or rule.endpoint in RUNNING:
            runs.start(code=found, actor=actor, now=self.make.now)
        if counted:
            counts = runs.Counts(100, 0)
            runs.finish(code=found, counts=counts, actor=actor, now=self.make.now)
        return found

    def _plan(self, rule: Rule) -> int:
        """Return a plan that moves a booking by two hours."""
        if "plan_id" not in rule.arguments:
            return 0
        code = self.make.code(self.make.machine(self.site))
        actor = self.people[Role.OPERATOR]
        assert actor is not None
        wish = Wish(self.product, 100, code, self.make.at(8))
        booked = bookings.book(wish=wish, actor=actor, now=self.make.now)
        return self._moving(str(booked["code"]))

    def _moving(self, code: str) -> int:
        """Write a plan for one booking: solving one for the whole house takes its time."""
        with transaction() as session:
            booking = session.scalars(select(Booking).where(Booking.code == code)).one()
            session.execute(update(ReplanningPlan).values(state="discarded", applied_at=None))
            plan = ReplanningPlan(
                site_id=self.site, cause="hours", cost=[0] * 4, bound=[0] * 4, baseline=[0] * 4,
                seconds=0.0, created_at=self.make.now, solved_at=self.make.now,
            )  # fmt: skip
            session.add(plan)
            session.flush()
            later = timedelta(hours=2)
            session.add(
                PlanRow(
                    plan_id=plan.id, booking_id=booking.id, position=0, cause="hours",
                    seen_version=booking.version, was_state=booking.state,
                    was_machine_id=booking.machine_id, was_starts_at=booking.starts_at,
                    was_ends_at=booking.ends_at, result="move", machine_id=booking.machine_id,
                    starts_at=booking.starts_at + later, ends_at=booking.ends_at + later,
                    shift_minutes=120,
                )
            )  # fmt: skip
            return plan.id

    def _downtime(self, rule: Rule) -> dict[str, int]:
        """Return what an address about downtime names: work, its schedule, an outage, a photo."""
        named = {"maintenance_id", "schedule_id", "outage_id", "photo_id"} & rule.arguments
        operator = self.people[Role.OPERATOR]
        if not named or operator is None:
            return {}
        now, code = self.make.now, self.make.code(self.make.machine(self.site))
        if named == {"maintenance_id"}:
            work = downtime.plan_maintenance(
                machine=code, from_at=self.make.at(13), to_at=self.make.at(14),
                reason="maintenance", actor=SYSTEM, now=now,
            )  # fmt: skip
            return {"maintenance_id": work.id}
        if named == {"schedule_id"}:
            schedule = downtime.add_schedule(
                machine=code, reason="maintenance", basis="days", every=30, minutes=60,
                lead_days=7, actor=SYSTEM, now=now,
            )  # fmt: skip
            return {"schedule_id": schedule}
        if named == {"outage_id"}:
            outage = downtime.report_outage(
                site="PTK", utility="steam", until=self.make.at(9), actor=operator, now=now
            )
            return {"outage_id": outage.id}
        downtime.report_breakdown(
            machine=code, reason="breakdown", expected_back_at=self.make.at(9), actor=operator,
            now=now,
        )  # fmt: skip
        photo = downtime.add_photo(machine=code, data=PICTURE, actor=operator, now=now)
        return {"photo_id": photo}

    def _asset(self, rule: Rule, values: Mapping[str, object]) -> dict[str, int]:
        """Return what an address about an asset names: a part awaited, or a change of place."""
        manager, now = self.people[Role.MANAGER], self.make.now
        if manager is None:
            return {}
        if "part_id" in rule.arguments:
            code = self.make.code(self.make.machine(self.site))
            noted = downtime.note_part(
                machine=code, part=SparePart("Sabuk"), actor=manager, now=now
            )
            return {"part_id": noted.part_id}
        if "placement_id" in rule.arguments and "code" in values:
            move = Move(site="PTK", room="Ruang 2", reason="Contoh")
            return {
                "placement_id": machines.move_machine(
                    code=str(values["code"]), move=move, actor=SYSTEM, now=now
                )
            }
        return {}

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
        self.counted = None
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
        before = self.counted or self.rows()
        kw.setdefault("content_type", FORM)
        answer = self.send(browser, what, path, method="POST", data=body, **kw)
        after = self.counted = self.rows()
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
