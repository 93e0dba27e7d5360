"""Bookings as calendar files (RFC 5545), for a download and for a feed.

A booking is one event for its whole life: its UID is its code and SEQUENCE grows with every
change, so that a calendar moves or strikes out what it already has. Like a message it holds no
more than she needs to be there: others may look at her calendar.
"""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext

from packhouse.domain.bookings import State
from packhouse.domain.slots import arrive_by
from packhouse.i18n.formats import local_time
from packhouse.i18n.locale import current_locale
from packhouse.queries.bookings import BookingItem

TYPE = "text/calendar; charset=utf-8"
STATUS = {
    State.REQUESTED: "TENTATIVE",
    State.CONFIRMED: "CONFIRMED",
    State.ARRIVED: "CONFIRMED",
    State.RUNNING: "CONFIRMED",
    State.FINISHED: "CONFIRMED",
}
PRODUCT = "-//packhouse//packhouse//ID"


def calendar_file(bookings: Iterable[BookingItem], *, public_url: str, now: datetime) -> bytes:
    """Return a calendar of bookings; what no longer holds its time is cancelled in it."""
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", gettext("Reservasi rumah kemasan"))
    for booking in bookings:
        event, zone = Event(), ZoneInfo(booking.zone)
        event.add("uid", f"{booking.code}@packhouse")
        event.add("sequence", booking.version - 1)
        event.add("dtstamp", now)
        event.add("dtstart", booking.starts_at.astimezone(zone))
        event.add("dtend", booking.ends_at.astimezone(zone))
        event.add("status", STATUS.get(booking.state, "CANCELLED"))
        event.add("summary", _summary(booking))
        place = (booking.site_name, booking.site_address)
        event.add("location", ", ".join(each for each in place if each))
        address = f"{public_url}/bookings/{booking.code}"
        event.add("url", address)
        event.add("description", f"{_advice(booking)}\n{address}")
        calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _summary(booking: BookingItem) -> str:
    if booking.state == State.REQUESTED:
        return str(gettext("Menunggu persetujuan: %(machine)s", machine=booking.machine_name))
    if booking.state not in STATUS:
        return str(gettext("Jangan berangkat: %(machine)s", machine=booking.machine_name))
    return str(gettext("Rumah kemasan: %(machine)s", machine=booking.machine_name))


def _advice(booking: BookingItem) -> str:
    if booking.state == State.REQUESTED:
        return str(gettext("Jangan berangkat sebelum disetujui."))
    if booking.state not in STATUS:
        return str(gettext("Waktu ini tidak lagi ditahan untuk Anda."))
    when = arrive_by(booking.starts_at)
    time = local_time(when, booking.zone, locale=current_locale())
    return str(gettext("Datang pukul %(time)s. Sebut kode %(code)s.", time=time, code=booking.code))
