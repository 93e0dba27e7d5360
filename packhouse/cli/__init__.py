"""The flask commands: one module a feature, each with `register(app)`."""

from flask import Flask

FEATURES = ()


def init_app(app: Flask) -> None:
    """Add every command to the app."""
    for feature in FEATURES:
        feature.register(app)
