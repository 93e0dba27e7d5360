"""packhouse: the software a shared packaging house runs on."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from packhouse import api, cli, db, models, web
from packhouse.api.errors import problem_response
from packhouse.i18n.locale import init_i18n
from packhouse.web.errors import answer_errors

ROOT = Path(__file__).resolve().parent.parent
migrate = Migrate(directory=str(Path(__file__).parent / "migrations"))


def create_app(config: object) -> Flask:
    """Build the application from its settings: the one place where everything meets."""
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.config.from_object(config)
    assert models  # Importing them is what registers the tables.
    db.init_db(app)
    migrate.init_app(app, db.db)
    init_i18n(app)
    web.init_app(app)
    cli.init_app(app)
    api.init_app(app)
    answer_errors(app, as_json=problem_response)  # Last: libraries bring handlers of their own.
    return app
