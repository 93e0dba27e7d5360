from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask, render_template_string

START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


def say(app: Flask, template: str, **values: object) -> str:
    with app.test_request_context():
        return render_template_string(template, **values).replace("\u00a0", " ")


def test_an_instant_is_told_locally_and_marked_for_programs(app: Flask) -> None:
    assert say(app, "{{ at|localdatetime }}", at=START) == (
        '<time datetime="2026-11-26T01:00:00Z">Kamis, 26 November 2026, 08.00 WIB</time>'
    )
    assert say(app, "{{ at|localdate('Asia/Jayapura', style='long') }}", at=START) == (
        "26 November 2026"
    )
    assert say(app, "{{ day|localdate(style='short') }}", day=date(2026, 11, 26)) == "Kam, 26 Nov"


def test_the_two_times_of_a_span_stay_on_one_line(app: Flask) -> None:
    text = say(app, "{{ localspan(a, b) }}", a=START, b=START + timedelta(minutes=85))
    assert '<span class="nowrap">08.00–09.25 WIB</span>' in text
    assert say(app, "{{ clockspan(a, b) }}", a=START, b=START + timedelta(hours=1)) == (
        "08.00–09.00"
    )


@pytest.mark.parametrize("name", ["localdate", "localtime", "localdatetime", "percent", "number"])
def test_what_does_not_exist_is_a_dash(app: Flask, name: str) -> None:
    assert say(app, "{{ none|" + name + " }}") == "–"


def test_a_constant_is_told_to_each_reader_in_her_language(app: Flask) -> None:
    template = app.jinja_env.from_string("{{ 450|clocktime }} {{ 'confirmed'|named('state') }}")

    with app.test_request_context(headers={"Accept-Language": "en"}):
        english = template.render()
    with app.test_request_context(headers={"Accept-Language": "id"}):
        assert template.render() == "07.30 Dipastikan"

    assert english.startswith("07:30")


def test_money_and_minutes_are_told_as_people_say_them(app: Flask) -> None:
    assert say(app, "{{ 15000|rupiah }} {{ 85|duration }}") == "Rp 15.000 1 jam 25 menit"
    assert say(app, "{{ 'confirmed'|named('state') }}") == "Dipastikan"


def test_an_icon_is_drawn_once_a_page_however_often_it_is_used(app: Flask) -> None:
    page = say(app, "{{ icon('check') }}{{ icon('check') }}{{ icon('x') }}{{ icon_sprite() }}")
    assert page.count('<use href="#i-check"/>') == 2
    assert page.count('<symbol id="i-check"') == 1
    assert say(app, "{{ icon_sprite() }}") == ""


def test_an_icon_beside_a_word_is_silent_and_one_alone_has_a_label(app: Flask) -> None:
    assert 'aria-hidden="true"' in say(app, "{{ icon('x') }}")
    assert 'role="img" aria-label="Tutup &#34;ini&#34;"' in say(
        app, "{{ icon('x', 'Tutup \"ini\"') }}"
    )


def test_an_icon_that_does_not_exist_fails_at_once(app: Flask) -> None:
    with pytest.raises(LookupError, match="no-such-icon"):
        say(app, "{{ icon('no-such-icon') }}")
