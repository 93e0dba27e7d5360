"""Who acts: roles, and the actor that services are told about."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is in the house."""

    PRODUCER = "producer"
    OPERATOR = "operator"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program behind a command.

    ``site_ids`` are the sites an operator or manager works at, ``business_ids`` the businesses
    a producer acts for. ``id`` is None for the system itself.
    """

    id: int | None
    role: Role | None
    name: str = ""
    locale: str = "id"
    site_ids: frozenset[int] = frozenset()
    business_ids: frozenset[int] = frozenset()

    @property
    def is_system(self) -> bool:
        """Say whether this is the house's own worker or command line."""
        return self.id is None and self.role is None


SYSTEM = Actor(id=None, role=None, name="packhouse")
