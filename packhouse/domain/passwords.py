"""Passwords: which may be chosen, and how they are kept.

Argon2id with the parameters OWASP names (19 MiB, two passes, one lane): some 40 ms each, and two
at a time, so that a flood of guesses can take neither all the memory nor every processor.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from packhouse.errors import Problem

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
HASHING = BoundedSemaphore(2)
# No password has this hash.
NO_PASSWORD = "!"  # noqa: S105
PASSWORD_MINIMUM = 10
PASSWORD_MAXIMUM = 256
# What people here make passwords of; digits and signs around the word do not hide it.
COMMON_WORDS = (
    "abcdefghij administrator akusayangkamu alhamdulillah anjing assalamualaikum bismillah cinta"
    " garuda iloveyou indonesia indonesiaraya jakarta kalbar kalimantan kalimantanbarat katasandi"
    " kemasan keluarga khatulistiwa letmein merdeka packhouse pancasila passw0rd password"
    " passwordpassword pontianak qwerty qwertyuiop qwertyuiopasdfghjkl rahasia rumahkemasan sandi"
    " sayang sayangku singkawang sintang sukses terserah welcome umkm"
)
SEQUENCES = ("0123456789" * 3, "9876543210" * 3, "abcdefghijklmnopqrstuvwxyz" * 2)
# Without letters and digits that are mistaken for one another on paper or by telephone.
SPOKEN = "abcdefghjkmnpqrstuvwxyz23456789"


def normal_password(password: str) -> str:
    """Return the one spelling of a password, whatever keyboard it was typed on (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def problems_with_password(password: str, *, personal: Sequence[str] = ()) -> list[Problem]:
    """Return why a password may not be chosen.

    Length and a list of known bad ones, no rules on kinds of characters and no expiry (NIST
    SP 800-63B section 3.1.1). ``personal`` are words that others know of the person: her e-mail
    address and her name.
    """
    text = normal_password(password)
    if len(text) < PASSWORD_MINIMUM:
        return [Problem("password_short", {"minimum": PASSWORD_MINIMUM})]
    if len(text) > PASSWORD_MAXIMUM:
        return [Problem("password_long", {"maximum": PASSWORD_MAXIMUM})]
    plain = text.casefold()
    if _is_common(plain):
        return [Problem("password_common")]
    known = {word for name in personal for word in _spellings(name)}
    if _core(plain) in known or plain in known:
        return [Problem("password_personal")]
    return []


def _is_common(plain: str) -> bool:
    sequence = any(plain in row for row in SEQUENCES)
    return sequence or len(set(plain)) < 4 or _core(plain) in COMMON_WORDS.split()


def _core(plain: str) -> str:
    """Return a password without the digits and signs that people add around a word."""
    return re.sub(r"^[\d\W_]+|[\d\W_]+$", "", plain).replace(" ", "")


def _spellings(name: str) -> set[str]:
    plain = name.casefold().strip()
    local = plain.partition("@")[0]
    return {plain, plain.replace(" ", ""), local, _core(local)} - {""}


# --- keeping ------------------------------------------------------------------------------------


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    with HASHING:
        return HASHER.hash(normal_password(password))


def verify_password(kept: str | None, password: str) -> tuple[bool, str]:
    """Compare with what is kept; None (nobody) takes as long as somebody, and never fits.

    Returns whether it fits, and a better hash when the kept one was made with older parameters.
    """
    text = normal_password(password)
    with HASHING:
        try:
            HASHER.verify(kept or _nobodys_hash(), text)
        except (VerificationError, InvalidHashError):
            return False, ""
        outdated = kept is not None and HASHER.check_needs_rehash(kept)
        return kept is not None, HASHER.hash(text) if outdated else ""


def one_time_password() -> str:
    """Return a random password fit to be read out: four groups of four, 79 bits."""
    return "-".join("".join(secrets.choice(SPOKEN) for _ in range(4)) for _ in range(4))


@cache
def _nobodys_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe())
