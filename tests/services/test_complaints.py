from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from packhouse.db import db, transaction
from packhouse.domain.complaints import Ticket
from packhouse.domain.users import Actor, Role
from packhouse.errors import KeyReused, NotAllowed, NotFound, RuleBroken, WrongState
from packhouse.models.audit import AuditEntry
from packhouse.models.complaints import Complaint
from packhouse.queries.audit.verify import verify
from packhouse.queries.complaints import (
    complaint_by_ticket,
    complaint_figures,
    complaint_months,
    complaint_to_answer,
    complaints_waiting,
    my_complaints,
)
from packhouse.services.complaints import (
    Grievance,
    answer_complaint,
    close_complaint,
    file_complaint,
    reopen_complaint,
)
from packhouse.services.housekeeping import prune
from tests.factories import Make

LATE = Grievance("schedule", "Mesin M3 baru siap dua jam sesudah jadwal saya.")
SAID = "Mesin sudah diperbaiki, dan jadwal Anda diganti."


@pytest.fixture
def site(make: Make) -> int:
    return make.site(code="PTK")


def filed(now: datetime, *, actor: Actor | None = None, key: str = "k1", **more: str) -> Ticket:
    return file_complaint(
        site="PTK", grievance=replace(LATE, **more), actor=actor, now=now, key=key
    )


def id_of(ticket: Ticket) -> int:
    found = db.session.scalars(select(Complaint.id).where(Complaint.number == ticket.number)).one()
    db.session.rollback()
    return found


def test_a_nameless_complaint_is_taken_answered_reopened_and_closed(
    make: Make, site: int, now: datetime
) -> None:
    manager = make.user(Role.MANAGER, sites=(site,))
    ticket = filed(now)

    first = complaint_by_ticket(ticket=ticket, now=now)
    answer_complaint(complaint_id=first.item.id, text=SAID, actor=manager, now=now)
    reopen_complaint(
        complaint=ticket, text="Jadwal saya belum diganti.", actor=None,
        now=now + timedelta(days=1),
    )  # fmt: skip
    answer_complaint(
        complaint_id=first.item.id, text=SAID, actor=manager, now=now + timedelta(days=9)
    )
    close_complaint(complaint_id=first.item.id, actor=manager, now=now + timedelta(days=9))

    last = complaint_by_ticket(ticket=ticket, now=now + timedelta(days=9))
    assert (first.item.state, first.item.days_left, first.name) == ("received", 2, "")
    assert [each.kind for each in last.entries] == ["answer", "reopening", "answer"]
    assert last.item.state == "closed"
    assert complaint_figures(actor=manager, since=now, now=now)[0].late == 1
    assert verify(now=now + timedelta(days=9)) == ()


def test_the_deadline_skips_a_closed_day_and_a_later_closure_does_not_move_it(
    make: Make, site: int, now: datetime
) -> None:
    make.closure(site, date(2026, 11, 25))
    ticket = filed(now)
    make.closure(site, date(2026, 11, 26), name="Baru")

    assert complaint_by_ticket(ticket=ticket, now=now).item.due_at == make.at(16, 30, days=3)
    assert verify(now=now) == ()


def test_the_same_form_twice_is_one_complaint(site: int, now: datetime) -> None:
    assert filed(now) == filed(now + timedelta(minutes=5))
    assert len(list(db.session.scalars(select(Complaint.id)))) == 1
    db.session.rollback()

    with pytest.raises(KeyReused):
        filed(now, text="Sesuatu yang lain sama sekali.")


def test_only_the_whole_ticket_opens_a_complaint(site: int, now: datetime) -> None:
    ticket = filed(now)

    with pytest.raises(NotFound):
        complaint_by_ticket(ticket=replace(ticket, secret="0" * 12), now=now)
    with pytest.raises(NotFound):
        reopen_complaint(complaint=replace(ticket, secret="0" * 12), text=SAID, actor=None, now=now)


def test_everything_wrong_with_a_complaint_is_said_at_once(site: int, now: datetime) -> None:
    with pytest.raises(RuleBroken) as refused:
        file_complaint(site="XX", grievance=Grievance("x", "a"), actor=None, now=now, key="k")

    codes = {each.code for each in refused.value.problems}
    assert codes == {"site_unknown", "complaint_topic_unknown", "complaint_text_short"}


def test_the_people_of_a_house_do_not_read_what_is_said_about_them(
    make: Make, site: int, now: datetime
) -> None:
    manager, admin = make.user(Role.MANAGER, sites=(site,)), make.user(Role.ADMIN)
    others = [
        make.user(Role.OPERATOR, sites=(site,)),
        make.user(Role.MANAGER, sites=(make.site(),)),
        make.user(Role.REVIEWER),
        make.user(Role.AUDITOR),
    ]
    usual, grave = id_of(filed(now)), id_of(filed(now, key="k2", topic="integrity"))

    assert complaint_to_answer(complaint_id=usual, actor=manager, now=now).text == LATE.text
    assert [each.id for each in complaints_waiting(actor=manager, now=now)] == [usual]
    assert [each.id for each in complaints_waiting(actor=admin, now=now)] == [usual, grave]
    for actor, complaint in [(manager, grave), *((each, usual) for each in others)]:
        with pytest.raises(NotFound):
            complaint_to_answer(complaint_id=complaint, actor=actor, now=now)
        with pytest.raises(NotFound):
            answer_complaint(complaint_id=complaint, text=SAID, actor=actor, now=now)
        with pytest.raises(NotFound):
            close_complaint(complaint_id=complaint, actor=actor, now=now)
        assert complaints_waiting(actor=actor, now=now) == () or actor is manager


