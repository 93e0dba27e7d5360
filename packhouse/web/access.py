"""Who may enter which page. Refuse by default: a view without ``@allow`` answers 403."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, Unauthorized
from werkzeug.routing import RequestRedirect

from packhouse.domain.permissions import Access, allow, may_enter
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed
from packhouse.web import login

__all__ = ["Access", "allow", "current_actor", "declared_access", "init_app", "safe_next"]

# What libraries serve; they cannot carry a declaration of ours.
OF_LIBRARIES = {
    "static": Access.PUBLIC,
    "bootstrap.static": Access.PUBLIC,
    "api-docs.openapi_json": Access.PUBLIC,
}


def init_app(app: Flask) -> None:
    """Stand at the door of every address, pages and API alike."""
    app.before_request(_guard)


def current_actor() -> Actor:
    """Return who asks; only for views that are not public."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise NotAllowed
    return actor


def declared_access(app: Flask, endpoint: str, method: str) -> Access | None:
    """Return who may enter an endpoint, as its view (or the method of its class) declares."""
    view: Callable[..., Any] = app.view_functions[endpoint]
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        name = "get" if method in ("HEAD", "OPTIONS") else method.lower()
        view = getattr(view_class, name, view)
    declared: Access | None = getattr(view, "access", OF_LIBRARIES.get(endpoint))
    return declared


def safe_next(target: str | None) -> str | None:
    """Return the target if it is a page of ours that can be read; never another site."""
    if not target or not target.startswith("/") or not target.isascii():
        return None
    if not target.isprintable() or "\\" in target or target.startswith("//"):
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path.startswith("//"):
        return None
    try:
        endpoint, _ = current_app.url_map.bind("").match(parts.path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    if endpoint.startswith("users.sign_") or endpoint in OF_LIBRARIES:
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _guard() -> ResponseReturnValue | None:
    g.actor = None
    if request.endpoint in OF_LIBRARIES:
        return None
    g.pop("_login_user", None)
    g.actor = login.load_actor()
    if g.actor is None and login.speaks_api() and request.authorization is not None:
        raise _unauthorized()
    if request.endpoint is None:
        return None  # 404 and 405 say so themselves, but show a signed-in person her menu.
    access = declared_access(current_app, request.endpoint, request.method)
    if access is None:
        raise NotAllowed
    if may_enter(g.actor, access):
        return None
    return _turn_away()


def _turn_away() -> ResponseReturnValue:
    if g.actor is not None:
        raise NotAllowed
    if login.speaks_api():
        raise _unauthorized()
    door = url_for("users.sign_in", next=safe_next(_page_in_view()))
    if "HX-Request" in request.headers:
        return "", 204, {"HX-Redirect": door}  # The whole page goes there, not a part of it.
    return redirect(door, code=303)


def _page_in_view() -> str:
    """Return the page a person looks at: the one she asked for, or the one her form is on."""
    in_part = request.headers.get("HX-Current-URL")
    if request.method == "GET" and not in_part:
        return request.full_path.rstrip("?")
    parts = urlsplit(in_part or request.referrer or "")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _unauthorized() -> Unauthorized:
    return Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
