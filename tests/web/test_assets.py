import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from packhouse.web import assets


def test_an_asset_has_the_fingerprint_of_its_content_in_its_address(
    app: Flask, client: FlaskClient
) -> None:
    with app.test_request_context():
        address = render_template_string("{{ asset('css/packhouse.css') }}")
    assert re.fullmatch(r"/static/css/packhouse\.css\?v=[0-9a-f]{10}", address)
    with client.get(address) as answer:
        assert answer.status_code == 200
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_an_edited_file_gets_another_address(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "a.css"
    path.write_text("a")
    before = assets._fingerprint(path, 1)
    path.write_text("b")
    assert assets._fingerprint(path, 2) != before


def test_pages_do_without_htmx_where_its_wheel_is_not_unpacked(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(assets, "_htmx_folder", lambda: tmp_path)
    with app.test_request_context():
        assert assets.htmx_url() is None
    assert client.get("/assets/htmx.js").status_code == 404


def test_htmx_is_served_from_its_wheel(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / assets.HTMX).write_text("// htmx")
    monkeypatch.setattr(assets, "_htmx_folder", lambda: tmp_path)
    with app.test_request_context():
        address = assets.htmx_url() or ""
    with client.get(address) as answer:
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
