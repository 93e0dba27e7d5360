"""The demonstration house: a small one, believably unequal, on an ordinary day."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from random import Random

from packhouse import clock
from packhouse.cli.seeds.catalogue import LEGAL_BASIS
from packhouse.cli.seeds.houses import House, add_machine, open_house
from packhouse.cli.seeds.people import Firm, Known, Person, add_firm, add_staff
from packhouse.cli.seeds.playing import HOUR, Play, Visit, instant_of, open_day
from packhouse.cli.seeds.producers import come_weekly, complain, tell_papers, wait_for_time
from packhouse.db import reading
from packhouse.domain.bookings import State
from packhouse.domain.machines import Move, Part
from packhouse.domain.users import SYSTEM, Role
from packhouse.models.sites import load_calendar
from packhouse.queries.bookings import bookings_page
from packhouse.services import businesses, downtime, machines, replanning, reports, slots, tariffs
from packhouse.services.slots import Ask

HOUSE = House(
    code="PTK",
    name="Rumah Kemasan Contoh Pontianak",
    regency="61.71",
    address="Jalan Contoh 1, Pontianak",
    operators=2,
)
AGE = timedelta(days=60)
# Code at the door, model, and days in service.
MACHINES = (
    ("PTK-BAND-1", "BAND", 58), ("PTK-GAS-1", "GAS", 58), ("PTK-VAK-1", "VAK", 51),
    ("PTK-VFFS-1", "VFFS", 44), ("PTK-PISTON-1", "PISTON", 44), ("PTK-AUGER-1", "AUGER", 51),
    ("PTK-CUP-1", "CUP", 37), ("PTK-KODE-1", "KODE", 30), ("PTK-NH-1", "NHINJAK", 23),
    ("PTK-NH-2", "NHVAK", 23),
)  # fmt: skip


def _firm(
    number: int, name: str, owner: str, regency: str, recipes: str, **fields: str
) -> tuple[str, Firm]:
    mailbox = "produsen" if number == 1 else f"produsen{number}"
    key = recipes.split(maxsplit=1)[0]
    person = Person(Role.PRODUCER, mailbox, owner, number)
    return key, Firm(name, person, regency, recipes.split(), **fields)


FIRMS = dict(
    (
        _firm(1, "Amplang Contoh Bahari", "Ibu Contoh Sari", "61.04", "amplang ikan_asin bakso"),
        _firm(2, "Keripik Contoh Khatulistiwa", "Ibu Contoh Yanti", "61.71", "keripik keladi"),
        _firm(
            3, "Lempok Contoh Durian Jaya", "Bapak Contoh Hendra", "61.71", "lempok",
            level="market_ready",
        ),
        _firm(4, "Madu Contoh Danau Sentarum", "Bapak Contoh Dominikus", "61.06", "madu kelulut"),
        _firm(5, "Kopi Contoh Liberika", "Ibu Contoh Rahma", "61.11", "kopi"),
        _firm(6, "Sambal Contoh Bu Rini", "Ibu Contoh Rini", "61.12", "sambal", level="trial"),
        _firm(
            7, "Aloe Contoh Segar", "Bapak Contoh Wahyu", "61.71", "lidah_buaya teh",
            size="kecil", level="market_ready",
        ),
        _firm(8, "Stik Contoh Gembira", "Ibu Contoh Mei", "61.12", "stik kue"),
        _firm(9, "Ebi Contoh Pemangkat", "Ibu Contoh Nur", "61.01", "ebi terasi", level="trial"),
        _firm(10, "Dendeng Contoh Singkawang", "Bapak Contoh Akhiong", "61.72", "dendeng lapciong"),
        _firm(11, "Salai Contoh Sanggau", "Ibu Contoh Theresia", "61.03", "salai"),
        _firm(
            12, "Koperasi Contoh Maju Bersama", "Ibu Contoh Lestari", "61.71", "gula singkong",
            kind="cooperative", size="kecil",
        ),
    )
)  # fmt: skip
REDUCTIONS = (("trial", 100), ("micro", 50), ("cooperative", 25))
COOPERATIVE, MEMBERS = "gula", ("keripik", "stik", "salai")

# Machine, product, pieces, open day, hour asked for, hours it was booked before, and its fate.
VISITS = (
    ("PTK-BAND-1", "amplang", 450, -11, time(8), 70, "come"),
    ("PTK-VAK-1", "lempok", 160, -11, time(9), 50, "come"),
    ("PTK-BAND-1", "keripik", 300, -9, time(9), 60, "come"),
    ("PTK-PISTON-1", "madu", 240, -9, time(10), 90, "come"),
    ("PTK-NH-2", "dendeng", 120, -8, time(8, 30), 72, "late"),
    ("PTK-VFFS-1", "stik", 2000, -8, time(8), 96, "approve"),
    ("PTK-BAND-1", "amplang", 520, -6, time(8, 30), 60, "come"),
    ("PTK-BAND-1", "keladi", 260, -6, time(10, 30), 40, "pause"),
    ("PTK-CUP-1", "lidah_buaya", 360, -6, time(13), 80, "come"),
    ("PTK-GAS-1", "keripik", 400, -5, time(9), 100, "no_show"),
    ("PTK-VAK-1", "salai", 140, -5, time(9), 120, "late"),
    ("PTK-BAND-1", "amplang", 380, -4, time(8), 70, "come"),
    ("PTK-PISTON-1", "sambal", 300, -4, time(9), 66, "come"),
    ("PTK-VAK-1", "ebi", 100, -4, time(13), 48, "cancel"),
    ("PTK-VFFS-1", "stik", 3000, -3, time(8), 120, "reject"),
    ("PTK-BAND-1", "singkong", 700, -3, time(8), 75, "come"),
    ("PTK-CUP-1", "lidah_buaya", 300, -2, time(8), 50, "come"),
    ("PTK-BAND-1", "kue", 350, -2, time(9, 30), 52, "cancel_late"),
    ("PTK-VAK-1", "lempok", 180, -2, time(10), 55, "come"),
    ("PTK-NH-1", "lapciong", 150, -1, time(9), 47, "come"),
    ("PTK-BAND-1", "amplang", 420, -1, time(8), 70, "come"),
    ("PTK-KODE-1", "amplang", 420, -1, time(9, 30), 70, "come"),
    ("PTK-BAND-1", "keripik", 300, 0, time(7, 30), 44, "come"),
    ("PTK-PISTON-1", "kelulut", 200, 0, time(8), 60, "late"),
    ("PTK-BAND-1", "amplang", 480, 0, time(8, 30), 68, "come"),
    ("PTK-VAK-1", "salai", 160, 0, time(9), 40, "come"),
    ("PTK-GAS-1", "singkong", 300, 0, time(9, 30), 52, "come"),
    ("PTK-VAK-1", "lempok", 120, 0, time(10, 30), 75, "come"),
    ("PTK-NH-2", "dendeng", 100, 0, time(13), 50, "come"),
    ("PTK-BAND-1", "keladi", 240, 0, time(13, 30), 30, "come"),
    ("PTK-CUP-1", "lidah_buaya", 240, 0, time(14), 26, "come"),
    ("PTK-BAND-1", "amplang", 500, 1, time(8), 60, "come"),
    ("PTK-VFFS-1", "stik", 2500, 2, time(8), 52, "wait"),
    ("PTK-VAK-1", "ikan_asin", 150, 2, time(9), 55, "come"),
    ("PTK-PISTON-1", "madu", 260, 3, time(8, 30), 80, "come"),
    ("PTK-BAND-1", "terasi", 180, 3, time(10), 74, "come"),
    ("PTK-VFFS-1", "stik", 1500, 4, time(9), 100, "ask"),
    ("PTK-BAND-1", "gula", 900, 5, time(8), 120, "come"),
)  # fmt: skip


def seed_demo(*, now: datetime, seed: int, tell: Callable[[int], object]) -> None:
    """Fill an empty database with the demonstration house; ``tell`` hears of each step done."""
    opened = now - AGE
    site_id = open_house(HOUSE, now=opened)
    for kind, percent in REDUCTIONS:
        tariffs.add_reduction(
            kind=kind, percent=percent, site=HOUSE.code, valid_from=opened,
            legal_basis=LEGAL_BASIS, actor=SYSTEM, now=opened,
        )  # fmt: skip
    for number, (code, model, days) in enumerate(MACHINES, start=1):
        start = _morning(site_id, now - timedelta(days=days))
        add_machine(
            HOUSE.code, code=code, model=model, number=number, commissioned_at=start, now=opened
        )
    tell(1)
    staff = add_staff(now=opened, site_ids=(site_id,))
    tell(1)
    firms = {key: add_firm(firm, now=opened) for key, firm in FIRMS.items()}
    for member in MEMBERS:
        businesses.add_cooperative_member(
            cooperative_id=firms[COOPERATIVE].id,
            member_id=firms[member].id,
            actor=SYSTEM,
            now=opened,
        )
    tell(1)
    play = Play(site_id, now, staff[Role.OPERATOR], staff[Role.MANAGER], Random(seed))  # noqa: S311
    play.plan([_visit(row, firms) for row in VISITS])
    _break(play)
    _refuse(play, firms)
    tell_papers(play, firms)
    complain(play, firms, site=HOUSE.code)
    come_weekly(play, firms)
    wait_for_time(play, firms, site=HOUSE.code)
    play.run()
    tell(1)
    while reports.roll_up(actor=SYSTEM, now=now):
        pass
    tell(1)


STEPS = 5


def _morning(site_id: int, instant: datetime) -> datetime:
    calendar = load_calendar(reading(), site_id)
    return calendar.local_day(calendar.day_of(instant)).start + HOUR * 7.5


def _visit(row: tuple[str, str, int, int, time, int, str], firms: dict[str, Known]) -> Visit:
    machine, recipe, quantity, day, at, lead, fate = row
    firm = next(each for each in firms.values() if recipe in each.products)
    return Visit(machine, firm.owner, firm.products[recipe], quantity, day, at, lead, fate)


def _break(play: Play) -> None:
    """Have one machine repaired within hours, and one that waits for a part from Java."""
    calendar = play.calendar()

    def report(machine: str, reason: str, hours: float, note: str) -> None:
        downtime.report_breakdown(
            machine=machine, reason=reason, note=note, actor=play.operator,
            now=clock.now(), expected_back_at=clock.now() + HOUR * hours,
        )  # fmt: skip

    short = instant_of(calendar, open_day(calendar, play.now, -7), time(9, 5))
    play.at(short, lambda: report("PTK-GAS-1", "breakdown", 4, "Elemen pemanas mati"))
    play.at(
        short + HOUR * 1.5,
        lambda: downtime.repair(machine="PTK-GAS-1", actor=play.operator, now=clock.now()),
    )
    long = instant_of(calendar, open_day(calendar, play.now, -9), time(10, 20))
    play.at(
        long,
        lambda: report("PTK-AUGER-1", "breakdown", 26, "Ulir pengisi macet"),
    )
    play.at(
        long + HOUR * 5,
        lambda: report("PTK-AUGER-1", "waiting_parts", 24 * 24, "Suku cadang dari Surabaya"),
    )
    play.at(long + HOUR * 6, lambda: _keep_assets(play))
    _keep_up(play)


def _keep_assets(play: Play) -> None:
    """Have a part awaited, a machine in another room, and one that is worn."""
    today = play.calendar().day_of(clock.now())
    part = Part(
        "Ulir pengisi 25 mm", "Bengkel contoh, Surabaya", today, today + timedelta(days=21),
        "Dikirim lewat laut",
    )  # fmt: skip
    downtime.note_part(machine="PTK-AUGER-1", part=part, actor=play.operator, now=clock.now())
    room = Move(HOUSE.code, "Ruang 2, dekat jendela", "Dekat keran air", "BA-CONTOH/7/2026")
    machines.move_machine(code="PTK-CUP-1", move=room, actor=play.manager, now=clock.now())
    machines.note_condition(
        code="PTK-PISTON-1", condition="fair", note="Selang pengisi retak", actor=play.manager,
        now=clock.now(),
    )  # fmt: skip


def _keep_up(play: Play) -> None:
    """Have work come back by the calendar, by running hours and by the counter."""
    play.at(play.now - timedelta(minutes=5), lambda: _plan_work(play))
    began = play.now - timedelta(days=25)
    for machine, basis, every, minutes, note in (
        ("PTK-BAND-1", "running_hours", 40, 90, "Ganti pita pemanas dan sabuk"),
        ("PTK-VFFS-1", "days", 30, 120, "Lumasi rantai, periksa pisau"),
        ("PTK-VAK-1", "pieces", 5000, 60, "Ganti oli pompa vakum"),
    ):
        told = {"machine": machine, "basis": basis, "every": every, "minutes": minutes}
        play.at(
            began,
            lambda told=told, note=note: downtime.add_schedule(  # type: ignore[misc]
                **told, reason="maintenance", note=note, lead_days=7,
                actor=play.manager, now=clock.now(),
            ),
        )  # fmt: skip


def _plan_work(play: Play) -> None:
    """Have work planned over somebody's booking, with the new time the house proposes for her."""
    ahead = bookings_page(
        actor=play.manager, machine="PTK-BAND-1", state=State.CONFIRMED,
        from_at=play.now + timedelta(days=1),
    ).items  # fmt: skip
    if not ahead:
        return
    start = ahead[0].starts_at
    planned = downtime.plan_maintenance(
        machine="PTK-BAND-1", from_at=start, to_at=start + HOUR, reason="calibration",
        note="Tera suhu pemanas", actor=play.manager, now=clock.now(),
    )  # fmt: skip
    replanning.propose(
        site=HOUSE.code, maintenance_id=planned.id, actor=play.manager, now=clock.now()
    )


def _refuse(play: Play, firms: dict[str, Known]) -> None:
    """Have some people ask for what the house cannot do."""
    wishes = (
        ("lidah_buaya", "teh", 2000, 7), ("amplang", "bakso", 300, 5), ("kopi", "kopi", 400, 4),
        ("kopi", "kopi", 250, 2), ("lidah_buaya", "teh", 1500, 1),
    )  # fmt: skip
    for firm, recipe, quantity, days in wishes:
        known = firms[firm]
        machine = "PTK-AUGER-1" if recipe == "kopi" else None
        ask = Ask(known.products[recipe], quantity, site=HOUSE.code, machine=machine)
        play.at(
            play.now - timedelta(days=days, hours=2),
            lambda ask=ask, owner=known.owner: slots.quote(  # type: ignore[misc]
                ask=ask, actor=owner, now=clock.now()
            ),
        )
