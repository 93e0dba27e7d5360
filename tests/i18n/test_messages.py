"""Every code that can reach a person has a text, and every text can be filled with its facts."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask

from packhouse.domain import bookings, businesses, machines, products, reminders, users
from packhouse.i18n import names
from packhouse.i18n.messages import PROBLEM_TEXTS, problem_text

PACKAGE = Path(names.__file__).parent.parent
RAISERS = {
    "Problem", "Malformed", "NotFound", "NotAllowed", "Conflict", "Stale", "WrongState", "TooMany",
    "Unavailable",
}  # fmt: skip
FAMILIES = {
    "state": bookings.State,
    "kind": machines.MachineKind,
    "role": users.Role,
    "lane": products.Lane,
    "allergen": products.Allergen,
    "aroma": products.Aroma,
    "size": businesses.Size,
    "level": businesses.Level,
    "message_kind": reminders.MessageKind,
    "message_state": reminders.MessageState,
    "channel": reminders.Channel,
}


def raised_codes() -> Iterator[str]:
    """Find the codes written out where a problem or an error is made."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            if called in RAISERS and isinstance(first, ast.Constant):
                yield str(first.value)


def test_every_code_that_is_raised_has_a_text() -> None:
    assert set(raised_codes()) - set(PROBLEM_TEXTS) == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_has_a_name(family: str) -> None:
    assert {member.value for member in FAMILIES[family]} <= names.ALL[family].keys()


def test_every_pack_and_cleaning_level_has_a_name() -> None:
    assert products.PACKS.keys() <= names.ALL["pack"].keys()
    assert names.name_of("cleaning", products.CleaningLevel.FULL) == "Bersih alergen"


def test_an_unnamed_code_is_shown_as_it_is() -> None:
    assert names.name_of("state", "levitating") == "levitating"


def test_regencies_have_their_names_and_both_of_their_codes() -> None:
    assert names.name_of("regency", "61.10") == "Kab. Melawi"
    assert names.name_of("regency", "32.01") == "32.01"
    assert len(businesses.REGENCIES) == 14
    assert businesses.REGENCIES["61.04"].bps_code == "6106"


@pytest.mark.parametrize("code", PROBLEM_TEXTS)
def test_a_text_without_its_facts_still_reads(app: Flask, code: str) -> None:
    with app.app_context():
        text = problem_text(code, {})
    assert text
    assert not re.search(r"%\(", text)


def test_facts_are_told_in_words_local_times_and_durations(app: Flask) -> None:
    closes = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    with app.app_context():
        text = problem_text("past_closing", {"work_minutes": 85, "closes_at": closes})
        assert text.replace("\u00a0", " ") == (
            "Pekerjaan 1 jam 25 menit ini tidak selesai sebelum tutup pada Kam, 26 Nov, 16.00 WIB."
        )
        assert problem_text("closed_day", {"day": date(2026, 12, 25)}) == (
            "Rumah kemasan tutup pada Jumat, 25 Desember 2026."
        )
        assert "Pouch 100 g" in problem_text("pack_not_handled", {"pack": "pouch_100"})
        mismatch = problem_text("lane_mismatch", {"product_lane": products.Lane.NON_HALAL})
        assert "jalur non-halal" in mismatch.lower()


def test_the_zone_of_the_site_counts_where_the_facts_name_it(app: Flask) -> None:
    facts = {"starts_at": datetime(2026, 11, 26, 1, 0, tzinfo=UTC), "zone": "Asia/Makassar"}
    with app.app_context():
        assert "09.00\u00a0WITA" in problem_text("another_day", facts)


def test_an_unknown_code_is_told_plainly(app: Flask) -> None:
    with app.app_context():
        assert problem_text("nobody_wrote_this", {}) == PROBLEM_TEXTS["rule_broken"]
