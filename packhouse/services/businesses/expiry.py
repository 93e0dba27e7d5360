"""Papers that end: their people are told in time, and a tier falls with what it stood on."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from packhouse.db import setting, transaction, use_case
from packhouse.domain.businesses import EXPIRY_LEADS, Level, PaperState, lead_due
from packhouse.domain.reminders import MessageKind
from packhouse.domain.users import Actor
from packhouse.models.businesses import Business, Document
from packhouse.services.businesses.steps import local_day, nearest_house, relevel
from packhouse.services.reminders import tell_business

BATCH = 100
LONG_LEAD, SHORT_LEAD = EXPIRY_LEADS


@use_case
def warn_of_expiry(*, actor: Actor, now: datetime) -> int:
    """Tell of papers that end in 60 and in 14 days, once each; return how many things were done.

    A business whose tier stood on a paper that is over goes back to what its other papers say.
    Ask again until nothing is done.
    """
    today = local_day(now)
    with transaction() as session:
        ending = _ending(session, today)
        for document in ending:
            days = lead_due(
                expires_on=document.expires_on or today, today=today, warned=document.warned_days
            )
            document.warned_days = days or SHORT_LEAD
            _warn(session, document, now=now)
        fallen = _fallen(session, today)
        for business in fallen:
            relevel(session, business, actor=actor, now=now)
        return len(ending) + sum(each.level != Level.MARKET_READY for each in fallen)


def _ending(session: Session, today: date) -> list[Document]:
    """Return the papers in use whose warning is due; the row is the mark that it was given."""
    return list(
        session.scalars(
            select(Document)
            .where(
                Document.state.in_((PaperState.UNCHECKED, PaperState.VERIFIED)),
                Document.expires_on >= today,
                or_(
                    (Document.warned_days.is_(None))
                    & (Document.expires_on <= today + timedelta(days=LONG_LEAD)),
                    (Document.warned_days > SHORT_LEAD)
                    & (Document.expires_on <= today + timedelta(days=SHORT_LEAD)),
                ),
            )
            .order_by(Document.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
    )


def _warn(session: Session, document: Document, *, now: datetime) -> None:
    business = session.get_one(Business, document.business_id)
    site = nearest_house(session, business)
    if site is None or document.expires_on is None:  # Without a house nobody is told anything.
        return
    last = datetime.combine(document.expires_on, time(23, 59), ZoneInfo(setting("ZONE")))
    tell_business(
        session,
        kind=MessageKind.PAPER_EXPIRES,
        business_id=business.id,
        site=site,
        key=f"document:{document.id}:{document.warned_days}",
        facts={
            "document": document.id,
            "business": business.id,
            "paper": document.kind,
            "day": document.expires_on.isoformat(),
        },
        now=now,
        not_after=last.astimezone(now.tzinfo),
    )


def _fallen(session: Session, today: date) -> list[Business]:
    """Return market-ready businesses with a paper that is over, unless an officer saw them all."""
    over = select(Document.business_id).where(
        Document.state == PaperState.VERIFIED, Document.expires_on < today
    )
    return list(
        session.scalars(
            select(Business)
            .where(
                Business.level == Level.MARKET_READY,
                Business.seen_level != Level.MARKET_READY,
                Business.id.in_(over),
            )
            .order_by(Business.id)
            .limit(BATCH)
            .with_for_update(key_share=True)
        )
    )
