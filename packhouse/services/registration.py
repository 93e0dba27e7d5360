"""A first visit: a person, her business and her product, all in one transaction."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from packhouse.db import db, transaction, use_case
from packhouse.domain.audit import fingerprint
from packhouse.domain.businesses import Level, Size, problems_with_business
from packhouse.domain.passwords import hash_password, problems_with_password, verify_password
from packhouse.domain.permissions import may_serve_businesses
from packhouse.domain.products import Aroma, sounds_non_halal
from packhouse.domain.users import (
    LONGEST_NAME,
    PEOPLE_OF_A_PHONE,
    Actor,
    Role,
    normal_phone,
    problem_with_phone,
    secret_hash,
)
from packhouse.errors import KeyReused, NotAllowed, Problem, RuleBroken, TooMany
from packhouse.models.businesses import Business
from packhouse.models.users import SignUp, User
from packhouse.services.audit import Once, Subject, answer_once, record
from packhouse.services.businesses import Papers, add_business
from packhouse.services.businesses.steps import OWNER, join
from packhouse.services.products import Recipe, add_product, problems_with_recipe
from packhouse.services.sessions import SESSION_LIFETIME, open_session

MOST_PIECES = 1_000_000
REPEATED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody tells on her first visit; codes as in the domain, ``nib`` empty without one."""

    name: str
    phone: str
    village: str
    regency: str
    product: str
    pack: str
    quantity: int | None
    lane: str
    nib: str = ""

    @property
    def papers(self) -> Papers:
        """Her business: it is called as she is, and of the smallest class, until she says more."""
        return Papers(
            name=self.name,
            regency=self.regency,
            size=Size.MICRO,
            nib=self.nib,
            village=self.village,
            phone=self.phone,
        )

    @property
    def recipe(self) -> Recipe:
        """Her product, of which nobody has said yet what is in it or left behind by it.

        So it is taken for one that shares no allergen and leaves a film: before it everything
        foreign is cleaned away, after it everything. Whatever it is, no clean is too short.
        """
        return Recipe(
            name=self.product,
            pack=self.pack,
            lane=self.lane,
            allergens=(),
            aroma=Aroma.NONE,
            wet=True,
        )


@dataclass(frozen=True, slots=True)
class Registered:
    """A signed-in browser (its secret, told once) and the product to ask machine time for."""

    secret: str
    product_id: int
    user_id: int


@use_case
def sign_up(
    *,
    told: Newcomer,
    password: str,
    key: str,
    now: datetime,
    locale: str = "id",
    lifetime: timedelta = SESSION_LIFETIME,
) -> Registered:
    """Make an account, a business on trial and a product, and sign her in.

    The telephone number is a contact and may be that of others too. Sent again within a day
    under the same key it makes nothing new and, with the same password, opens the same account.
    A NIB is kept to be checked by an officer. Raises RuleBroken with all problems at once,
    KeyReused, TooMany.
    """
    problems = [
        *problems_with_newcomer(told),
        *problems_with_password(password, personal=(told.name, told.phone)),
    ]
    if problems:
        raise RuleBroken(problems)
    for _ in range(2):  # A second click that came while the first was at work finds its account.
        known = _known(key, told=told, now=now)
        right = known is not None and verify_password(known, password)[0]
        hashed = "" if known else hash_password(password)
        done = _attempt(told, key, right, hashed=hashed, locale=locale, now=now, lifetime=lifetime)
        if done is not None:
            return done
    raise KeyReused("sign_up_repeated")


@use_case
def take_in(*, told: Newcomer, actor: Actor, now: datetime, key: str | None = None) -> int:
    """Make a business on trial and a product for somebody at the desk; return the product's id.

    She gets no account: her telephone number is kept, and she may sign up later. Where she lives
    can wait too. A repeat under one key makes nothing new. Raises NotAllowed, RuleBroken with all
    problems at once.
    """
    if not may_serve_businesses(actor):
        raise NotAllowed
    found = [each for each in problems_with_newcomer(told) if each.code != "village_missing"]
    if found:
        raise RuleBroken(found)
    once = Once(key, "take_in", asdict(told)) if key else None
    with transaction() as session:

        def act() -> dict[str, int]:
            business = _founded(session, told, actor=actor, now=now)
            recipe = told.recipe
            product = add_product(
                session, business_id=business.id, recipe=recipe, actor=actor, now=now
            )
            return {"product": product}

        answer = answer_once(session, actor=actor, now=now, once=once, act=act)
        return int(answer["product"])


def problems_with_newcomer(told: Newcomer) -> list[Problem]:
    """Return everything that is wrong with what is told, as far as it can be seen by itself.

    Each fact ``field`` names what it is about, as in Newcomer.
    """
    fine_quantity = told.quantity is not None and 1 <= told.quantity <= MOST_PIECES
    checks = (
        ("name", _name_problem(told.name)),
        ("phone", problem_with_phone(told.phone)),
        ("village", None if told.village.strip() else Problem("village_missing")),
        ("quantity", None if fine_quantity else _quantity_problem()),
        ("product", Problem("product_sounds_non_halal") if _is_doubtful(told) else None),
    )
    found = [_about(field, problem) for field, problem in checks if problem]
    found += [_about(PRODUCT_FIELDS.get(each.code, "product"), each)
              for each in problems_with_recipe(told.recipe)]  # fmt: skip
    seen = {"name", "phone"}  # Of the business they are the same.
    found += [
        _about(BUSINESS_FIELDS[each.code], each)
        for each in problems_with_business(**_business(told))
        if BUSINESS_FIELDS.get(each.code, "name") not in seen
    ]
    return found


