from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.users import (
    ACCOUNT_BACKOFF,
    NETWORK_BACKOFF,
    Backoff,
    Contact,
    contact_of,
    derived_secret,
    masked_phone,
    network_of,
    normal_email,
    normal_phone,
    problem_with_phone,
    secret_hash,
)

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def test_the_first_failures_cost_nothing() -> None:
    backoff = Backoff(free=3, limit=60)

    waits = [backoff.wait(failures=n, last_at=AT, now=AT) for n in range(7)]

    assert waits == [0, 0, 0, 2, 4, 8, 16]


@given(failures=st.integers(0, 10**6), passed=st.integers(0, 10**6))
def test_nobody_waits_longer_than_the_limit(failures: int, passed: int) -> None:
    for backoff in (ACCOUNT_BACKOFF, NETWORK_BACKOFF):
        now = AT + timedelta(seconds=passed)

        assert 0 <= backoff.wait(failures=failures, last_at=AT, now=now) <= backoff.limit
        later = AT + timedelta(seconds=backoff.limit)
        assert backoff.wait(failures=failures, last_at=AT, now=later) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unix:", ""),
        ("", ""),
    ],
)
def test_an_address_belongs_to_a_network(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Siti.Aminah@Contoh.Example ", "siti.aminah@contoh.example"),
        ("SITI@contoh.EXAMPLE", "siti@contoh.example"),
        ("siti", None),
        ("siti@", None),
        ("a b@contoh.example", None),
        ("", None),
    ],
)
def test_an_email_address_has_one_spelling(text: str, address: str | None) -> None:
    assert normal_email(text) == address


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0812-3456-7890", "+6281234567890"),
        ("62812 3456 7890", "+6281234567890"),
        ("+62 812 3456 7890", "+6281234567890"),
        ("0851.5678.9012", "+6285156789012"),
        ("8123456789", "+628123456789"),
        ("wa.me/6281234567890", "+6281234567890"),
        ("https://wa.me/6281234567890?text=Halo%201", "+6281234567890"),
        ("006281234567890", "+6281234567890"),
        ("+62 0812 3456 7890", "+6281234567890"),
        ("+60 12-345 6789", "+60123456789"),
        ("0060123456789", "+60123456789"),
        ("0561-730062", None),
        ("0561-732001", None),
        ("12", None),
        ("not a number", None),
    ],
)
def test_a_mobile_number_has_one_spelling(text: str, number: str | None) -> None:
    assert normal_phone(text) == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "phone_missing"),
        ("0561-730062", "phone_landline"),
        ("0812", "phone_malformed"),
        ("0812 3456 7890", None),
    ],
)
def test_a_number_that_cannot_be_used_says_why(text: str, code: str | None) -> None:
    problem = problem_with_phone(text)

    assert (problem.code if problem else None) == code


def test_what_is_typed_at_the_door_is_a_number_or_an_address() -> None:
    assert contact_of(" wa.me/6281234567890").phone == "+6281234567890"
    assert contact_of("Siti@Contoh.example") == Contact(email="siti@contoh.example")
    assert contact_of("0561-730062") == Contact(email="0561-730062")  # Nobody's.


def test_a_masked_number_keeps_most_of_itself() -> None:
    assert masked_phone("+6281234567890") == "+6281 ···· 890"
    assert not masked_phone("")


def test_only_the_house_derives_a_secret_from_its_nonce() -> None:
    one = derived_secret("key", "purpose", "nonce")

    others = [derived_secret(*three) for three in (("yek", "purpose", "nonce"),
              ("key", "other", "nonce"), ("key", "purpose", "other"))]  # fmt: skip
    assert len({one, *others}) == 4
    assert len(one) == 43


def test_a_hash_tells_secrets_apart_and_never_shows_them() -> None:
    assert secret_hash("a") != secret_hash("b")
    assert len(secret_hash("a" * 500)) == 64
    assert secret_hash("\ud800")  # Half a character in a forged cookie is no reason to fall over.
