"""Every page a person can reach, read in Chromium: no serious finding, nothing off the side."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Response

from packhouse.domain.users import SYSTEM, Role
from packhouse.services import bookings, runs
from packhouse.services.bookings import Wish
from packhouse.services.complaints import Grievance, file_complaint
from tests.journeys.conftest import House
from tests.support import browsers

OpenPage = Callable[..., Page]
MOST_PAGES = 45
# One page of a kind is enough: numbers, codes and dates in an address make no new kind.
KIND = re.compile(r"\d{4}-\d\d-\d\d|[A-Z]{1,4}\d*-[0-9A-Z]{6}|\d+|=[^&]*")
DOWNLOADS = re.compile(r"\.(csv|xlsx|pdf|json|ics|eml)|format=|/static/|/calendar/")

READER = browsers.Reader()

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    # Flask-Compress leaves closing a compressed static file to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def live(house: House) -> None:
    """Let the house have a booking of each kind that pages show."""
    make = house.make
    operator = make.user(Role.OPERATOR, sites=(house.site,))

    def book(machine: str, hour: int, days: int, minute: int = 0) -> str:
        wish = Wish(house.product, 400, machine, make.at(hour, minute, days=days))
        booked = bookings.book(wish=wish, actor=operator, now=make.now)
        return str(booked["code"])

    running = book("M3", 8, 0)
    runs.start(code=running, actor=operator, now=make.now)
    book("M3", 10, 0)
    book("M3", 9, 2)
    cancelled = book("M3", 13, 2)
    bookings.cancel(code=cancelled, actor=SYSTEM, now=make.now)
    producer = make.user(businesses=(house.business,))
    grievance = Grievance("schedule", "Mesin M3 baru siap sesudah jadwal saya.")
    file_complaint(site="PTK", grievance=grievance, actor=producer, now=make.now, key="k1")
    asked = Wish(house.product, 200, "V1", make.at(9, days=3))
    bookings.book(wish=asked, actor=producer, now=make.now + timedelta(minutes=1))


@pytest.mark.parametrize("role", [None, *Role])
def test_every_page_of_a_role_reads_well_on_a_phone_and_at_a_desk(
    house: House, open_page: OpenPage, role: Role | None
) -> None:
    live(house)
    language = "en" if role in (Role.REVIEWER, Role.AUDITOR) else "id"
    page = open_page(width=360, role=role, language=language)
    complaints: list[str] = []
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    seen: set[str] = set()
    waiting = ["/", page.url.removeprefix(house.url)] if role else ["/"]
    while waiting and len(seen) < MOST_PAGES:
        address = waiting.pop(0)
        kind = KIND.sub("*", address)
        if kind in seen or DOWNLOADS.search(address):
            continue
        seen.add(kind)
        page.set_viewport_size({"width": 360, "height": 740})
        answer = page.goto(address)
        complaints += _complaints(page, answer, address)
        waiting += browsers.links(page)
        page.set_viewport_size({"width": 1280, "height": 800})
        complaints += [f"{address} at 1280: {each}" for each in READER.findings(page)]

    assert not complaints + errors, "\n".join(complaints + errors)
    assert len(seen) >= 2


def _complaints(page: Page, answer: Response | None, address: str) -> list[str]:
    found = [f"{address} at 360: {each}" for each in READER.findings(page)]
    if answer is None or answer.status >= 400:
        found.append(f"{address} answers {answer.status if answer else 'nothing'}")
    if browsers.sideways(page) > 1:
        found.append(f"{address} is {browsers.sideways(page)} pixels too wide for a phone")
    if page.locator("h1").count() != 1:
        found.append(f"{address} has {page.locator('h1').count()} main headings")
    return found
