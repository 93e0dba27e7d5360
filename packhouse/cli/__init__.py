"""The flask commands: one module a feature, each with `register(app)`."""

from types import ModuleType

from flask import Flask

from packhouse.cli import audit, businesses, machines, reports, seed, sites, users, worker

FEATURES: tuple[ModuleType, ...] = (
    audit, businesses, machines, reports, seed, sites, users, worker
)  # fmt: skip


def init_app(app: Flask) -> None:
    """Add every command to the app."""
    for feature in FEATURES:
        feature.register(app)
