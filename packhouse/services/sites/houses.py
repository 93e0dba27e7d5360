"""Creating a house, and what it promises its guests."""

import re
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from packhouse.db import transaction, use_case
from packhouse.domain.businesses import is_regency
from packhouse.domain.permissions import may_administer
from packhouse.domain.sites import checked_zone, format_hours, parse_hours
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, Problem, RuleBroken
from packhouse.models.sites import Site
from packhouse.services.sites.closures import add_holidays
from packhouse.services.sites.hours import lay_hours
from packhouse.services.sites.steps import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_OPERATORS,
    locked_site,
    note_site,
    tried,
)

OWNERS = ("province", "city", "cooperative")
# The first hours of a house hold for all time before, too: paper logs may be older than packhouse.
LONG_AGO = date(2000, 1, 1)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Policy:
    """What a house promises its guests: days and hours it plans ahead, minutes it waits.

    The limits of fair use are for one business: open bookings at once, hours of machine time in
    a week and in a month; None is no limit.
    """

    horizon_days: int = 60
    notice_minutes: int = 60
    cancel_hours: int = 24
    request_hours: int = 48
    grace_minutes: int = 20
    overrun_minutes: int = 30
    absence_minutes: int = 5
    delay_minutes: int = 30
    inform_minutes: int = 30
    limit_open: int | None = None
    limit_week_hours: int | None = None
    limit_month_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How a house is reached: telephone, and how to come."""

    phone: str = ""
    directions: str = ""


LIMITS = {
    "horizon_days": (1, 366),
    "notice_minutes": (0, 14 * 24 * 60),
    "cancel_hours": (0, 14 * 24),
    "request_hours": (1, 30 * 24),
    "grace_minutes": (0, 240),
    "overrun_minutes": (0, 240),
    "absence_minutes": (0, 240),
    "delay_minutes": (5, 480),
    "inform_minutes": (0, 240),
    "limit_open": (0, 1000),
    "limit_week_hours": (0, 7 * 24),
    "limit_month_hours": (0, 31 * 24),
}


@use_case
def create_site(
    *,
    code: str,
    name: str,
    regency: str,
    zone: str,
    hours: str,
    operators: int,
    actor: Actor,
    now: datetime,
    owner: str = "province",
    address: str = "",
    is_demo: bool = False,
) -> int:
    """Open a house and return its id; ``hours`` as ``domain.sites.parse_hours`` reads them.

    Public holidays and joint leave from last year to two years ahead are proposed as closures.
    Raises RuleBroken with all problems at once, NotAllowed unless the actor administers.
    """
    if not may_administer(actor):
        raise NotAllowed
    code, name = code.strip(), name.strip()
    problems = [
        *_problems_with_name(name=name, address=address, owner=owner),
        *_problems_with_place(code=code, regency=regency, operators=operators),
    ]
    tried(problems, checked_zone, zone)
    week = tried(problems, parse_hours, hours)
    with transaction() as session:
        if not problems and session.scalar(select(Site.id).where(Site.code == code)):
            problems.append(Problem("site_code_taken", {"code": code}))
        if problems or week is None:
            raise RuleBroken(problems)
        site = Site(
            code=code, name=name, regency_code=regency, zone=zone, owner=owner,
            address=address.strip(), operators=operators, is_demo=is_demo, created_at=now,
        )  # fmt: skip
        session.add(site)
        try:
            session.flush()
        except IntegrityError as error:
            raise RuleBroken([Problem("site_code_taken", {"code": code})]) from error
        lay_hours(session, site=site, openings=week.openings, valid_from=LONG_AGO, valid_to=None)
        add_holidays(session, sites=[site], now=now)
        facts = {"code": code, "regency": regency, "operators": operators}
        facts["hours"] = format_hours(week)
        note_site(session, "site:created", site, actor=actor, now=now, **facts)
        return site.id


@use_case
def edit_site(
    *,
    code: str,
    name: str,
    address: str,
    owner: str,
    policy: Policy,
    actor: Actor,
    now: datetime,
    contact: Contact | None = None,
) -> None:
    """Change a house's name, address, owner, contact and policy; what is booked stays as it is.

    Raises RuleBroken with all problems at once, NotFound, NotAllowed.
    """
    name, address = name.strip(), address.strip()
    problems = _problems_with_name(name=name, address=address, owner=owner)
    problems += [
        Problem("policy_out_of_range", {"field": field, "least": least, "most": most})
        for field, (least, most) in LIMITS.items()
        if (value := getattr(policy, field)) is not None and not least <= value <= most
    ]
    reached = {name: text.strip() for name, text in asdict(contact).items()} if contact else {}
    if any(len(text) > LONGEST_TEXT for text in reached.values()):
        problems.append(Problem("text_long", {"maximum": LONGEST_TEXT, "field": "directions"}))
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        if problems:
            raise RuleBroken(problems)
        wanted = {"name": name, "address": address, "owner": owner, **asdict(policy), **reached}
        changed = {
            field: [getattr(site, field), value]
            for field, value in wanted.items()
            if getattr(site, field) != value
        }
        for field, value in wanted.items():
            setattr(site, field, value)
        if changed:
            note_site(session, "site:edited", site, actor=actor, now=now, changed=changed)


def _problems_with_name(*, name: str, address: str, owner: str) -> list[Problem]:
    checks = (
        (bool(name), Problem("name_missing")),
        (len(name) <= LONGEST_NAME, Problem("name_long", {"maximum": LONGEST_NAME})),
        (len(address) <= LONGEST_TEXT, Problem("text_long", {"maximum": LONGEST_TEXT})),
        (owner in OWNERS, Problem("owner_unknown", {"value": owner})),
    )
    return [problem for fine, problem in checks if not fine]


def _problems_with_place(*, code: str, regency: str, operators: int) -> list[Problem]:
    checks = (
        (_CODE.fullmatch(code) is not None, Problem("site_code_malformed", {"code": code})),
        (is_regency(regency), Problem("regency_unknown", {"value": regency})),
        (
            0 <= operators <= MOST_OPERATORS,
            Problem("operators_out_of_range", {"maximum": MOST_OPERATORS}),
        ),
    )
    return [problem for fine, problem in checks if not fine]
