"""Invented people, businesses and products."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from packhouse.cli.seeds.catalogue import PASSWORD, RECIPES
from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.services import businesses, products, users
from packhouse.services.businesses import Papers

STAFF = (
    (Role.ADMIN, "admin", "Ibu Contoh Admin"),
    (Role.MANAGER, "kepala", "Ibu Contoh Kepala UPTD"),
    (Role.OPERATOR, "operator", "Bapak Contoh Operator"),
    (Role.OPERATOR, "operator2", "Ibu Contoh Operator"),
    (Role.REVIEWER, "dinas", "Bapak Contoh Dinas Koperasi"),
    (Role.AUDITOR, "inspektorat", "Ibu Contoh Inspektorat"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """An invented account; the phone number's digits belong to nobody."""

    role: Role
    mailbox: str
    name: str
    number: int
    locale: str = "id"


@dataclass(frozen=True, slots=True)
class Firm:
    """An invented business with its owner and the keys of what it packs."""

    name: str
    owner: Person
    regency: str
    recipes: Sequence[str]
    size: str = "mikro"
    level: str = "nib"
    kind: str = "umkm"


@dataclass(frozen=True, slots=True)
class Known:
    """A registered business: its id, its owner as the actor she is, its products by recipe."""

    id: int
    owner: Actor
    products: dict[str, int]


def address_of(mailbox: str) -> str:
    """Return the address of an invented mailbox; nothing is ever delivered to ``.example``."""
    return f"{mailbox}@contoh.example"


def phone_of(number: int) -> str:
    """Return a mobile number of the right shape that looks given to nobody."""
    return f"+62812000{number:05}"


def add_person(person: Person, *, now: datetime, site_codes: Sequence[str] | None = None) -> int:
    """Create the account of an invented person and return its id."""
    return users.create_user(
        email=address_of(person.mailbox),
        name=person.name,
        role=person.role,
        password=PASSWORD,
        phone=phone_of(person.number),
        locale=person.locale,
        site_codes=site_codes,
        is_demo=True,
        actor=SYSTEM,
        now=now,
    )


def add_firm(firm: Firm, *, now: datetime) -> Known:
    """Register an invented business with its owner and its products."""
    owner_id = add_person(firm.owner, now=now)
    business_id = businesses.create_business(
        papers=Papers(
            name=firm.name,
            regency=firm.regency,
            size=firm.size,
            kind=firm.kind,
            nib=nib_of(firm.owner.number) if firm.level != "trial" else "",
        ),
        level=firm.level,
        owner_email=address_of(firm.owner.mailbox),
        is_demo=True,
        actor=SYSTEM,
        now=now,
    )
    owner = Actor(
        owner_id, Role.PRODUCER, name=firm.owner.name, business_ids=frozenset({business_id})
    )
    made = {
        key: products.create_product(
            business_id=business_id, recipe=RECIPES[key], actor=owner, now=now
        )
        for key in firm.recipes
    }
    return Known(business_id, owner, made)


def nib_of(number: int) -> str:
    """Return thirteen digits that no licence carries."""
    return f"0000000{number:06}"


def add_staff(*, now: datetime, site_ids: Collection[int]) -> dict[Role, Actor]:
    """Create one account for each role; who works in a house works in all there are by now."""
    made: dict[Role, Actor] = {}
    for number, (role, mailbox, name) in enumerate(STAFF, start=90_001):
        user_id = add_person(Person(role, mailbox, name, number), now=now)
        at = frozenset(site_ids if role in (Role.OPERATOR, Role.MANAGER) else ())
        made.setdefault(role, Actor(user_id, role, name=name, site_ids=at))
    return made
