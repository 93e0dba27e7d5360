"""For a weak signal: the service worker, what it may keep and for whom, and the app's manifest."""

import hashlib
import hmac
import json
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, g, render_template, request, url_for
from flask_babel import gettext as _

from packhouse.domain.permissions import STAFF
from packhouse.domain.users import Role
from packhouse.i18n.locale import current_locale
from packhouse.web.access import Access, allow
from packhouse.web.assets import asset

bp = Blueprint("offline", __name__)

SHELL = ("css/packhouse.css", "js/packhouse.js", "img/mark.svg", "img/rebung.svg")
# What an operator's phone keeps besides, once it has shown it: a session goes on without a signal.
CREW = ("css/runs.css", "css/session.css", "js/session.js")
# A phone may be shared: kept is only what its owner would show at the counter, never what staff
# see of others, never accounts, messages, papers or complaints.
KEPT = frozenset(
    {
        "bookings.index", "bookings.show", "products.index", "sites.index", "sites.show",
        "machines.index", "machines.show", "public.help_page", "public.standard", "public.prices",
    }
)  # fmt: skip
KEPT_FOR_STAFF = frozenset({"runs.session"})  # Without what stands between its private marks.
NOBODY = "-"
ICONS = (("img/icon-192.png", "192x192"), ("img/icon-512.png", "512x512"))


def init_app(app: Flask) -> None:
    """Tell templates and the service worker whose page this is, and whether it may be kept."""
    app.context_processor(lambda: {"device_owner": owner()})
    app.after_request(_label)


def owner() -> str:
    """Return a name for who reads, which tells nothing about her and is the same every day."""
    actor = g.get("actor")
    if actor is None:
        return NOBODY
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, f"device:{actor.id}".encode(), hashlib.sha256).hexdigest()[:16]


def may_keep() -> bool:
    """Say whether a phone may keep the page that is asked for."""
    actor = g.get("actor")
    if actor is not None and actor.role in STAFF:
        return request.endpoint in KEPT_FOR_STAFF
    return request.endpoint in KEPT and (actor is None or actor.role == Role.PRODUCER)


@bp.get("/sw.js")
@allow(Access.PUBLIC)
def worker() -> Response:
    source = Path(str(current_app.static_folder), "js", "sw.js").read_text()
    shell = [url_for("offline.page"), *map(asset, SHELL), _bootstrap()]
    crew = [asset(name) for name in CREW]
    words = render_template("home/offline.html") + source
    version = hashlib.sha256((words + "".join(shell + crew)).encode()).hexdigest()[:10]
    told = {"VERSION": version, "SHELL": shell, "CREW": crew}
    prelude = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in told.items())
    response = Response(prelude + source, mimetype="text/javascript")
    # Asked for anew with every visit; a changed byte makes a new worker with a new shell.
    response.cache_control.no_cache = True
    return response


@bp.get("/offline")
@allow(Access.PUBLIC)
def page() -> str:
    return render_template("home/offline.html")


@bp.get("/manifest.webmanifest")
@allow(Access.PUBLIC)
def manifest() -> Response:
    icons = [
        {"src": asset(name), "sizes": size, "type": "image/png", "purpose": "any maskable"}
        for name, size in ICONS
    ]
    icons.append({"src": asset("img/mark.svg"), "sizes": "any", "type": "image/svg+xml"})
    told = {
        "name": _("packhouse, rumah kemasan bersama"),
        "short_name": "packhouse",
        "lang": current_locale(),
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f8f4ea",
        "theme_color": "#0b4a45",
        "icons": icons,
    }
    return Response(json.dumps(told), mimetype="application/manifest+json")


def _bootstrap() -> str:
    """Return the address of the style that the layout loads from the library."""
    return url_for("bootstrap.static", filename="css/bootstrap.min.css")


def _label(response: Response) -> Response:
    if response.mimetype != "text/html" or request.endpoint == "offline.page":
        return response
    response.headers["X-Packhouse-Who"] = owner()
    response.headers["Content-Language"] = current_locale()
    if may_keep():
        response.headers["X-Packhouse-Keep"] = "1"
    return response
