"""Addresses of styles, scripts and pictures, and the one script that is not ours: htmx.

Browsers keep assets for a year, so each address carries the fingerprint of what it names.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # Brought by Flask-Compress.
from flask import Blueprint, Flask, Response, current_app, request, send_from_directory, url_for

from packhouse.errors import NotFound
from packhouse.web.access import Access, allow

bp = Blueprint("assets", __name__)
HTMX = "htmx-2.min.js"
SERVED = frozenset({"static", "bootstrap.static", "assets.htmx"})
# Pictures in PNG are small already.
PACKABLE = frozenset({"text/css", "text/javascript", "image/svg+xml"})
SMALLEST = 500


def init_app(app: Flask) -> None:
    """Tell templates where assets are, and send them as small as can be."""
    app.jinja_env.globals.update(asset=asset, htmx_url=htmx_url)
    app.after_request(_pack)


def asset(name: str) -> str:
    """Return the address of a file under static/."""
    path = Path(str(current_app.static_folder)) / name
    return url_for("static", filename=name, v=_fingerprint(path, path.stat().st_mtime_ns))


def htmx_url() -> str | None:
    """Return the address of htmx; None where `./run` has not unpacked its wheel.

    Every page works without it.
    """
    path = _htmx_folder() / HTMX
    if not path.is_file():
        return None
    return url_for("assets.htmx", v=_fingerprint(path, path.stat().st_mtime_ns))


@bp.get("/assets/htmx.js")
@allow(Access.PUBLIC)
def htmx() -> Response:
    if not (_htmx_folder() / HTMX).is_file():
        raise NotFound
    return send_from_directory(_htmx_folder(), HTMX, mimetype="text/javascript")


def _htmx_folder() -> Path:
    return Path(current_app.root_path).parent / ".assets" / "django_htmx" / "static" / "django_htmx"


@lru_cache(maxsize=64)
def _fingerprint(path: Path, changed: int) -> str:
    """Return a few signs of the content; `changed` makes an edited file be read again."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def _pack(response: Response) -> Response:
    """Compress a style, script or drawing as far as it goes: once a process, not once a request.

    A page must come through a line of 64 kbit/s. What is compressed while it is sent is a sixth
    larger.
    """
    wanted = request.endpoint in SERVED and request.method == "GET"
    if not wanted or response.status_code != 200 or response.mimetype not in PACKABLE:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["br"] or (response.content_length or 0) < SMALLEST:
        return response
    response.direct_passthrough = False
    file = response.response
    packed = _packed(response.get_data())
    if hasattr(file, "close"):
        file.close()
    response.set_data(packed)
    response.content_encoding = "br"
    return response


@lru_cache(maxsize=64)
def _packed(content: bytes) -> bytes:
    return bytes(brotli.compress(content, quality=11))
