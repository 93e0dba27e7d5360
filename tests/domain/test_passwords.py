import pytest

from packhouse.domain.passwords import (
    HASHER,
    hash_password,
    one_time_password,
    problems_with_password,
    verify_password,
)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("pendek", "password_short"),
        ("x" * 257, "password_long"),
        ("1234567890", "password_common"),
        ("aaaaaaaaaaaa", "password_common"),
        ("bismillah123", "password_common"),
        ("Rahasia2026!!", "password_common"),
        ("123 Indonesia Raya 45", "password_common"),
        ("siti.aminah99", "password_personal"),
        ("Siti Aminah 1990", "password_personal"),
        ("SITI.AMINAH@contoh.example", "password_personal"),
    ],
)
def test_a_password_others_would_try_is_refused(password: str, code: str) -> None:
    problems = problems_with_password(
        password, personal=("siti.aminah@contoh.example", "Siti Aminah")
    )

    assert [problem.code for problem in problems] == [code]


@pytest.mark.parametrize(
    "password",
    [
        "hujan di kapuas",
        "kapal-nelayan-7",
        "x1" * 2 + "perahuku",
        "durian" * 40,
        "ßüñ—日本語パスワード",
    ],
)
def test_any_other_password_of_ten_characters_is_fine(password: str) -> None:
    assert problems_with_password(password) == []


def test_a_password_is_kept_as_argon2id_with_the_parameters_owasp_names() -> None:
    kept = hash_password("hujan di kapuas")

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password(kept, "hujan di kapuas") == (True, "")
    assert verify_password(kept, "hujan di Kapuas") == (False, "")


def test_the_same_password_from_another_keyboard_fits() -> None:
    composed, decomposed = "caf\u00e9 di sambas", "cafe\u0301 di sambas"

    assert verify_password(hash_password(composed), decomposed)[0]


def test_a_hash_with_older_parameters_is_made_anew() -> None:
    older = type(HASHER)(time_cost=1, memory_cost=1024, parallelism=1).hash("hujan di kapuas")

    right, better = verify_password(older, "hujan di kapuas")

    assert right
    assert better.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_nobody_has_no_password_that_fits() -> None:
    assert verify_password(None, "hujan di kapuas") == (False, "")
    assert verify_password("!", "hujan di kapuas") == (False, "")


def test_a_one_time_password_may_be_chosen_and_differs_each_time() -> None:
    first, second = one_time_password(), one_time_password()

    assert first != second
    assert problems_with_password(first) == []
