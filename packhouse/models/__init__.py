"""The tables. Importing this package registers all of them."""

from packhouse.models import (
    audit,
    bookings,
    businesses,
    calendars,
    complaints,
    downtime,
    machines,
    privacy,
    products,
    reminders,
    reports,
    runs,
    sites,
    slots,
    tariffs,
    users,
)

__all__ = [
    "audit",
    "bookings",
    "businesses",
    "calendars",
    "complaints",
    "downtime",
    "machines",
    "privacy",
    "products",
    "reminders",
    "reports",
    "runs",
    "sites",
    "slots",
    "tariffs",
    "users",
]
