"""What producers do beside their visits: papers, wishes, complaints, and a time every week."""

from collections.abc import Mapping
from datetime import time, timedelta

from sqlalchemy import select

from packhouse import clock
from packhouse.cli.seeds.people import Known
from packhouse.cli.seeds.playing import HOUR, Play, instant_of, open_day
from packhouse.db import reading
from packhouse.domain.bookings import Every, Rule
from packhouse.domain.businesses import PaperKind
from packhouse.domain.complaints import Topic, ticket_for
from packhouse.domain.users import SYSTEM
from packhouse.domain.waitlist import PartOfDay
from packhouse.errors import PackhouseError
from packhouse.models.complaints import Complaint
from packhouse.services import bookings, businesses, complaints, slots, waitlist
from packhouse.services.bookings import ChosenDate, SeriesWish
from packhouse.services.businesses import Told
from packhouse.services.complaints import Grievance
from packhouse.services.slots import Ask
from packhouse.services.waitlist import Wanted

DAY = timedelta(days=1)
SERIES_MACHINE, SERIES_PIECES, SERIES_WEEKS = "PTK-BAND-1", 300, 3


def tell_papers(play: Play, firms: Mapping[str, Known]) -> None:
    """Have papers noted: a halal certificate that ends soon, and some that nobody saw yet."""
    amplang, sambal = firms["amplang"], firms["sambal"]
    today = play.calendar().day_of(play.now)
    halal = Told(
        PaperKind.HALAL, "CONTOH-HALAL-0001", issued_on=today - DAY * 400,
        expires_on=today + DAY * 50, product_id=amplang.products["amplang"],
    )  # fmt: skip
    pirt = Told(
        PaperKind.PIRT, f"0000000000001-{(today.year + 4) % 100:02}",
        product_id=amplang.products["amplang"],
    )  # fmt: skip
    nib = Told(PaperKind.NIB, "0000000900006")

    def note(days: int, firm: Known, told: Told, *, seen: bool = False) -> None:
        actor = play.manager if seen else firm.owner
        play.at(
            play.now - DAY * days,
            lambda: businesses.note_paper(
                business_id=firm.id, told=told, actor=actor, seen=seen, now=clock.now()
            ),
        )

    note(20, amplang, halal, seen=True)
    note(3, amplang, pirt)
    note(2, sambal, nib)


def complain(play: Play, firms: Mapping[str, Known], *, site: str) -> None:
    """Have one complaint answered and one waiting for its answer."""
    answered, waiting = "contoh-keluhan-1", "contoh-keluhan-2"

    def file(key: str, grievance: Grievance, firm: str) -> None:
        complaints.file_complaint(
            site=site, grievance=grievance, actor=firms[firm].owner, now=clock.now(), key=key
        )

    def answer() -> None:
        number = ticket_for(answered).number
        found = reading().scalars(select(Complaint.id).where(Complaint.number == number)).one()
        complaints.answer_complaint(
            complaint_id=found,
            text="DATA CONTOH. Mesin kini dibersihkan dan dicek sebelum giliran pertama.",
            actor=play.manager,
            now=clock.now(),
        )

    dirty = Grievance(Topic.CLEANNESS, "DATA CONTOH. Meja mesin masih berminyak saat saya datang.")
    late = Grievance(Topic.SCHEDULE, "DATA CONTOH. Giliran saya mulai terlambat 30 menit.")
    play.at(play.now - DAY * 9, lambda: file(answered, dirty, "amplang"))
    play.at(play.now - DAY * 8, answer)
    play.at(play.now - DAY, lambda: file(waiting, late, "lempok"))


def wait_for_time(play: Play, firms: Mapping[str, Known], *, site: str) -> None:
    """Have two wait: one for more than a morning holds, one to be offered the next free time."""
    calendar = play.calendar()

    def enter(firm: str, recipe: str, quantity: int, day: int, part: PartOfDay) -> None:
        local = calendar.local_day(open_day(calendar, play.now, day))
        wanted = Wanted(
            firms[firm].products[recipe], quantity, local.start, local.end, site=site,
            part_of_day=part,
        )  # fmt: skip
        waitlist.enter(wanted=wanted, actor=firms[firm].owner, now=clock.now())

    play.at(play.now - HOUR * 5, lambda: enter("amplang", "amplang", 9000, 2, PartOfDay.MORNING))
    play.at(play.now - HOUR * 3, lambda: enter("kopi", "kopi", 400, 3, PartOfDay.ANY))
    play.at(play.now, _look_for_time)


def _look_for_time() -> None:
    """Do what the worker does for those who wait: look at their days, then offer what is free."""
    now = clock.now()
    waitlist.look_around(actor=SYSTEM, now=now)
    while waitlist.promote(actor=SYSTEM, now=now):
        pass


def come_weekly(play: Play, firms: Mapping[str, Known]) -> None:
    """Have one business come back at the same hour of the week, where the house is open."""
    play.at(play.now - HOUR, lambda: _book_weekly(play, firms["amplang"]))


def _book_weekly(play: Play, firm: Known) -> None:
    calendar, now = play.calendar(), clock.now()
    product = firm.products["amplang"]
    first = open_day(calendar, play.now, 4)
    rule = Rule(Every.WEEK, first, first + DAY * 7 * (SERIES_WEEKS - 1))
    chosen = []
    for day in rule.dates:
        if not calendar.is_open_day(day):
            continue
        ask = Ask(
            product, SERIES_PIECES, machine=SERIES_MACHINE,
            from_at=instant_of(calendar, day, time(13)), to_at=calendar.local_day(day).end,
        )  # fmt: skip
        try:
            offers = slots.quote(ask=ask, actor=firm.owner, now=now).offers
        except PackhouseError:  # Beyond what can be booked today.
            continue
        if offers:
            starts_at = min(each.starts_at for each in offers)
            chosen.append(ChosenDate(day, SERIES_MACHINE, starts_at))
    if chosen:
        wish = SeriesWish(product, SERIES_PIECES, SERIES_MACHINE, 13 * 60, rule)
        bookings.book_series(wish=wish, chosen=chosen, actor=firm.owner, now=now)
