"""Which language a page is in: that of the person, else that of the browser, else Indonesian."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, g, has_request_context, request, session
from flask_babel import Babel
from flask_babel import force_locale as _force_locale
from flask_babel import get_locale as _get_locale

from packhouse.domain.users import LOCALES

babel = Babel()
# Old Androids still say "in" for Indonesian (ISO 639 before 1989).
HEADER_NAMES = {"id": "id", "in": "id", "en": "en"}


def init_i18n(app: Flask) -> None:
    """Translate this app: the source texts are Indonesian, English comes from a catalog."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "i18n/translations")
    babel.init_app(app, default_locale="id", locale_selector=choose_locale)


def choose_locale() -> str:
    """Return the language of this request, or of the house where there is none."""
    house = str(current_app.config.get("BABEL_DEFAULT_LOCALE", "id"))
    if not has_request_context():
        return house
    actor = g.get("actor")
    for wanted in (actor.locale if actor else None, session.get("locale")):
        if wanted in LOCALES:
            return str(wanted)
    heard = request.accept_languages.best_match(HEADER_NAMES)
    return HEADER_NAMES[heard] if heard else house


def current_locale() -> str:
    """Return "id" or "en", also outside of an app."""
    found = _get_locale()
    return str(found.language) if found is not None else "id"


@contextmanager
def force_locale(locale: str) -> Iterator[None]:
    """Speak another language within the block: a message is in the language of its reader."""
    with _force_locale(locale):
        yield
