"""Flask-Login glue: the cookie of a browser or the token of a program becomes an actor.

The cookie holds nothing but a random secret; whether it still counts is read from the table of
sessions on every request.
"""

from datetime import datetime

from flask import Flask, Request, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from packhouse import clock
from packhouse.domain.users import SEEN_STEP, Actor
from packhouse.queries.users import actor_for_session, actor_for_token
from packhouse.services.sessions import touch_session

manager = LoginManager()


class Visitor(UserMixin):
    """Who Flask-Login knows: the actor, by the secret of the session."""

    def __init__(self, secret: str, actor: Actor | None = None, *, is_demo: bool = False) -> None:
        self.secret = secret
        self.actor = actor
        self.is_demo = is_demo

    def get_id(self) -> str:
        """Return what goes into the cookie."""
        return self.secret


def init_app(app: Flask) -> None:
    """Let Flask-Login read our sessions and tokens, and nothing of its own."""
    # Its protection hashes X-Forwarded-For as the client sent it: forgeable, and it signs people
    # out when a phone changes networks.
    app.config["SESSION_PROTECTION"] = None
    # The end of a session is fixed when it begins, so the cookie need not be sent anew.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    manager.init_app(app)


def speaks_api() -> bool:
    """Say whether this request comes from a program: it shows a token, and is answered in JSON."""
    return request.path.startswith("/api/")


def load_actor() -> Actor | None:
    """Return who asks; None for nobody."""
    actor: Actor | None = getattr(current_user, "actor", None)
    return actor


def is_demo() -> bool:
    """Say whether an invented person asks: her house is invented too."""
    return bool(getattr(current_user, "is_demo", False))


def begin_session(secret: str) -> None:
    """Give the browser a new session; nothing of the old cookie survives but the language."""
    locale = session.get("locale")
    session.clear()
    session.permanent = True
    if locale:
        session["locale"] = locale
    login_user(Visitor(secret))


def end_session() -> None:
    """Take the session from the browser."""
    logout_user()
    session.clear()


def session_secret() -> str | None:
    """Return the secret this browser came with."""
    secret: str | None = session.get("_user_id")
    return secret


@manager.user_loader
def _from_cookie(secret: str) -> Visitor | None:
    if speaks_api():
        return None  # A page of another site could send the cookie, but never the token.
    now = clock.now()
    found = actor_for_session(secret=secret, now=now)
    if found is None:
        return None
    _note_seen(secret, found.seen_at, now)
    return Visitor(secret, found.actor, is_demo=found.is_demo)


@manager.request_loader
def _from_token(incoming: Request) -> Visitor | None:
    if not speaks_api() or incoming.authorization is None:
        return None
    secret = incoming.authorization.token
    if incoming.authorization.type != "bearer" or not secret:
        return None
    actor = actor_for_token(secret=secret, now=clock.now())
    return None if actor is None else Visitor("", actor)


def _note_seen(secret: str, seen_at: datetime, now: datetime) -> None:
    if now - seen_at >= SEEN_STEP:
        touch_session(secret=secret, now=now)
