"""Make(…): the one way in which tests create rows that have no use case of interest."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import select

from packhouse.db import transaction
from packhouse.domain.users import Actor, Role, secret_hash
from packhouse.models.businesses import Business, Membership
from packhouse.models.downtime import MachineUtility
from packhouse.models.machines import Machine, MachinePack
from packhouse.models.products import Product
from packhouse.models.sites import Closure, Shift, Site, SiteHours
from packhouse.models.tariffs import Tariff
from packhouse.models.users import ServerSession, User, UserSite

WEEK = [
    *((day, opens, closes) for day in range(4) for opens, closes in ((450, 720), (780, 960))),
    (4, 450, 690),
    (4, 780, 990),
]
COMMISSIONED = datetime(2026, 1, 1, tzinfo=UTC)


class Make:
    """Creates what is asked for, and what that needs, with sensible defaults."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.numbers = count(1)

    def site(self, *, code: str | None = None, operators: int = 9, **fields: Any) -> int:
        """A site open Monday to Friday as government houses are; returns its id."""
        number = next(self.numbers)
        with transaction() as session:
            defaults: dict[str, Any] = {"regency_code": "61.71", "zone": "Asia/Pontianak"}
            site = Site(
                code=code or f"S{number}",
                name=f"Rumah Kemasan {number}",
                operators=operators,
                created_at=self.now,
                **(defaults | fields),
            )
            session.add(site)
            session.flush()
            session.add_all(
                SiteHours(
                    site_id=site.id,
                    weekday=weekday,
                    opens=opens,
                    closes=closes,
                    valid_from=date(2020, 1, 1),
                )
                for weekday, opens, closes in WEEK
            )
            return site.id

    def closure(self, site_id: int, day: date, *, name: str = "Tutup", **fields: Any) -> None:
        """A closed day."""
        with transaction() as session:
            fields = {"source": "manual", "state": "confirmed", "day_to": day, **fields}
            session.add(Closure(site_id=site_id, day_from=day, name=name, **fields))

    def shift(self, site_id: int, from_at: datetime, to_at: datetime, operators: int) -> None:
        """A period with another number of operators."""
        with transaction() as session:
            session.add(Shift(site_id=site_id, from_at=from_at, to_at=to_at, operators=operators))

    def machine(
        self,
        site_id: int | None = None,
        *,
        packs: tuple[str, ...] = ("pouch_100",),
        tariff: int = 15_000,
        **fields: Any,
    ) -> int:
        """A band sealer; returns its id."""
        site_id = site_id or self.site()
        defaults: dict[str, Any] = {
            "code": f"M{next(self.numbers)}",
            "name": "Continuous band sealer",
            "kind": "band_sealer",
            "lane": "halal",
            "rate_per_minute": 15.0,
            "setup_minutes": 10,
            "cleaning_minutes_1": 5,
            "cleaning_minutes_2": 10,
            "cleaning_minutes_3": 15,
            "attended": False,
            "commissioned_at": COMMISSIONED,
        }
        with transaction() as session:
            machine = Machine(site_id=site_id, **(defaults | fields))
            session.add(machine)
            session.flush()
            session.add_all(MachinePack(machine_id=machine.id, pack=pack) for pack in packs)
            session.add(Tariff(machine_id=machine.id, per_hour=tariff, valid_from=COMMISSIONED))
            session.add(MachineUtility(machine_id=machine.id, utility="electricity"))
            return machine.id

    def business(self, *, name: str | None = None, **fields: Any) -> int:
        """A micro business from Pontianak; returns its id."""
        defaults: dict[str, Any] = {
            "name": name or f"Usaha {next(self.numbers)}",
            "regency_code": "61.71",
            "size": "mikro",
            "level": "nib",
            "created_at": self.now,
        }
        with transaction() as session:
            told = defaults | fields
            business = Business(**({"seen_level": told["level"]} | told))
            session.add(business)
            session.flush()
            return business.id

    def product(self, business_id: int | None = None, **fields: Any) -> int:
        """Plain banana chips in pouches of 100 grams; returns its id."""
        defaults: dict[str, Any] = {
            "name": f"Keripik pisang {next(self.numbers)}",
            "pack": "pouch_100",
            "lane": "halal",
            "allergens": [],
            "created_at": self.now,
        }
        with transaction() as session:
            product = Product(business_id=business_id or self.business(), **(defaults | fields))
            session.add(product)
            session.flush()
            return product.id

    def user(
        self,
        role: Role = Role.PRODUCER,
        *,
        businesses: tuple[int, ...] = (),
        sites: tuple[int, ...] = (),
        password_hash: str = "!",
        **fields: Any,
    ) -> Actor:
        """A person, as the actor they are."""
        number = next(self.numbers)
        defaults: dict[str, Any] = {
            "email": f"orang{number}@contoh.example",
            "name": f"Orang {number}",
            "created_at": self.now,
        }
        with transaction() as session:
            user = User(role=role, password_hash=password_hash, **(defaults | fields))
            session.add(user)
            session.flush()
            session.add_all(Membership(user_id=user.id, business_id=b) for b in businesses)
            session.add_all(UserSite(user_id=user.id, site_id=s) for s in sites)
            return Actor(
                id=user.id,
                role=role,
                name=user.name,
                site_ids=frozenset(sites),
                business_ids=frozenset(businesses),
            )

    def session(self, actor: Actor) -> str:
        """A signed-in browser of a person; returns its secret."""
        secret = token_urlsafe()
        with transaction() as session:
            session.add(
                ServerSession(
                    id_hash=secret_hash(secret),
                    user_id=actor.id,
                    created_at=self.now,
                    seen_at=self.now,
                    expires_at=self.now + timedelta(hours=12),
                )
            )
        return secret

    def member(self, user_id: int, business_id: int) -> None:
        """Let a person act for a business."""
        with transaction() as session:
            session.add(Membership(user_id=user_id, business_id=business_id))

    def producer(self, business_id: int | None = None) -> Actor:
        """The owner of a business."""
        return self.user(businesses=(business_id or self.business(),))

    def code(self, machine_id: int) -> str:
        """The code of a machine."""
        with transaction() as session:
            return session.scalars(select(Machine.code).where(Machine.id == machine_id)).one()

    def at(self, hour: int, minute: int = 0, *, days: int = 2) -> datetime:
        """An instant in Pontianak's local time; days after 24 November 2026 (26th: Thursday)."""
        local_midnight = datetime(2026, 11, 23, 17, tzinfo=UTC)
        return local_midnight + timedelta(days=days, hours=hour, minutes=minute)
