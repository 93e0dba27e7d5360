"""Consent by purpose, and the closing of an account: a person's rights over her data.

A closed account keeps its row and its number, so that usage, charges and the audit trail stay
whole, and loses everything that tells who she was. Nothing of it stands in the trail either.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from packhouse.db import reading, transaction, use_case
from packhouse.domain.bookings import HOLDING, State
from packhouse.domain.privacy import CONTACTS_KEPT, VERSIONS, Answer, Purpose, standings
from packhouse.domain.reminders import MessageState
from packhouse.domain.users import Actor, Role
from packhouse.errors import Malformed, NotAllowed, NotFound, Problem, RuleBroken
from packhouse.models.audit import AuditEntry, IdempotencyKey
from packhouse.models.bookings import Booking
from packhouse.models.businesses import Business, Document, Invitation, Membership
from packhouse.models.complaints import Complaint
from packhouse.models.privacy import ClosedAccount, Consent
from packhouse.models.products import Product
from packhouse.models.reminders import Message
from packhouse.models.users import ApiToken, OneTimeSecret, ServerSession, SignUp, User
from packhouse.models.waitlist import Wish
from packhouse.services.audit import Subject, record
from packhouse.services.calendars import drop_feed
from packhouse.services.sessions import drop_sessions

# No password has this hash.
NO_PASSWORD = "!"  # noqa: S105
OPEN_STATES = (*HOLDING, State.DISPLACED)
SHOWN = 10
BATCH = 20


@use_case
def answer_purpose(*, purpose: str, given: bool, actor: Actor, now: datetime) -> None:
    """Keep one's own yes or no to a purpose, in the words of today's version; a no counts at once.

    Saying the same again changes nothing. Raises Malformed for a purpose there is none of.
    """
    if purpose not in set(Purpose):
        raise Malformed("purpose_unknown")
    if actor.id is None:
        raise NotAllowed
    with transaction() as session:
        session.get(User, actor.id, with_for_update={"key_share": True})
        standing = next(
            each for each in standings(_answers(session, actor.id)) if each.purpose == purpose
        )
        same = standing.given == given and (given or not standing.is_outdated)
        if same and (standing.at is not None or not given):
            return
        _answer(session, actor.id, Purpose(purpose), given=given, now=now)
        action = "consent:given" if given else "consent:withdrawn"
        record(
            session, actor=actor, now=now, action=action, subject=Subject("user", actor.id),
            purpose=purpose, version=VERSIONS[Purpose(purpose)],
        )  # fmt: skip


@use_case
def close_account(*, actor: Actor, now: datetime) -> None:
    """Close one's own account for good; her name and addresses go, what was done stays.

    Businesses that nobody else acts for lose their name, numbers and papers with her. Raises
    RuleBroken with everything that is in the way (open bookings, wishes, other people left
    without an owner), NotAllowed for the staff, whose accounts the administrator closes.
    """
    if actor.role != Role.PRODUCER or actor.id is None:
        raise NotAllowed("staff_account")
    with transaction() as session:
        user = session.get(User, actor.id, with_for_update=True)
        if user is None or not user.is_active:
            raise NotFound
        alone, orphaned = _businesses(session, user.id)
        problems = _in_the_way(session, alone)
        problems += [Problem("owner_last")] if orphaned else []
        if problems:
            raise RuleBroken(problems)
        _retire(session, user, alone, now)
        record(
            session, actor=actor, now=now, action="user:closed", subject=Subject("user", user.id)
        )


@use_case
def forget_inactive(*, actor: Actor, now: datetime) -> int:
    """Close the accounts of producers who have not been seen for two years; return how many.

    What is forgotten and what stays is the same as when a person closes her own. Whoever has
    something open, or would leave others of a business without an owner, is left alone.
    """
    due = _inactive(now)
    found = reading().scalars(due).all()
    if not found:
        return 0
    closed = 0
    with transaction() as session:
        users = session.scalars(due.with_only_columns(User).with_for_update()).all()
        for user in users:
            alone, orphaned = _businesses(session, user.id)
            if orphaned or _in_the_way(session, alone):
                continue
            _retire(session, user, alone, now)
            subject = Subject("user", user.id)
            record(session, actor=actor, now=now, action="user:forgotten", subject=subject)
            closed += 1
    return closed


# --- steps --------------------------------------------------------------------------------------


def _answers(session: Session, user_id: int) -> list[Answer]:
    rows = session.scalars(select(Consent).where(Consent.user_id == user_id).order_by(Consent.id))
    return [Answer(Purpose(row.purpose), row.version, row.given, row.at) for row in rows]


def _answer(
    session: Session, user_id: int, purpose: Purpose, *, given: bool, now: datetime
) -> None:
    version = VERSIONS[purpose]
    session.add(Consent(user_id=user_id, purpose=purpose, version=version, given=given, at=now))
    session.flush()


def _businesses(session: Session, user_id: int) -> tuple[list[int], list[int]]:
    """Return the businesses only she acts for, and those whose other people have no owner."""
    own = select(Membership.business_id, Membership.role).where(Membership.user_id == user_id)
    mine = {row.business_id: row.role for row in session.execute(own)}
    # Locked, so that nobody joins or leaves meanwhile.
    session.execute(select(Business.id).where(Business.id.in_(mine)).with_for_update()).all()
    rows = session.execute(
        select(Membership.business_id, Membership.role)
        .join(User, User.id == Membership.user_id)
        .where(Membership.business_id.in_(mine), Membership.user_id != user_id, User.is_active)
    ).all()
    others = {row.business_id for row in rows}
    owned = {row.business_id for row in rows if row.role == "owner"}
    alone = sorted(mine.keys() - others)
    return alone, sorted(each for each in others if mine[each] == "owner" and each not in owned)


def _in_the_way(session: Session, business_ids: Sequence[int]) -> list[Problem]:
    codes = session.scalars(
        select(Booking.code)
        .where(Booking.business_id.in_(business_ids), Booking.state.in_(OPEN_STATES))
        .order_by(Booking.starts_at)
        .limit(SHOWN)
    ).all()
    wishes = session.scalar(
        select(func.count())
        .select_from(Wish)
        .where(Wish.business_id.in_(business_ids), Wish.state.in_(("open", "offered")))
    )
    problems = []
    if codes:
        problems.append(Problem("open_bookings", {"codes": ", ".join(codes)}))
    if wishes:
        problems.append(Problem("open_wishes", {"count": wishes}))
    return problems


def _inactive(now: datetime) -> Select[int]:
    """Select producers of whom nothing was heard since: no job, wish, answer, complaint, password.

    A job of her business counts for all of its people.
    """
    since = now - CONTACTS_KEPT
    hers = Membership.user_id == User.id
    signs: tuple[Select[int], ...] = (
        select(ServerSession.user_id).where(ServerSession.user_id == User.id),
        select(ApiToken.user_id).where(ApiToken.user_id == User.id, ApiToken.revoked_at.is_(None)),
        select(Booking.id)
        .join(Membership, Membership.business_id == Booking.business_id)
        .where(hers, Booking.starts_at >= since),
        select(Wish.id)
        .join(Membership, Membership.business_id == Wish.business_id)
        .where(hers, or_(Wish.changed_at >= since, Wish.closed_at.is_(None))),
        select(Consent.id).where(Consent.user_id == User.id, Consent.at >= since),
        select(Complaint.id).where(Complaint.user_id == User.id, Complaint.asked_at >= since),
        select(Message.id).where(Message.user_id == User.id, Message.read_at >= since),
        select(AuditEntry.id).where(
            AuditEntry.subject_kind == "user",
            AuditEntry.subject_id == User.id,
            AuditEntry.at >= since,
        ),
    )
    return (
        select(User.id)
        .where(
            User.role == Role.PRODUCER,
            User.is_active,
            User.created_at < since,
            *(~sign.exists() for sign in signs),
        )
        .order_by(User.id)
        .limit(BATCH)
    )


def _retire(session: Session, user: User, alone: Sequence[int], now: datetime) -> None:
    for business_id in alone:
        _forget_business(session, business_id, now)
    _forget_person(session, user, now)


def _forget_business(session: Session, business_id: int, now: datetime) -> None:
    business = session.get_one(Business, business_id)
    business.name, business.nib = f"#{business.id}", None
    business.village = business.phone = ""
    session.execute(
        update(Document)
        .where(Document.business_id == business_id)
        .values(state="removed", number="", title="", remark="")
    )
    session.execute(
        update(Product)
        .where(Product.business_id == business_id, Product.archived_at.is_(None))
        .values(archived_at=now)
    )
    session.execute(
        update(Invitation)
        .where(
            Invitation.business_id == business_id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(name="", withdrawn_at=now)
    )


def _forget_person(session: Session, user: User, now: datetime) -> None:
    for each in standings(_answers(session, user.id)):
        if each.given or each.is_outdated:
            _answer(session, user.id, each.purpose, given=False, now=now)
    session.execute(delete(Membership).where(Membership.user_id == user.id))
    drop_sessions(session, user_id=user.id)
    drop_feed(session, user_id=user.id)
    session.execute(
        update(ApiToken)
        .where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    for table in (OneTimeSecret, IdempotencyKey):
        session.execute(delete(table).where(table.user_id == user.id))
    session.execute(update(SignUp).where(SignUp.user_id == user.id).values(user_id=None))
    session.execute(
        update(Complaint)
        .where(Complaint.user_id == user.id)
        .values(name="", phone="", user_id=None)
    )
    session.execute(
        update(Message)
        .where(Message.user_id == user.id, Message.state == MessageState.DUE)
        .values(state=MessageState.CANCELLED, finished_at=now)
    )
    session.execute(update(Invitation).where(Invitation.accepted_by == user.id).values(name=""))
    user.name, user.email, user.phone = f"#{user.id}", None, ""
    user.password_hash, user.is_active = NO_PASSWORD, False
    session.add(ClosedAccount(user_id=user.id, at=now))
