from datetime import date
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.domain.bookings.arrivals import Welcome, code_patterns, welcome
from packhouse.domain.bookings.states import State

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
TODAY = date(2026, 11, 26)


def fits(typed: str, code: str) -> bool:
    """Say whether a code is among those that a typed text may mean."""
    patterns = [each.replace("_", "?") for each in code_patterns(typed)]
    return any(fnmatchcase(code, f"*{each}") for each in patterns)


@pytest.mark.parametrize(
    "typed",
    [
        "PTK-7K3M9Q", "ptk-7k3m9q", " ptk 7k3m9q ", "7k3m9q", "M9Q", "ptk7k3m9q",
        "https://packhouse.example/check-in/PTK-7K3M9Q", "/check-in/PTK-7K3M9Q?from=qr",
        "PTK-7K3M90", "ptk-7k3mgo",
    ],
)  # fmt: skip
def test_a_code_is_found_however_it_was_typed(typed: str) -> None:
    assert fits(typed, "PTK-7K3M9Q") or fits(typed, "PTK-7K3MGQ")


@pytest.mark.parametrize("typed", ["", "  ", "/", "A", "---", "x" * 41])
def test_what_can_be_no_code_is_none(typed: str) -> None:
    assert code_patterns(typed) == ()


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(typed: str) -> None:
    for each in code_patterns(typed):
        assert "%" not in each


@given(
    st.text(LETTERS, min_size=6, max_size=6),
    st.sampled_from(["PTK", "SGW", "S1"]),
    st.integers(0, 5),
    st.sampled_from("01ILOU"),
)
def test_one_impossible_letter_never_hides_a_code(
    ending: str, house: str, place: int, wrong: str
) -> None:
    typed = ending[:place] + wrong + ending[place + 1 :]

    assert fits(f"{house}-{ending}".lower(), f"{house}-{ending}")
    assert fits(typed, f"{house}-{ending}")


@pytest.mark.parametrize(
    ("state", "day", "told"),
    [
        (State.CONFIRMED, TODAY, Welcome.EARLY),
        (State.CONFIRMED, date(2026, 11, 27), Welcome.ANOTHER_DAY),
        (State.CONFIRMED, date(2026, 11, 25), Welcome.DAY_PAST),
        (State.NO_SHOW, TODAY, Welcome.NO_SHOW),
        (State.NO_SHOW, date(2026, 11, 25), Welcome.DAY_PAST),
        (State.CANCELLED, TODAY, Welcome.CALLED_OFF),
        (State.REQUESTED, date(2026, 11, 27), Welcome.NOT_DECIDED),
        (State.DISPLACED, TODAY, Welcome.DISPLACED),
    ],
)
def test_everybody_at_the_desk_is_told_something(state: State, day: date, told: Welcome) -> None:
    assert welcome(state, day=day, today=TODAY, by_the_clock=Welcome.EARLY) == told
