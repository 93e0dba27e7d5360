import re
from pathlib import Path

import brotli  # type: ignore[import-untyped]
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


@pytest.mark.parametrize(
    "path", ["/static/css/packhouse.css", "/bootstrap/static/css/bootstrap.min.css"]
)
def test_a_style_is_sent_as_small_as_can_be_to_who_reads_it(client: FlaskClient, path: str) -> None:
    with client.get(path) as plain:
        whole = plain.data
    with client.get(path, headers={"Accept-Encoding": "gzip, br"}) as small:
        assert small.headers["Content-Encoding"] == "br"
        assert int(small.headers["Content-Length"]) == len(small.data) < len(whole) / 4
        assert brotli.decompress(small.data) == whole
        assert "Accept-Encoding" in small.headers["Vary"]
        known = small.headers["ETag"]

    with client.get(path, headers={"If-None-Match": known, "Accept-Encoding": "br"}) as again:
        assert again.status_code == 304


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
