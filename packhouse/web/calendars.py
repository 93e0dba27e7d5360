"""Bookings in a person's own calendar: one as a download, all of them as a feed."""

from flask import Blueprint, Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.channels import calendars
from packhouse.i18n.locale import force_locale
from packhouse.queries.bookings import BookingItem, booking_item
from packhouse.queries.calendars import feed, feed_since
from packhouse.services.calendars import close_feed, open_feed
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.security import limiter

bp = Blueprint("calendars", __name__)


@bp.get("/bookings/<code>/calendar.ics")
@allow(Access.SIGNED_IN)
def booking(code: str) -> ResponseReturnValue:
    found = booking_item(code=code, actor=current_actor())
    answer = _file([found])
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.code}.ics"'
    return answer


@bp.get("/calendar/<token>.ics")
@limiter.limit("120 per minute")  # A village may stand behind one address.
@allow(Access.PUBLIC)
def subscribe(token: str) -> ResponseReturnValue:
    found = feed(secret=token, now=clock.now())
    with force_locale(found.locale):
        return _file(found.bookings)


@bp.get("/calendar")
@allow(Access.PRODUCER)
def index() -> str:
    return _page(None)


@bp.post("/calendar")
@allow(Access.PRODUCER)
def renew() -> ResponseReturnValue:
    """Show the address once: it is kept nowhere, so it cannot wait behind a redirect."""
    secret = open_feed(actor=current_actor(), now=clock.now())
    return _page(f"{current_app.config['PUBLIC_URL']}{url_for('.subscribe', token=secret)}")


@bp.post("/calendar/revoke")
@allow(Access.PRODUCER)
def revoke() -> ResponseReturnValue:
    close_feed(actor=current_actor(), now=clock.now())
    flash(_("Alamat kalender dicabut. Kalender Anda tidak lagi diperbarui."), "success")
    return redirect(url_for(".index"), code=303)


def _page(address: str | None) -> str:
    since = feed_since(user_id=current_actor().id or 0)
    zone = current_app.config["ZONE"]
    return render_template("calendars/index.html", address=address, since=since, zone=zone)


def _file(bookings: list[BookingItem] | tuple[BookingItem, ...]) -> Response:
    public_url = str(current_app.config["PUBLIC_URL"])
    body = calendars.calendar_file(bookings, public_url=public_url, now=clock.now())
    answer = Response(body, content_type=calendars.TYPE)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
