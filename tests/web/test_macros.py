"""The parts of the pages: what they say, and that they need no inline style or script."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, render_template_string

TEMPLATES = Path(__file__).parent.parent.parent / "templates"
OPENS = datetime(2026, 11, 26, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
IMPORTS = "".join(
    f'{{% import "macros/{name}.html" as {name} %}}' for name in ("ui", "forms", "charts", "board")
)


def say(app: Flask, template: str, **values: object) -> str:
    with app.test_request_context():
        return render_template_string(IMPORTS + template, **values).replace("\u00a0", " ")


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_inline_styles_or_scripts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on|javascript:|<style", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)


def test_a_state_is_told_by_word_and_icon_not_by_colour_alone(app: Flask) -> None:
    text = say(app, "{{ ui.badge('no_show') }}")
    assert "Tidak hadir" in text
    assert "#i-person-x-fill" in text


def test_a_chart_has_its_figures_beside_it(app: Flask) -> None:
    items = [
        {"label": "Retort", "value": None, "text": "–"},
        {"label": "Vakum", "value": 0.5, "text": "50%"},
    ]
    text = say(
        app, "{{ charts.bars('Terpakai', items, ('Mesin', 'Terpakai'), most=1) }}", items=items
    )
    assert 'width="50.0"' in text
    assert '<th scope="row">Vakum</th><td class="num">50%</td>' in text


def test_charts_stand_empty_without_figures(app: Flask) -> None:
    assert "<table" in say(app, "{{ charts.bars('Kosong', [], ('Mesin', 'Terpakai')) }}")
    assert "<table" in say(app, "{{ charts.lines('Kosong', [], [], 'Bulan') }}")
    assert "<path" not in say(app, "{{ charts.spark([none, none]) }}")


def test_a_line_breaks_where_there_is_no_figure(app: Flask) -> None:
    series = [{"name": "Terpakai", "tone": "used", "values": [1, None, 2]}]
    text = say(app, "{{ charts.lines('T', ['a', 'b', 'c'], series, 'Bulan') }}", series=series)
    assert 'd="M0.0 45.0M300.0 5.0"' in text
    assert '<td class="num">–</td>' in text


def board(app: Flask, **item: object) -> str:
    each = {"starts_at": OPENS + HOUR, "ends_at": OPENS + 2 * HOUR, "title": "Amplang"}
    machines = [
        {
            "name": "Band sealer",
            "state": "ready",
            "items": [each | {"state": "confirmed", "kind": "booking"} | item],
        }
    ]
    return say(
        app,
        "{{ board.day(machines, opens, closes, 'Asia/Pontianak', now) }}",
        machines=machines, opens=OPENS, closes=OPENS + 10 * HOUR, now=OPENS + HOUR,
    )  # fmt: skip


def test_the_board_places_a_booking_by_five_minute_columns(app: Flask) -> None:
    text = board(app)
    assert '<li class="s-13 w-12 it it-confirmed">' in text
    assert "<b>08.00–09.00</b> Amplang<small>Dipastikan</small>" in text
    assert '<li class="now s-13"' in text


def test_the_board_shows_the_cleaning_before_a_booking(app: Flask) -> None:
    assert '<li class="s-10 w-3 clean">' in board(app, occupied_from=OPENS + 0.75 * HOUR)


def test_what_began_before_the_board_opens_is_cut_off(app: Flask) -> None:
    assert '<li class="s-1 w-24 it' in board(app, starts_at=OPENS - HOUR)


def test_the_board_of_a_big_house_stays_small(app: Flask) -> None:
    import gzip

    items = [
        {
            "starts_at": OPENS + HOUR * i,
            "ends_at": OPENS + HOUR * (i + 1),
            "title": f"Usaha {i}",
            "url": f"/bookings/B{i}",
            "state": "confirmed",
            "kind": "booking",
        }
        for i in range(8)
    ]
    machines = [{"name": f"Mesin {i}", "url": f"/machines/{i}", "items": items} for i in range(50)]
    text = say(
        app,
        "{{ board.day(machines, opens, closes, 'Asia/Pontianak') }}",
        machines=machines, opens=OPENS, closes=OPENS + 10 * HOUR,
    )  # fmt: skip
    assert len(gzip.compress(text.encode())) < 50_000
