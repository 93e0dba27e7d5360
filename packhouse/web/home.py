"""The front door, the choice of language, and what the menu offers to whom."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, session
from flask import url_for as address_of
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_enter
from packhouse.domain.users import LOCALES, Actor, Role
from packhouse.errors import Malformed
from packhouse.queries.users import workplaces
from packhouse.services.users import change_locale
from packhouse.web.access import Access, allow, declared_access, safe_next
from packhouse.web.login import is_demo
from packhouse.web.security import limiter

bp = Blueprint("home", __name__)

# Where each role's day begins.
START = {
    Role.PRODUCER: "bookings.index",
    Role.OPERATOR: "runs.board",
    Role.MANAGER: "runs.board",
    Role.REVIEWER: "reports.utilization",
    Role.AUDITOR: "reports.utilization",
    Role.ADMIN: "runs.board",
}
# The menu in its order; a person sees what she may enter.
MENU = (
    ("board", "runs.board"),
    ("downtime", "downtime.index"),
    ("book", "slots.quote"),
    ("bookings", "bookings.index"),
    ("waitlist", "waitlist.index"),
    ("products", "products.index"),
    ("businesses", "businesses.index"),
    ("machines", "machines.index"),
    ("sites", "sites.index"),
    ("reminders", "reminders.index"),
    ("complaints", "complaints.index"),
    ("reports", "reports.utilization"),
    ("audit", "audit.index"),
    ("users", "users.index"),
)


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the menu; its name is in i18n/names.py, by key."""

    key: str
    endpoint: str
    url: str
    active: bool


def init_app(app: Flask) -> None:
    """Tell every page who reads it and where she can go."""
    app.before_request(_hear_language)
    app.context_processor(_surroundings)


@bp.get("/")
@allow(Access.PUBLIC)
def index() -> ResponseReturnValue:
    if g.actor is None:
        sites = workplaces()
        demo = any(site.is_demo for site in sites)
        return render_template("home/index.html", sites=sites, demo=demo)
    start = START[g.actor.role]
    known = start if start in current_app.view_functions else "users.account"
    return redirect(address_of(known), code=303)


@bp.post("/language")
@limiter.limit("120 per minute")
@allow(Access.PUBLIC)
def language() -> ResponseReturnValue:
    locale = request.form.get("locale", "")
    if locale not in LOCALES:
        raise Malformed("locale_unknown", locale=locale)
    session["locale"] = locale
    if g.actor is not None:
        change_locale(locale=locale, actor=g.actor, now=clock.now())
    return redirect(safe_next(request.form.get("next")) or address_of("home.index"), code=303)


def _hear_language() -> None:
    """Let a link choose the language, on pages that carry no form because anybody may keep them."""
    wanted = request.args.get("lang")
    if wanted in LOCALES and g.get("actor") is None and request.method == "GET":
        session["locale"] = wanted


def nav_items(actor: Actor | None) -> tuple[NavItem, ...]:
    """Return the menu of a person; a stranger's is what is public."""
    return tuple(
        NavItem(key, endpoint, address_of(endpoint), _is_here(endpoint))
        for key, endpoint in MENU
        if _may_open(actor, endpoint)
    )


def _may_open(actor: Actor | None, endpoint: str) -> bool:
    if endpoint not in current_app.view_functions:
        return False
    access = declared_access(current_app, endpoint, "GET")
    return access is not None and may_enter(actor, access)


def _is_here(endpoint: str) -> bool:
    return request.blueprint == endpoint.partition(".")[0]


def _foot_links() -> list[dict[str, str]]:
    return [
        {"url": address_of("public.help_page"), "label": _("Bantuan")},
        {"url": address_of("public.standard"), "label": _("Standar pelayanan")},
        {"url": address_of("public.prices"), "label": _("Mesin dan tarif")},
        {"url": address_of("complaints.new"), "label": _("Pengaduan")},
    ]


def _surroundings() -> dict[str, Any]:
    actor: Actor | None = g.get("actor")
    return {
        "actor": actor,
        "demo": actor is not None and is_demo(),
        "nav_items": nav_items(actor),
        "home_url": address_of("home.index"),
        "language_url": address_of("home.language"),
        "foot_links": _foot_links(),
        "account_url": address_of("users.account") if actor else None,
        "sign_in_url": None if actor else address_of("users.sign_in"),
        "sign_out_url": address_of("users.sign_out") if actor else None,
    }
