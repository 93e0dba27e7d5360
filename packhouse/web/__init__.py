"""The pages: one blueprint a feature, each called `bp`."""

from flask import Blueprint, Flask
from flask_bootstrap import Bootstrap5
from flask_compress import Compress

from packhouse.web import (
    access,
    assets,
    audit,
    bookings,
    businesses,
    calendars,
    complaints,
    downtime,
    filters,
    home,
    login,
    machines,
    offline,
    privacy,
    products,
    public,
    reminders,
    replanning,
    reports,
    request_log,
    runs,
    security,
    sites,
    slots,
    tariffs,
    users,
    waitlist,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    assets.bp,
    audit.bp,
    bookings.bp,
    businesses.bp,
    calendars.bp,
    complaints.bp,
    downtime.bp,
    home.bp,
    machines.bp,
    offline.bp,
    privacy.bp,
    products.bp,
    public.bp,
    reminders.bp,
    replanning.bp,
    reports.bp,
    runs.bp,
    sites.bp,
    slots.bp,
    tariffs.bp,
    users.bp,
    waitlist.bp,
)


def init_app(app: Flask) -> None:
    """Attach every page to the app, and all that stands around a page.

    A request passes in this order: it is numbered, its input is read, who asks is found out and
    let in or not, and a change must come from a page of ours.
    """
    Compress(app)
    Bootstrap5(app)
    filters.init_filters(app)
    assets.init_app(app)
    audit.init_app(app)
    request_log.init_app(app)
    login.init_app(app)
    security.init_app(app)
    access.init_app(app)
    app.before_request(security.check_csrf)
    home.init_app(app)
    offline.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
