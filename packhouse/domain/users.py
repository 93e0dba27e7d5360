"""Who acts: roles, the actor that services are told about, and the rules of signing in."""

import base64
import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from packhouse.errors import Problem

LOCALES = ("id", "en")
# A signed-in browser that asks for nothing this long is signed out; noted this often at most.
IDLE_LIMIT = timedelta(hours=4)
SEEN_STEP = timedelta(minutes=5)
# A telephone is shared in a family; so many people may sign in with one number.
PEOPLE_OF_A_PHONE = 3
LONGEST_NAME = 120


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


class SecretKind(StrEnum):
    """What somebody may do once with a secret that she was given."""

    PASSWORD_LINK = "password_link"  # noqa: S105
    EMAIL_LINK = "email_link"
    DESK_CODE = "desk_code"


SECRET_LIFETIME = {
    SecretKind.PASSWORD_LINK: timedelta(hours=1),
    SecretKind.EMAIL_LINK: timedelta(days=1),
    SecretKind.DESK_CODE: timedelta(minutes=15),
}
CODE_DIGITS = 8
CODE_TRIES = 5


def derived_secret(key: str, purpose: str, nonce: str) -> str:
    """Return what only the house can compute from a nonce (HMAC-SHA-256, base64url, 43 letters).

    So a link can be written by the worker that mails it, while the database holds the nonce and
    a hash: who reads the database alone can follow no link and guess no code.
    """
    digest = hmac.digest(key.encode(), f"{purpose}:{nonce}".encode("utf-8", "replace"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def digits_of(text: str) -> str:
    """Return the digits of a code as it was typed, with or without spaces and dashes."""
    return "".join(each for each in text if each in "0123456789")


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
# Each asks for a letter in somebody's mailbox: a few in half a day are enough.
LETTER_BACKOFF = Backoff(free=3, limit=3600, window=timedelta(hours=12))


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
    number = _phone(text)
    if number is None or phonenumbers.number_type(number) not in MOBILE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def problem_with_phone(text: str) -> Problem | None:
    """Return why a number cannot be used: none, a landline (no WhatsApp, no SMS), or no number."""
    if not text.strip():
        return Problem("phone_missing")
    if normal_phone(text) is not None:
        return None
    landline = _phone(text) is not None
    return Problem("phone_landline" if landline else "phone_malformed", {"phone": text})


MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
_PHONE_IN_LINK = re.compile(r"(?:wa\.me/|phone=)\+?(\d+)")


def _phone(text: str) -> phonenumbers.PhoneNumber | None:
    """Read a number as people write or paste it: 0812…, 62 812…, 0062…, or a link of wa.me."""
    link = _PHONE_IN_LINK.search(text)
    digits = re.sub(r"[^\d+]", "", link.group(1) if link else text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith("62"):  # Read as a local number it would become +6262…, and pass.
        digits = "+" + digits
    try:
        number = phonenumbers.parse(digits, "ID")
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def masked_phone(phone: str) -> str:
    """Return a number as others may see it: its ends, enough to recognise one's own."""
    return f"{phone[:5]} ···· {phone[-3:]}" if len(phone) > 9 else ""


@dataclass(frozen=True, slots=True)
class Contact:
    """How somebody names herself at the door: by an e-mail address or by a telephone number.

    One of the two is empty; what is neither is kept as an address that nobody has.
    """

    email: str = ""
    phone: str = ""

    @property
    def name(self) -> str:
        """The one spelling of it."""
        return self.phone or self.email


def contact_of(text: str) -> Contact:
    """Read what was typed at the door; its form alone decides how it is treated."""
    phone = None if "@" in text else normal_phone(text)
    if phone:
        return Contact(phone=phone)
    return Contact(email=normal_email(text) or text.strip().lower())
