"""packhouse: the software a shared packaging house runs on."""

import re
from pathlib import Path
from typing import Any

from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = Path(__file__).parent / "migrations"
REVISION = re.compile(r'^(down_)?revision = "(\w+)"', re.MULTILINE)


def create_app(config: object) -> Flask:
    """Build the application from its settings: the one place where everything meets."""
    # Imported here, because the worker goes without them: a third of its memory.
    from packhouse import api, cli, web
    from packhouse.api.errors import problem_response
    from packhouse.web.errors import answer_errors

    app = create_core(config)
    web.init_app(app)
    cli.init_app(app)
    api.init_app(app)
    answer_errors(app, as_json=problem_response)  # Last: libraries bring handlers of their own.
    return app


def create_core(config: object) -> Flask:
    """Build what every process needs: settings, database, languages and log; no pages."""
    from packhouse import db, log, models
    from packhouse.i18n.locale import init_i18n

    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.config.from_object(config)
    log.configure(str(app.config["LOG_LEVEL"]))
    assert models  # Importing them is what registers the tables.
    db.init_db(app)
    app.extensions["migrate"] = Migrations(app)
    app.extensions["packhouse_head"] = newest_revision()
    init_i18n(app)
    return app


class Migrations:
    """Stands for Flask-Migrate until something migrates: Alembic is heavy, and seldom needed."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        """Load Flask-Migrate, which takes this place, and answer for it."""
        from flask_migrate import Migrate

        from packhouse.db import db

        Migrate(directory=str(MIGRATIONS)).init_app(self._app, db)
        return getattr(self._app.extensions["migrate"], name)


def newest_revision() -> str:
    """Return the revision of the database that this code knows: the one none builds upon."""
    found = [
        match.groups()
        for path in (MIGRATIONS / "versions").glob("*.py")
        for match in REVISION.finditer(path.read_text(encoding="utf-8"))
    ]
    (newest,) = {name for down, name in found if not down} - {name for down, name in found if down}
    return newest
