import json
import re
from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from packhouse.domain.users import Actor, Role
from packhouse.web.offline import KEPT
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


def test_the_worker_names_a_shell_that_is_there_and_personal_to_nobody(
    client: FlaskClient,
) -> None:
    answer = client.get("/sw.js")
    shell = json.loads(answer.text.splitlines()[1].removeprefix("const SHELL = ").rstrip(";"))

    assert answer.mimetype == "text/javascript"
    assert answer.cache_control.no_cache
    assert "/offline" in shell
    for address in shell:
        with client.get(address) as found:
            assert found.status_code == 200, address
            assert "Set-Cookie" not in found.headers


def test_the_worker_changes_with_what_it_keeps(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client.get("/sw.js").text.splitlines()[0]
    monkeypatch.setattr("packhouse.web.offline.SHELL", ("css/packhouse.css",))

    assert client.get("/sw.js").text.splitlines()[0] != before


def test_the_offline_page_is_the_same_for_everybody(
    make: Make, login_as: LoginAs, client: FlaskClient
) -> None:
    hers = login_as(make.user(name="Siti Aminah")).get("/offline")

    assert hers.data == client.get("/offline").data
    assert hers.data.count(b"<h1") == 1
    assert "X-Packhouse-Who" not in hers.headers


def test_the_app_can_be_installed_with_icons_that_fit(client: FlaskClient) -> None:
    told = json.loads(client.get("/manifest.webmanifest").text)
    page = client.get("/sign-in").text

    assert (told["start_url"], told["scope"], told["display"]) == ("/", "/", "standalone")
    assert re.search(r'<link rel="manifest" href="/manifest.webmanifest">', page)
    for icon in told["icons"]:
        with client.get(icon["src"]) as found:
            assert found.status_code == 200
            if icon["type"] == "image/png":
                width, height = Image.open(BytesIO(found.data)).size
                assert icon["sizes"] == f"{width}x{height}"


def test_only_a_producers_harmless_pages_may_be_kept(
    make: Make, login_as: LoginAs, client: FlaskClient
) -> None:
    producer = login_as(make.producer())

    assert "X-Packhouse-Keep" in producer.get("/bookings").headers
    assert "X-Packhouse-Keep" in client.get("/help").headers
    for path in ("/account", "/complaints/new", "/quote"):
        assert "X-Packhouse-Keep" not in producer.get(path).headers, path
    for role in set(Role) - {Role.PRODUCER}:
        browser = login_as(make.user(role))
        for path in ("/sites", "/machines", "/help"):
            assert "X-Packhouse-Keep" not in browser.get(path).headers, (role, path)


def test_every_page_says_whose_it_is_in_a_name_that_tells_nothing(
    make: Make, login_as: LoginAs, client: FlaskClient
) -> None:
    one, other = make.producer(), make.producer()
    names = [login_as(each).get("/products").headers["X-Packhouse-Who"] for each in (one, other)]

    assert len({*names, "-"}) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in names)
    assert login_as(one).get("/sites").headers["X-Packhouse-Who"] == names[0]
    assert f'data-who="{names[0]}"' in login_as(one).get("/sites").text
    assert client.get("/help").headers["X-Packhouse-Who"] == "-"
    assert login_as(one).get("/nowhere").headers["X-Packhouse-Who"] == names[0]


def test_what_may_be_kept_exists(bare_app: Flask) -> None:
    assert set(bare_app.view_functions) >= KEPT
