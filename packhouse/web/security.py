"""What protects every answer and refuses every bad request before a view sees it."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask, Response, abort, current_app, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from packhouse.errors import Malformed, NotFound
from packhouse.web.login import speaks_api

# Only for pages that need no sign-in; what an account or network may guess is kept in the database.
limiter = Limiter(key_func=get_remote_address, storage_uri="memory://", strategy="moving-window")
csrf = CSRFProtect()
LARGEST = 2**63 - 1
DEEPEST = 32
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000; includeSubDomains"


def init_app(app: Flask) -> None:
    """Protect the app; call it before the access guard, whose work must see clean input."""
    hops = int(app.config["PROXY_HOPS"])
    if hops:
        # The host is not taken from a proxy: links are made from PUBLIC_URL.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.before_request(_refuse_unreadable)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf.init_app(app)
    limiter.init_app(app)
    app.after_request(_add_headers)


def check_csrf() -> None:
    """Refuse a change that did not come from a page of ours. A token of the API needs no other."""
    if current_app.config["WTF_CSRF_ENABLED"] and request.endpoint and not speaks_api():
        csrf.protect()


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    if "Cache-Control" not in response.headers:
        # What is shown to one person stays on no disk and in no shared cache.
        response.cache_control.private = True
        response.cache_control.no_cache = True
        response.cache_control.no_store = g.get("actor") is not None or response.status_code >= 400
    return response


def _refuse_unreadable() -> None:
    """Refuse what no database or reader can hold: NUL bytes, half characters, endless numbers."""
    for value in (request.view_args or {}).values():
        if isinstance(value, int) and abs(value) > LARGEST:
            raise NotFound
    texts = [request.path, *_pairs(request.args), *_pairs(request.form), *request.files]
    if not all(map(_is_readable, texts)):
        raise Malformed
    if request.is_json and request.content_length != 0 and not _is_fit(_json()):
        raise Malformed


def _json() -> Any:
    try:
        return request.get_json()
    except RecursionError:
        abort(400)


def _pairs(values: Any) -> Iterator[str]:
    for name, given in values.lists():
        yield name
        yield from given


def _is_readable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _is_fit(value: Any, depth: int = 0) -> bool:
    if depth > DEEPEST:
        return False
    if isinstance(value, str):
        return _is_readable(value)
    if isinstance(value, Mapping):
        return all(_is_readable(key) and _is_fit(below, depth + 1) for key, below in value.items())
    if isinstance(value, list):
        return all(_is_fit(below, depth + 1) for below in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) <= LARGEST
