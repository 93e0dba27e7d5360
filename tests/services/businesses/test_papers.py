"""Papers that were seen carry a tier, and their ends are told."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from packhouse.db import db, transaction
from packhouse.domain.users import SYSTEM, Actor
from packhouse.errors import NotAllowed, NotFound, RuleBroken
from packhouse.models.businesses import Document, Verification
from packhouse.models.reminders import Message
from packhouse.queries.audit import verify
from packhouse.services.businesses import (
    change_role,
    check_paper,
    remove_paper,
    warn_of_expiry,
    withdraw_verification,
)
from packhouse.services.products import archive_product
from tests.factories import Make
from tests.services.businesses.conftest import business, codes, create, paper


def test_papers_that_were_seen_raise_a_tier_and_lower_it_when_taken_back(
    make: Make, clerk: Actor, now: datetime
) -> None:
    made = make.business(level="trial")
    owner = make.producer(made)
    change_role(business_id=made, user_id=owner.id or 0, is_owner=True, actor=clerk, now=now)
    product = make.product(made)
    paper(owner, now, made, "nib", number="0123456789012")
    assert business(made).level == "trial"
    nib = db.session.scalars(select(Document.id)).one()

    assert check_paper(document_id=nib, verified=True, remark="", actor=clerk, now=now) == made
    assert business(made).level == "nib"
    licence = paper(clerk, now, made, "pirt", product_id=product, seen=True)
    paper(clerk, now, made, "halal", seen=True)
    assert business(made).level == "market_ready"

    with pytest.raises(RuleBroken) as broken:
        withdraw_verification(document_id=licence, remark=" ", actor=clerk, now=now)
    assert codes(broken) == ["reason_missing"]
    withdraw_verification(document_id=licence, remark="Milik usaha lain", actor=clerk, now=now)
    assert business(made).level == "nib"
    check_paper(document_id=licence, verified=True, remark="", actor=clerk, now=now)
    archive_product(product_id=product, actor=owner, now=now)
    assert business(made).level == "nib"
    withdraw_verification(document_id=nib, remark="Palsu", actor=clerk, now=now)
    assert business(made).level == "trial"
    said = db.session.execute(
        select(Verification.verdict, Verification.officer_id).where(Verification.document_id == nib)
    ).all()
    assert [tuple(each) for each in said] == [("verified", clerk.id), ("withdrawn", clerk.id)]
    with pytest.raises(NotAllowed):
        check_paper(document_id=nib, verified=True, remark="", actor=owner, now=now)
    with pytest.raises(RuleBroken) as kept:
        remove_paper(document_id=nib, actor=owner, now=now)
    assert codes(kept) == ["nib_by_edit"]


def test_a_renewed_paper_takes_the_old_ones_place_when_it_was_seen(
    make: Make, clerk: Actor, now: datetime
) -> None:
    made = make.business()
    old = paper(clerk, now, made, "halal", number="ID1", seen=True)
    paper(clerk, now, made, "halal", number="ID2")
    new = paper(clerk, now, made, "halal", number="ID3")

    def states() -> list[str]:
        db.session.rollback()
        return list(db.session.scalars(select(Document.state).order_by(Document.id)))

    assert states() == ["verified", "removed", "unchecked"]
    check_paper(document_id=new, verified=True, remark="", actor=clerk, now=now)
    assert states() == ["removed", "removed", "verified"]
    with pytest.raises(NotFound):
        remove_paper(document_id=old, actor=clerk, now=now)


def test_each_end_of_a_paper_is_told_twice_and_never_again(
    make: Make, clerk: Actor, now: datetime
) -> None:
    make.site()
    made = make.business(level="nib", seen_level="nib")
    make.producer(made)
    product = make.product(made, lane="non_halal")
    today = date(2026, 11, 24)
    ends = today + timedelta(days=61)
    paper(clerk, now, made, "pirt", product_id=product, expires_on=ends, seen=True)
    assert business(made).level == "market_ready"

    def told(days: int) -> int:
        while warn_of_expiry(actor=SYSTEM, now=now + timedelta(days=days)):
            pass
        db.session.rollback()
        return db.session.execute(
            select(func.count()).where(Message.kind == "paper_expires")
        ).scalar_one()

    assert [told(days) for days in (0, 1, 2, 46, 47, 48, 61)] == [0, 2, 2, 2, 4, 4, 4]
    assert business(made).level == "market_ready"
    assert told(62) == 4
    assert business(made).level == "nib"


def test_the_auditor_finds_a_tier_that_does_not_follow_from_the_papers(
    make: Make, clerk: Actor, now: datetime
) -> None:
    business = create(clerk, now)
    assert verify(now=now) == ()
    db.session.rollback()

    with transaction() as session:
        session.execute(text("UPDATE businesses SET level = 'market_ready'"))

    (found,) = verify(now=now)
    assert found.rule == "tiers follow from papers"
    assert found.rows == ({"business": business, "level": "market_ready", "should_be": "nib"},)
