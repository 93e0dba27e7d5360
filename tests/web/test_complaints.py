import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from packhouse.domain.users import Actor, Role
from packhouse.jobs.schedule import run_tick
from packhouse.web.security import limiter
from tests.conftest import bare
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]
TEXT = "Mesin M3 baru siap dua jam sesudah jadwal saya."
FORM = {"site": "PTK", "topic": "schedule", "text": TEXT, "idempotency_key": "kunci-1"}


@pytest.fixture
def site(make: Make) -> int:
    return make.site(code="PTK")


def sent(browser: FlaskClient, **more: str) -> str:
    """File a complaint; return the address of its page."""
    answer = browser.post("/complaints", data=FORM | more)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_a_stranger_complains_and_follows_it_with_her_number(
    site: int, client: FlaskClient, make: Make, login_as: LoginAs
) -> None:
    page = sent(client)
    manager = login_as(make.user(Role.MANAGER, sites=(site,)))
    queue = manager.get("/complaints").text
    link = re.search(r'href="(/complaints/\d+)"', queue)
    assert link
    assert TEXT in manager.get(link.group(1)).text
    answered = manager.post(f"{link.group(1)}/answer", data={"text": "Mesin sudah diperbaiki."})
    assert answered.status_code == 303

    ticket = page.rsplit("/", 1)[1]
    found = client.get("/complaints/find", query_string={"ticket": ticket.lower()})

    assert found.headers["Location"] == page
    assert "Mesin sudah diperbaiki." in client.get(page).text
    again = client.post(f"{page}/reopen", data={"text": "Belum, masih sama saja."})
    assert again.headers["Location"] == page
    assert "Belum, masih sama saja." in manager.get(link.group(1)).text


def test_the_same_form_sent_twice_leads_to_the_same_page(site: int, client: FlaskClient) -> None:
    assert sent(client) == sent(client)


def test_what_is_wrong_is_shown_beside_its_field(site: int, client: FlaskClient) -> None:
    answer = client.post("/complaints", data=FORM | {"text": "a", "topic": "x"})

    assert answer.status_code == 422
    assert answer.text.count('class="error"') >= 1
    assert client.get("/complaints/find?ticket=abc").status_code == 422
    assert client.get("/complaints/ticket/abc").status_code == 404


def test_a_reviewer_sees_counts_and_no_words(
    site: int, client: FlaskClient, make: Make, login_as: LoginAs
) -> None:
    sent(client, name="Siti Aminah")

    text = login_as(make.user(Role.REVIEWER)).get("/complaints").text

    assert "Rumah Kemasan" in text
    assert TEXT not in text
    assert "Siti" not in text
    assert not re.search(r"/complaints/\d+", text)


def test_a_signed_in_person_finds_her_complaint_again_and_is_told_of_its_answer(
    app: Flask, site: int, make: Make, login_as: LoginAs
) -> None:
    browser = login_as(make.producer())
    sent(browser)
    link = re.search(r'href="(/complaints/mine/\d+)"', browser.get("/complaints/new").text)
    assert link

    manager = login_as(make.user(Role.MANAGER, sites=(site,)))
    number = link.group(1).rsplit("/", 1)[1]
    manager.post(f"/complaints/{number}/answer", data={"text": "Mesin sudah diperbaiki."})
    run_tick(app, make.now)

    assert TEXT in browser.get(link.group(1)).text
    told = browser.get("/messages").text
    assert "sudah dijawab" in told
    assert f'href="{link.group(1)}"' in told
    assert login_as(make.producer()).get(link.group(1)).status_code == 404


def test_the_log_holds_no_word_and_no_number(
    site: int, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    page = sent(client, name="Siti Aminah", phone="081234567890")
    client.get(page)

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines[-1]["rule"] == "/complaints/ticket/<token>"
    for word in ("Siti", "0812", "M3", page.rsplit("/", 1)[1]):
        assert word not in str(lines)


def test_a_flood_of_complaints_is_asked_to_wait(tmp_path: Path) -> None:
    client = bare(INSTANCE=tmp_path, RATELIMIT=True).test_client()
    try:
        answers = [client.post("/complaints/ticket/X/reopen") for _ in range(31)]
    finally:
        limiter.enabled = False  # One limiter serves every app of the process.

    assert answers[0].status_code == 404
    assert answers[-1].status_code == 429
