"""Papers of a business and its products: told by its people, checked once by an officer."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from packhouse.db import transaction, use_case
from packhouse.domain.businesses import (
    Level,
    PaperKind,
    PaperState,
    expiry_of,
    normal_nib,
    problems_with_paper,
)
from packhouse.domain.permissions import may_act_for_business, may_serve_businesses
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken, WrongState
from packhouse.models.businesses import Business, Document
from packhouse.models.products import Product
from packhouse.services.audit import Once, answer_once
from packhouse.services.businesses.records import note_level
from packhouse.services.businesses.steps import (
    judge,
    kept_business,
    nibs_of,
    note_business,
    put_nib,
    relevel,
)

LONGEST_REMARK = 500


@dataclass(frozen=True, slots=True)
class Told:
    """What a paper says, as it was typed; of a product where one is named."""

    kind: str
    number: str = ""
    title: str = ""
    issued_on: date | None = None
    expires_on: date | None = None
    product_id: int | None = None


@use_case
def verify_business(*, business_id: int, level: str, actor: Actor, now: datetime) -> None:
    """Say for which level an officer saw the originals; "trial" takes that back, and the NIB.

    The audit entry names officer and date. The level is never below what single papers say.

    Raises RuleBroken ("nib_missing" above trial without a NIB), NotFound, NotAllowed.
    """
    if not may_serve_businesses(actor):
        raise NotAllowed
    with transaction() as session:
        business = kept_business(session, business_id, actor)
        if level not in set(Level):
            raise RuleBroken([Problem("level_unknown", {"value": level})])
        if level != Level.TRIAL and not business.nib:
            raise RuleBroken([Problem("nib_missing")])
        before, business.seen_level = business.level, level
        note_level(session, business, actor=actor, now=now)
        _judge_nib(session, business, seen=level != Level.TRIAL, actor=actor, now=now)
        facts = {"before": before, "level": level}
        note_business(session, "business:verified", business, actor=actor, now=now, **facts)
        relevel(session, business, actor=actor, now=now)


@use_case
def note_paper(
    *,
    business_id: int,
    told: Told,
    actor: Actor,
    now: datetime,
    seen: bool = False,
    key: str | None = None,
) -> int:
    """Note a paper of a business or of one of its products, and return its number.

    It takes the place of one of its kind that nobody has verified; a verified one stays until
    this one is. With `seen` the front desk has the original before it. A NIB is for owners and
    the front desk. Raises RuleBroken with all problems at once, NotFound, NotAllowed.
    """
    if seen and not may_serve_businesses(actor):
        raise NotAllowed
    request = {"business": business_id, "seen": seen}
    days = {"issued_on": str(told.issued_on), "expires_on": str(told.expires_on)}
    once = Once(key, "note_paper", request | asdict(told) | days) if key else None
    with transaction() as session:

        def act() -> int:
            business = _owner_of(session, business_id, told, actor)
            _check(session, business, told)
            if told.kind == PaperKind.NIB:
                return _nib_told(session, business, told, seen=seen, actor=actor, now=now)
            return _written(session, business, told, seen=seen, actor=actor, now=now)

        document_id: int = answer_once(session, actor=actor, now=now, once=once, act=act)
        return document_id


@use_case
def check_paper(
    *, document_id: int, verified: bool, remark: str, actor: Actor, now: datetime
) -> int:
    """Say that an officer saw a paper, or why it does not count; return its business.

    Raises RuleBroken("reason_missing"), WrongState, NotFound, NotAllowed.
    """
    verdict = PaperState.VERIFIED if verified else PaperState.REFUSED
    known = [PaperState.UNCHECKED, PaperState.REFUSED, PaperState.WITHDRAWN]
    allowed = known if verified else known[:1]
    return _judged(document_id, verdict, allowed, remark, actor, now)


@use_case
def withdraw_verification(*, document_id: int, remark: str, actor: Actor, now: datetime) -> int:
    """Take back that a paper was verified, and say why; return its business.

    Raises RuleBroken("reason_missing"), WrongState, NotFound, NotAllowed.
    """
    return _judged(document_id, PaperState.WITHDRAWN, [PaperState.VERIFIED], remark, actor, now)


@use_case
def remove_paper(*, document_id: int, actor: Actor, now: datetime) -> int:
    """Take a paper off the list; what was said of it stays on record. Return its business.

    A NIB is corrected with the data of the business. Raises RuleBroken("nib_by_edit"), NotFound.
    """
    with transaction() as session:
        document, business = _locked(session, document_id)
        if not may_act_for_business(actor, business.id):
            raise NotFound("paper_not_found")
        if document.kind == PaperKind.NIB:
            raise RuleBroken([Problem("nib_by_edit")])
        document.state = PaperState.REMOVED
        facts = {"document": document.id, "kind": document.kind}
        note_business(session, "business:paper_removed", business, actor=actor, now=now, **facts)
        relevel(session, business, actor=actor, now=now)
        return business.id


# --- steps --------------------------------------------------------------------------------------


def _owner_of(session: Session, business_id: int, told: Told, actor: Actor) -> Business:
    """Return the locked business whose paper this is; a NIB is its owners' matter."""
    if told.kind == PaperKind.NIB:
        return kept_business(session, business_id, actor)
    business = session.get(Business, business_id, with_for_update={"key_share": True})
    if business is None or not may_act_for_business(actor, business_id):
        raise NotFound("business_not_found")
    return business


