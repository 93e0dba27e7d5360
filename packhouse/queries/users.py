"""People: who a session or token stands for, and what the pages about people show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, Select, String, bindparam, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from packhouse.db import UtcDateTime, db
from packhouse.domain.users import (
    IDLE_LIMIT,
    PEOPLE_OF_A_PHONE,
    Actor,
    Role,
    SecretKind,
    masked_phone,
    normal_phone,
    secret_hash,
)
from packhouse.models.businesses import Business, Membership
from packhouse.models.sites import Site
from packhouse.models.users import ApiToken, OneTimeSecret, ServerSession, User, UserSite

MOST_KNOWN = 20


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A signed-in browser: who it is, when it was last noted, whether the person is invented."""

    actor: Actor
    seen_at: datetime
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the administrator sees her; ``sites`` are names."""

    id: int
    name: str
    email: str
    phone: str
    role: Role
    locale: str
    is_active: bool
    is_demo: bool
    created_at: datetime
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A producer as the front desk recognises her: the number is masked."""

    id: int
    name: str
    phone: str
    businesses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workplace:
    """A site as somebody chooses or finds it."""

    code: str
    name: str
    regency_code: str
    address: str
    is_demo: bool


def actor_for_session(*, secret: str, now: datetime) -> LiveSession | None:
    """Return who a browser's secret stands for; None when it is unknown, idle or too old.

    The role, the sites and the businesses are read anew on every request, so that a change is
    felt at once.
    """
    given = {"id_hash": secret_hash(secret), "now": now, "idle_since": now - IDLE_LIMIT}
    row = db.session.execute(_OF_SESSION, given).one_or_none()
    return None if row is None else LiveSession(_actor(*row[:6]), *row[6:])


def actor_for_token(*, secret: str, now: datetime) -> Actor | None:
    """Return who a program's token stands for; None when it is unknown, revoked or expired."""
    given = {"id_hash": secret_hash(secret), "now": now}
    row = db.session.execute(_OF_TOKEN, given).one_or_none()
    return None if row is None else _actor(*row[:6])


def people() -> tuple[Person, ...]:
    """Return everybody, those who may sign in first, by name."""
    query = select(User).order_by(User.is_active.desc(), User.name, User.id)
    names: dict[int, list[str]] = {}
    for user_id, site in db.session.execute(
        select(UserSite.user_id, Site.name)
        .join(Site, Site.id == UserSite.site_id)
        .order_by(Site.name)
    ):
        names.setdefault(user_id, []).append(site)
    return tuple(_person(user, tuple(names.get(user.id, ()))) for user in db.session.scalars(query))


def known_people(*, search: str) -> tuple[Known, ...]:
    """Return the first twenty open accounts of producers by a part of a name or a whole number."""
    phone = normal_phone(search)
    named = func.lower(User.name).contains(search.strip().lower(), autoescape=True)
    query = (
        select(User.id, User.name, User.phone)
        .where(User.phone == phone if phone else named)
        .where(User.role == Role.PRODUCER, User.is_active)
        .order_by(User.name, User.id)
        .limit(MOST_KNOWN)
    )
    rows = db.session.execute(query).all()
    names: dict[int, list[str]] = {}
    for user_id, business in db.session.execute(
        select(Membership.user_id, Business.name)
        .join(Business, Business.id == Membership.business_id)
        .where(Membership.user_id.in_([row.id for row in rows]))
        .order_by(Business.name)
    ):
        names.setdefault(user_id, []).append(business)
    return tuple(
        Known(row.id, row.name, masked_phone(row.phone), tuple(names.get(row.id, ())))
        for row in rows
    )


def is_open(*, token: str, kind: SecretKind, now: datetime) -> bool:
    """Say whether a link that was mailed may still be followed."""
    query = select(OneTimeSecret.id).where(
        OneTimeSecret.secret_hash == secret_hash(token),
        OneTimeSecret.kind == kind,
        OneTimeSecret.used_at.is_(None),
        OneTimeSecret.expires_at > now,
    )
    return db.session.scalar(query) is not None


def workplaces() -> tuple[Workplace, ...]:
    """Return every site, by name."""
    columns = (Site.code, Site.name, Site.regency_code, Site.address, Site.is_demo)
    rows = db.session.execute(select(*columns).order_by(Site.name, Site.id))
    return tuple(Workplace(*row) for row in rows)


def my_account(*, user_id: int) -> Person | None:
    """Return what a person may know of herself."""
    user = db.session.get(User, user_id)
    if user is None:
        return None
    sites = db.session.scalars(
        select(Site.name)
        .join(UserSite, UserSite.site_id == Site.id)
        .where(UserSite.user_id == user_id)
        .order_by(Site.name)
    )
    return _person(user, tuple(sites))


def needs_email(*, user_id: int) -> bool:
    """Say whether a telephone number cannot lead to this person: too many share it before her.

    At sign-in the oldest accounts of a number are compared with, so that nobody is pushed out.
    """
    session = db.session()
    user = session.get(User, user_id)
    if user is None or user.email or not user.phone:
        return False
    older = session.scalar(
        select(func.count()).where(User.phone == user.phone, User.is_active, User.id < user.id)
    )
    return (older or 0) >= PEOPLE_OF_A_PHONE


def _actors(*more: InstrumentedAttribute[Any]) -> Select[*tuple[Any, ...]]:
    """Select active people with all that an actor is made of, in one statement."""
    return select(
        User.id,
        User.role,
        User.name,
        User.locale,
        _ids(UserSite.site_id, UserSite.user_id),
        _ids(Membership.business_id, Membership.user_id),
        *more,
    ).where(User.is_active)


def _ids(
    column: InstrumentedAttribute[int], owner: InstrumentedAttribute[int]
) -> ScalarSelect[str]:
    listed = func.aggregate_strings(cast(column, String), ",")
    return select(listed).where(owner == User.id).correlate(User).scalar_subquery()


def _actor(
    id_: int, role: str, name: str, locale: str, sites: str | None, businesses: str | None
) -> Actor:
    return Actor(
        id=id_,
        role=Role(role),
        name=name,
        locale=locale,
        site_ids=_numbers(sites),
        business_ids=_numbers(businesses),
    )


def _numbers(listed: str | None) -> frozenset[int]:
    return frozenset(map(int, listed.split(","))) if listed else frozenset()


def _person(user: User, sites: tuple[str, ...]) -> Person:
    return Person(
        id=user.id,
        name=user.name,
        email=user.email or "",
        phone=user.phone,
        role=Role(user.role),
        locale=user.locale,
        is_active=user.is_active,
        is_demo=user.is_demo,
        created_at=user.created_at,
        sites=sites,
    )


# Built once: one of them runs with every request.
_NOW = bindparam("now", type_=UtcDateTime)
_OF_SESSION = (
    _actors(ServerSession.seen_at, User.is_demo)
    .join(ServerSession, ServerSession.user_id == User.id)
    .where(
        ServerSession.id_hash == bindparam("id_hash"),
        ServerSession.expires_at > _NOW,
        ServerSession.seen_at > bindparam("idle_since", type_=UtcDateTime),
    )
)
_OF_TOKEN = (
    _actors()
    .join(ApiToken, ApiToken.user_id == User.id)
    .where(
        ApiToken.id_hash == bindparam("id_hash"),
        ApiToken.revoked_at.is_(None),
        or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > _NOW),
    )
)