def test_the_most_overdue_stands_first(make: Make, site: int, now: datetime) -> None:
    manager = make.user(Role.MANAGER, sites=(site,))
    staff, fresh = filed(now, topic="staff"), filed(now + timedelta(days=3), key="k2")
    old = filed(now - timedelta(days=9), key="k3")

    waiting = complaints_waiting(actor=manager, now=now + timedelta(days=3))

    assert [each.id for each in waiting] == [id_of(each) for each in (old, fresh, staff)]
    assert [each.is_late for each in waiting] == [True, False, False]


def test_who_was_signed_in_finds_her_complaint_again_and_nobody_else_does(
    make: Make, site: int, now: datetime
) -> None:
    mine, other = make.producer(), make.producer()
    complaint = id_of(filed(now, actor=mine))
    answer_complaint(complaint_id=complaint, text=SAID, actor=make.user(Role.ADMIN), now=now)

    assert [each.id for each in my_complaints(actor=mine, now=now)] == [complaint]
    assert my_complaints(actor=other, now=now) == ()
    with pytest.raises(NotFound):
        reopen_complaint(complaint=complaint, text=SAID, actor=other, now=now)
    reopen_complaint(complaint=complaint, text=SAID, actor=mine, now=now)


def test_an_unanswered_complaint_can_neither_be_closed_nor_reopened(
    make: Make, site: int, now: datetime
) -> None:
    ticket, admin = filed(now), make.user(Role.ADMIN)

    with pytest.raises(WrongState):
        close_complaint(complaint_id=id_of(ticket), actor=admin, now=now)
    with pytest.raises(WrongState):
        reopen_complaint(complaint=ticket, text=SAID, actor=None, now=now)


def test_the_trail_holds_no_word_of_a_complaint(site: int, now: datetime) -> None:
    filed(now, name="Siti Aminah", phone="081234567890")

    facts = str([each.facts for each in db.session.scalars(select(AuditEntry))])

    assert "received" in facts
    for word in ("Siti", "0812", "M3", "jadwal saya"):
        assert word not in facts


@pytest.mark.parametrize("wrong", ["clock", "state"])
def test_the_auditor_finds_a_complaint_with_a_wrong_clock_or_state(
    site: int, now: datetime, wrong: str
) -> None:
    filed(now)
    late = {"due_at": now + timedelta(days=40)}
    values = late if wrong == "clock" else {"state": "answered", "answered_at": now}
    with transaction() as session:
        session.execute(update(Complaint).values(**values))

    assert {each.rule for each in verify(now=now)} >= {
        "every complaint has the state and deadline of its record"
    }


def test_names_are_forgotten_two_years_after_the_answer_and_the_words_stay(
    make: Make, site: int, now: datetime
) -> None:
    answered = filed(now, name="Siti Aminah", phone="0812")
    waiting = filed(now, key="k2", name="Budi")
    answer_complaint(complaint_id=id_of(answered), text=SAID, actor=make.user(Role.ADMIN), now=now)

    prune(now=now + timedelta(days=729))
    kept = complaint_by_ticket(ticket=answered, now=now).name
    assert prune(now=now + timedelta(days=731)) >= 1
    found = complaint_by_ticket(ticket=answered, now=now)

    assert kept == "Siti Aminah"
    assert (found.name, found.phone, found.text) == ("", "", LATE.text)
    assert complaint_by_ticket(ticket=waiting, now=now).name == "Budi"


def test_complaints_are_counted_by_local_month(make: Make, site: int) -> None:
    reviewer, manager = make.user(Role.REVIEWER), make.user(Role.MANAGER, sites=(site,))
    # Half past eleven in the evening of 31 October, and an hour later.
    for hour, key in ((-561, "k1"), (-560, "k2")):
        filed(make.now + timedelta(hours=hour, minutes=30), key=key)
    (first, _) = db.session.scalars(select(Complaint.id).order_by(Complaint.id)).all()
    answer_complaint(
        complaint_id=first, text=SAID, actor=manager, now=make.now - timedelta(hours=550)
    )

    found = complaint_months(actor=reviewer, since=make.now - timedelta(days=99), now=make.now)

    assert [
        (each.month, each.filed, each.answered, each.in_time, each.waiting) for each in found
    ] == [
        (date(2026, 11, 1), 1, 0, 0, 1),
        (date(2026, 10, 1), 1, 1, 1, 0),
    ]
    with pytest.raises(NotAllowed):
        complaint_months(actor=make.producer(), since=make.now, now=make.now)
