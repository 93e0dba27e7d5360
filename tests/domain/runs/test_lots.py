from datetime import date

from packhouse.domain.runs import LABEL_FIELDS, label_gaps, lot_of_line, lot_stem, numbered_lot

DAY = date(2026, 11, 24)


def test_a_lot_says_house_day_machine_and_number() -> None:
    assert numbered_lot(lot_stem(site="PTK", machine="M3", day=DAY), 1) == "PTK-261124-M3-01"


def test_a_house_is_not_said_twice() -> None:
    assert lot_stem(site="PTK", machine="PTK-04", day=DAY) == "PTK-261124-04"


def test_a_row_that_is_packed_in_several_runs_has_several_lots() -> None:
    assert [lot_of_line("PTK-7F3K9Q-01", n) for n in (1, 2)] == ["PTK-7F3K9Q-01", "PTK-7F3K9Q-01-2"]


def test_a_label_lacks_what_nobody_told() -> None:
    known = dict.fromkeys(LABEL_FIELDS, "ada") | {"net": " ", "licence": ""}

    assert label_gaps(known, halal=True) == ("net", "licence", "halal")
    assert label_gaps(known | {"not_halal": "ya"}, halal=False) == ("net", "licence")