PRODUCT_FIELDS = {"pack_malformed": "pack", "lane_unknown": "lane"}
BUSINESS_FIELDS = {"regency_unknown": "regency", "nib_malformed": "nib", "village_long": "village"}


def _business(told: Newcomer) -> dict[str, str]:
    told_of = asdict(told.papers)
    names = ("name", "regency", "size", "kind", "nib", "village", "phone")
    return {name: told_of[name] for name in names} | {"level": Level.TRIAL}


def _about(field: str, problem: Problem) -> Problem:
    return Problem(problem.code, {**problem.facts, "field": field})


def _name_problem(name: str) -> Problem | None:
    if not name.strip():
        return Problem("name_missing")
    if len(name.strip()) > LONGEST_NAME:
        return Problem("name_long", {"maximum": LONGEST_NAME})
    return None


def _quantity_problem() -> Problem:
    return Problem("quantity_out_of_range", {"most": MOST_PIECES})


def _is_doubtful(told: Newcomer) -> bool:
    return told.lane == "halal" and sounds_non_halal(told.product)


# --- steps --------------------------------------------------------------------------------------


def _known(key: str, *, told: Newcomer, now: datetime) -> str | None:
    """Return the kept password of the account that this form has made, if it has made one."""
    session = db.session()
    try:
        return session.scalar(
            select(User.password_hash)
            .join(SignUp, SignUp.user_id == User.id)
            .where(
                SignUp.key_hash == secret_hash(key),
                SignUp.request_hash == _request_hash(told),
                SignUp.created_at > now - REPEATED_WITHIN,
                User.is_active,
            )
        )
    finally:
        session.rollback()


def _request_hash(told: Newcomer) -> str:
    return fingerprint("sign_up", asdict(told))


def _attempt(
    told: Newcomer,
    key: str,
    right: bool,
    *,
    hashed: str,
    locale: str,
    now: datetime,
    lifetime: timedelta,
) -> Registered | None:
    """Make the account, or open the one of an earlier click; None when that is not proved."""
    with transaction() as session:
        fresh = _promise(session, key=key, told=told, now=now)
        if not fresh and not right:
            return None
        promise = session.get_one(SignUp, secret_hash(key))
        if fresh:
            _fulfil(session, promise, told, hashed=hashed, locale=locale, now=now)
        user = session.get_one(User, promise.user_id)
        opened = open_session(session, user=user, now=now, lifetime=lifetime)
        return Registered(opened.secret, promise.product_id or 0, user.id)


def _promise(session: Session, *, key: str, told: Newcomer, now: datetime) -> bool:
    """Claim the key; False when it was used. Of two at once the second waits for the first."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"key_hash": secret_hash(key), "request_hash": _request_hash(told), "created_at": now}
    claimed = session.execute(
        insert(SignUp).values(**row).on_conflict_do_nothing().returning(SignUp.key_hash)
    )
    return claimed.first() is not None


def _fulfil(
    session: Session, promise: SignUp, told: Newcomer, *, hashed: str, locale: str, now: datetime
) -> None:
    phone = normal_phone(told.phone) or ""
    _refuse_crowd(session, phone=phone, now=now)
    user = User(
        name=told.name.strip(), phone=phone, role=Role.PRODUCER, locale=locale,
        password_hash=hashed, created_at=now,
    )  # fmt: skip
    session.add(user)
    session.flush()
    actor = Actor(id=user.id, role=Role.PRODUCER, name=user.name)
    subject = Subject("user", user.id)
    record(session, actor=actor, now=now, action="user:signed_up", subject=subject)
    business = _founded(session, told, actor=actor, now=now)
    join(session, business, user, OWNER, actor=actor, now=now)
    promise.user_id = user.id
    promise.product_id = add_product(
        session, business_id=business.id, recipe=told.recipe, actor=actor, now=now
    )


def _founded(session: Session, told: Newcomer, *, actor: Actor, now: datetime) -> Business:
    try:
        return add_business(session, papers=told.papers, level=Level.TRIAL, actor=actor, now=now)
    except RuleBroken as refusal:
        fields = BUSINESS_FIELDS | {"nib_taken": "nib"}
        raise RuleBroken(
            [_about(fields.get(each.code, "name"), each) for each in refusal.problems]
        ) from refusal


def _refuse_crowd(session: Session, *, phone: str, now: datetime) -> None:
    """Refuse more accounts in a day than may share a telephone."""
    fresh = session.execute(
        select(func.count()).where(User.phone == phone, User.created_at > now - REPEATED_WITHIN)
    ).scalar_one()
    if fresh >= PEOPLE_OF_A_PHONE:
        raise TooMany("too_many_sign_ups")
