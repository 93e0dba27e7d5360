"""The same use cases as JSON, under /api/v1: one blueprint a feature, each called `bp`."""

from typing import Any

import flask_smorest
from flask import Flask

from packhouse.api import (
    bookings,
    complaints,
    downtime,
    machines,
    products,
    replanning,
    reports,
    runs,
    sites,
    slots,
    waitlist,
)
from packhouse.api.errors import ProblemDocument
from packhouse.api.waitlist import Moment
from packhouse.api.wire import Amount, Blueprint, Day, Instant, ProductReference

PREFIX = "/api/v1"
BLUEPRINTS: tuple[Blueprint, ...] = (
    sites.bp,
    machines.bp,
    products.bp,
    slots.bp,
    bookings.bp,
    runs.bp,
    downtime.bp,
    replanning.bp,
    reports.bp,
    waitlist.bp,
    complaints.bp,
)


class Api(flask_smorest.Api):
    """The addresses and their OpenAPI document; errors are answered by packhouse.web.errors."""

    ERROR_SCHEMA = ProblemDocument
    DEFAULT_RESPONSE_CONTENT_TYPE = "application/json"

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        kind = self.DEFAULT_RESPONSE_CONTENT_TYPE
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/problem+json"
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = kind


def init_app(app: Flask) -> None:
    """Attach the API and the document that describes it, at /api/v1/openapi.json."""
    app.config["OPENAPI_URL_PREFIX"] = PREFIX
    described: dict[str, Any] = {
        "title": "packhouse",
        "version": "v1",
        "openapi_version": "3.1.0",
        "info": {"description": "Packaging machines of public production houses."},
        "security": [{"token": []}],
    }
    api = Api(app, spec_kwargs=described)
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    api.register_field(Instant, "string", "date-time")
    api.register_field(Moment, "string", None)
    api.register_field(Amount, "number", None)
    api.register_field(Day, "string", "date")
    api.register_field(ProductReference, ["integer", "string"], None)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint, url_prefix=PREFIX)
