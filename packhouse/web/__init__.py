"""The pages: one blueprint a feature, each called `bp`."""

from flask import Blueprint, Flask

BLUEPRINTS: tuple[Blueprint, ...] = ()


def init_app(app: Flask) -> None:
    """Attach every page to the app."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
