"""A secretary with a telephone books for twelve members at once: pasted, looked at, one tap."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from packhouse.db import db, transaction
from packhouse.domain.users import Role
from packhouse.models.bookings import Booking, JobLine
from packhouse.models.businesses import Business, CooperativeMember, Membership
from packhouse.models.users import User
from tests.journeys.conftest import House
from tests.support import browsers

OpenPage = Callable[..., Page]
MEMBERS = 12
READER = browsers.Reader()

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    # Flask-Compress leaves closing a compressed static file to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def members(house: House) -> list[int]:
    """Twelve members of a cooperative whose secretary is the producer; each has a product."""
    make = house.make
    make.machine(house.site, code="M4", name="Sealer kedua")
    cooperative = make.business(name="Koperasi Contoh", kind="cooperative", size="kecil")
    found = [make.business(name=f"Anggota {number}") for number in range(1, MEMBERS + 1)]
    for number, member in enumerate(found, start=1):
        make.product(member, name="Keripik", allergens=["fish"] if number % 2 else [])
    with transaction() as session:
        session.add_all(
            CooperativeMember(cooperative_id=cooperative, member_id=each) for each in found
        )
        user = session.scalars(select(User.id).where(User.email == house.email(Role.PRODUCER)))
        session.add(Membership(user_id=user.one(), business_id=cooperative))
    db.session.remove()
    return found


def is_wide(page: Page) -> bool:
    """Say whether a page must be pushed sideways to be read."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def test_twelve_pasted_rows_are_booked_at_one_tap_and_count_for_each_member(
    house: House, open_page: OpenPage, members: list[int]
) -> None:
    page = open_page(role=Role.PRODUCER)
    main = page.get_by_role("main")
    page.goto("/bookings")
    main.get_by_role("link", name="Pesanan koperasi").click()
    main.get_by_role("link", name="Pesanan baru").click()
    rows = [f"anggota {number};keripik;1{number:02}" for number in range(1, MEMBERS + 1)]
    page.fill("[name=pasted]", "\n".join([*rows[:-1], "Anggota 12;keripik;dua ratus"]))
    page.fill("[name=day]", "2026-11-26")
    main.get_by_role("button", name="Lihat rencana dan biaya").click()
    expect(main.get_by_text("Baris 12: Jumlah dua ratus tidak terbaca")).to_be_visible()
    assert not is_wide(page)
    assert READER.findings(page) == []

    page.fill("[name=pasted]", "\n".join([*rows[:-1], "Anggota 12;keripik;1.200"]))
    main.get_by_role("button", name="Lihat rencana dan biaya").click()
    expect(main.get_by_role("row")).to_have_count(MEMBERS + 1)
    expect(main.get_by_role("table")).to_contain_text("M3")
    expect(main.get_by_role("table")).to_contain_text("M4")
    assert not is_wide(page)
    assert READER.findings(page) == []

    main.get_by_role("button", name="Pesan semua baris").click()
    expect(main.get_by_role("row")).to_have_count(MEMBERS + 1)
    assert not is_wide(page)
    assert READER.findings(page) == []

    made = db.session.scalars(select(Booking).join(JobLine, JobLine.job_id == Booking.job_id)).all()
    names = {each.id: each.name for each in db.session.scalars(select(Business))}
    db.session.rollback()
    assert sorted(each.business_id or 0 for each in made) == sorted(members)
    assert {names[each.business_id or 0]: each.quantity for each in made}["Anggota 12"] == 1200
    assert {each.state for each in made} == {"confirmed"}
