"""Who acts: roles, the actor that services are told about, and the rules of signing in."""

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import phonenumbers
from email_validator import EmailNotValidError, validate_email

LOCALES = ("id", "en")
# A signed-in browser that asks for nothing this long is signed out; noted this often at most.
IDLE_LIMIT = timedelta(hours=4)
SEEN_STEP = timedelta(minutes=5)


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


# --- secrets ------------------------------------------------------------------------------------


def secret_hash(secret: str) -> str:
    """Return what is kept of a random secret (SHA-256, hex): nobody can sign in with it."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


# --- guessing -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Backoff:
    """How guessing slows down: some failures are free, then each doubles the wait, to a limit.

    It is never a lock-out: who knows the password gets in after ``limit`` seconds at most.
    """

    free: int
    limit: int
    window: timedelta = timedelta(minutes=15)

    def wait(self, *, failures: int, last_at: datetime | None, now: datetime) -> int:
        """Return the seconds until the next attempt is heard; ``failures`` within the window."""
        if failures < self.free or last_at is None:
            return 0
        pause = min(self.limit, 1 << min(failures - self.free + 1, 16))
        return max(0, pause - int((now - last_at).total_seconds()))


ACCOUNT_BACKOFF = Backoff(free=5, limit=60)
# A whole village may stand behind one address of a mobile operator.
NETWORK_BACKOFF = Backoff(free=40, limit=30)


def network_of(address: str) -> str:
    """Return the network an address belongs to: an IPv6 customer has a /64, not one address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network(f"{parsed}/64", strict=False))


# --- addresses ----------------------------------------------------------------------------------


def normal_email(text: str) -> str | None:
    """Return the one spelling of an e-mail address, in lower case; None when it is not one."""
    try:
        address = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        return None
    return address.normalized.lower()


def normal_phone(text: str) -> str | None:
    """Return a mobile number as +62…; None when it is not one (WhatsApp and SMS need mobile)."""
    digits = re.sub(r"[^\d+]", "", text)
    if digits.startswith("62"):  # Read as a local number it would become +6262…, and pass.
        digits = "+" + digits
    try:
        number = phonenumbers.parse(digits, "ID")
    except phonenumbers.NumberParseException:
        return None
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in kinds:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