def _check(session: Session, business: Business, told: Told) -> None:
    problems = problems_with_paper(
        kind=told.kind,
        number=told.number,
        title=told.title,
        issued_on=told.issued_on,
        expires_on=told.expires_on,
        of_product=told.product_id is not None,
    )
    if told.product_id is not None:
        product = session.get(Product, told.product_id)
        if product is None or product.business_id != business.id:
            raise NotFound("product_not_found")
        if product.archived_at is not None:
            problems.append(Problem("product_archived"))
    nib = normal_nib(told.number) if told.kind == PaperKind.NIB else None
    taken = nib and session.scalar(
        select(Business.id).where(Business.nib == nib, Business.id != business.id)
    )
    if taken:
        problems.append(Problem("nib_taken", {"nib": nib}))
    if problems:
        raise RuleBroken(problems)


def _nib_told(
    session: Session, business: Business, told: Told, *, seen: bool, actor: Actor, now: datetime
) -> int:
    before, business.nib = business.nib, normal_nib(told.number)
    try:
        session.flush()
    except IntegrityError as error:  # Two told the same NIB at once.
        raise RuleBroken([Problem("nib_taken", {"nib": told.number})]) from error
    if before != business.nib or seen or session.scalar(nibs_of(business.id)) is None:
        if before != business.nib and not seen and business.seen_level != Level.TRIAL:
            business.seen_level = Level.TRIAL
            note_level(session, business, actor=actor, now=now)
        put_nib(session, business, seen=seen, actor=actor, now=now)
        session.flush()
        facts = {"changed": {"nib": [before, business.nib]}}
        note_business(session, "business:edited", business, actor=actor, now=now, **facts)
        relevel(session, business, actor=actor, now=now)
    return session.scalars(nibs_of(business.id)).one().id


def _written(
    session: Session, business: Business, told: Told, *, seen: bool, actor: Actor, now: datetime
) -> int:
    number = told.number.strip()
    document = Document(
        business_id=business.id,
        product_id=told.product_id,
        kind=told.kind,
        number=number,
        title=told.title.strip(),
        issued_on=told.issued_on,
        expires_on=expiry_of(kind=told.kind, number=number, expires_on=told.expires_on),
        created_by=actor.id,
        created_at=now,
    )
    _replace(session, document, verified_too=seen)
    session.add(document)
    session.flush()
    facts = {"document": document.id, "kind": document.kind}
    note_business(session, "business:paper_noted", business, actor=actor, now=now, **facts)
    if seen:
        judge(session, document, PaperState.VERIFIED, actor=actor, now=now)
        relevel(session, business, actor=actor, now=now)
    return document.id


def _replace(session: Session, document: Document, *, verified_too: bool) -> None:
    """Remove what this paper takes the place of."""
    if document.kind == PaperKind.OTHER:
        return
    older = session.scalars(
        select(Document).where(
            Document.business_id == document.business_id,
            Document.product_id.is_not_distinct_from(document.product_id),
            Document.kind == document.kind,
            Document.state != PaperState.REMOVED,
        )
    )
    for row in older:
        if row is not document and (verified_too or row.state != PaperState.VERIFIED):
            row.state = PaperState.REMOVED


def _locked(session: Session, document_id: int) -> tuple[Document, Business]:
    """Return a paper in use and its business, whose row is locked. Raises NotFound."""
    owner = session.scalar(select(Document.business_id).where(Document.id == document_id))
    if owner is None:
        raise NotFound("paper_not_found")
    business = session.get_one(Business, owner, with_for_update={"key_share": True})
    document = session.get_one(Document, document_id, populate_existing=True)
    if document.state == PaperState.REMOVED:
        raise NotFound("paper_not_found")
    return document, business


def _judged(
    document_id: int,
    verdict: PaperState,
    allowed: list[PaperState],
    remark: str,
    actor: Actor,
    now: datetime,
) -> int:
    if not may_serve_businesses(actor):
        raise NotAllowed
    if verdict is not PaperState.VERIFIED and not remark.strip():
        raise RuleBroken([Problem("reason_missing")])
    if len(remark) > LONGEST_REMARK:
        raise RuleBroken([Problem("text_long", {"maximum": LONGEST_REMARK})])
    with transaction() as session:
        document, business = _locked(session, document_id)
        if document.state == verdict:
            return business.id
        if document.state not in allowed:
            raise WrongState("paper_state")
        if verdict is PaperState.VERIFIED:
            _replace(session, document, verified_too=True)
        judge(session, document, verdict, actor=actor, now=now, remark=remark.strip())
        _unsee(session, business, document, actor=actor, now=now)
        facts = {"document": document.id, "kind": document.kind, "remark": remark.strip()}
        note_business(session, f"business:paper_{verdict}", business, actor=actor, now=now, **facts)
        relevel(session, business, actor=actor, now=now)
        return business.id


def _unsee(
    session: Session, business: Business, document: Document, *, actor: Actor, now: datetime
) -> None:
    """Let a NIB that no longer counts count no more: no tier stands on it."""
    if document.kind != PaperKind.NIB or document.state == PaperState.VERIFIED:
        return
    if business.seen_level != Level.TRIAL:
        business.seen_level = Level.TRIAL
        note_level(session, business, actor=actor, now=now)


def _judge_nib(
    session: Session, business: Business, *, seen: bool, actor: Actor, now: datetime
) -> None:
    for row in session.scalars(nibs_of(business.id)).all():
        if seen and row.state != PaperState.VERIFIED:
            judge(session, row, PaperState.VERIFIED, actor=actor, now=now)
        elif not seen and row.state == PaperState.VERIFIED:
            judge(session, row, PaperState.WITHDRAWN, actor=actor, now=now)
