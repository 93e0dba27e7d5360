"""Quotes: when, where, how long and for how much a job can be packed; and what cannot be."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from packhouse.db import reading, transaction, use_case
from packhouse.domain.bookings import change_until
from packhouse.domain.machines import BESIDE, MachineTime, packs_alone, usual_minutes
from packhouse.domain.permissions import may_act_for, may_operate
from packhouse.domain.products import Job
from packhouse.domain.slots import Choice, Option, best_options, rank, refusals, split_options
from packhouse.domain.tariffs import price_with
from packhouse.domain.time_range import TimeRange, ceil_to_slot
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotFound
from packhouse.models.businesses import Business
from packhouse.models.machines import Machine, load_specs
from packhouse.models.products import Product
from packhouse.models.sites import Site, load_calendar
from packhouse.models.slots import Demand, load_neighbours, load_operators_full
from packhouse.models.tariffs import NO_REDUCTIONS, Reductions, load_reductions
from packhouse.services.slots.offers import Ask, Offer, Quote, Refusal
from packhouse.services.slots.taking import job_of

LOOK_AHEAD = timedelta(days=14)
MOST_MACHINES = 60
ENOUGH = 3
MOST_PIECES = 1_000_000
# A refusal for one of these reasons is the machine's nature; the others are about time.
NATURE = ("pack_not_handled", "lane_mismatch", "machine_not_yet_commissioned", "machine_retired")


@dataclass(frozen=True, slots=True)
class _Search:
    job: Job
    machines: Sequence[Machine]
    sites: dict[int, Site]
    times: dict[str, MachineTime]
    windows: dict[int, TimeRange]
    reductions: Reductions = NO_REDUCTIONS

    @property
    def by_code(self) -> dict[str, Machine]:
        return {machine.code: machine for machine in self.machines}


@use_case
def quote(*, ask: Ask, actor: Actor, now: datetime) -> Quote:
    """Return good times for a job. Where there is none, the wish is kept as unmet demand.

    A job that is longer than a day, but fits several, is met: it is offered in parts elsewhere.
    A look ahead is two weeks unless the ask says otherwise, within the house's notice and
    horizon. Raises NotFound, Malformed.
    """
    session = reading()
    product, business = _product(session, ask.product_id, actor)
    search = _search(session, ask, product, business, actor, now)
    offers = _offers(search)
    refused = tuple(_refusals(search, {offer.machine for offer in offers}))
    if not offers and not _can_be_split(search):
        row = _demand(search, ask, product, actor, now, refused)
        with transaction() as writing:
            if not _is_known(writing, row):
                writing.add(row)
    return Quote(offers, refused)


def find_offers(session: Session, *, ask: Ask, actor: Actor, now: datetime) -> tuple[Offer, ...]:
    """Return up to three good times for a job without keeping anything of the question."""
    product, business = _product(session, ask.product_id, actor)
    return _offers(_search(session, ask, product, business, actor, now))


def _product(session: Session, product_id: int, actor: Actor) -> tuple[Product, Business]:
    found = session.execute(
        select(Product, Business)
        .join(Business, Business.id == Product.business_id)
        .where(Product.id == product_id)
    ).first()
    if found is None:
        raise NotFound("product_not_found")
    product, business = found
    near = next(iter(sorted(actor.site_ids)), 0)
    if not may_act_for(actor, product.business_id, near):
        raise NotFound("product_not_found")
    return product, business


def _search(
    session: Session,
    ask: Ask,
    product: Product,
    business: Business,
    actor: Actor,
    now: datetime,
) -> _Search:
    if not 1 <= ask.quantity <= MOST_PIECES:
        raise Malformed("quantity_out_of_range", quantity=ask.quantity, most=MOST_PIECES)
    machines = _machines(session, ask, business)
    sites = {
        site.id: site
        for site in session.scalars(
            select(Site).where(Site.id.in_({machine.site_id for machine in machines}))
        )
    }
    windows = {site.id: _window(site, ask, actor, now) for site in sites.values()}
    return _Search(
        job_of(product, ask.quantity),
        machines,
        sites,
        _times(session, machines, sites, windows, product.pack, now),
        windows,
        load_reductions(session, business_id=business.id, now=now),
    )


def _machines(session: Session, ask: Ask, business: Business) -> Sequence[Machine]:
    """Return the machines to look at: the one asked for, else those of the nearest houses first.

    Unasked, only what closes the pack is offered: a date coder alone packs nothing.
    """
    query = select(Machine).join(Site, Site.id == Machine.site_id)
    if ask.machine is not None:
        query = query.where(Machine.code == ask.machine)
    else:
        query = query.where(Machine.kind.not_in(BESIDE))
    if ask.site is not None:
        query = query.where(Site.code == ask.site)
    nearness = case(
        (Site.regency_code == business.regency_code, 0),
        (Site.regency_code.startswith(business.regency_code[:2], autoescape=True), 1),
        else_=2,
    )
    machines = session.scalars(
        query.order_by(nearness, Site.id, Machine.id).limit(MOST_MACHINES)
    ).all()
    if ask.machine is not None and not machines:
        raise NotFound("machine_not_found", machine=ask.machine)
    if ask.site is not None and not machines:
        known = session.scalar(select(Site.id).where(Site.code == ask.site))
        if known is None:
            raise NotFound("site_not_found", site=ask.site)
    return machines


def _window(site: Site, ask: Ask, actor: Actor, now: datetime) -> TimeRange:
    """Return the time to look at, within notice and horizon; raises Malformed when it is empty."""
    notice = 0 if may_operate(actor, site.id) else site.notice_minutes
    start = ceil_to_slot(max(ask.from_at or now, now + timedelta(minutes=notice)))
    end = min(ask.to_at or start + LOOK_AHEAD, now + timedelta(days=site.horizon_days))
    if start >= end:
        raise Malformed("window_empty", horizon_days=site.horizon_days)
    return TimeRange(start, end)


def _times(
    session: Session,
    machines: Sequence[Machine],
    sites: dict[int, Site],
    windows: dict[int, TimeRange],
    pack: str,
    now: datetime,
) -> dict[str, MachineTime]:
    specs = load_specs(session, machines=machines, now=now, pack=pack)
    by_site: dict[int, list[Machine]] = defaultdict(list)
    for machine in machines:
        by_site[machine.site_id].append(machine)
    times: dict[str, MachineTime] = {}
    for site_id, group in by_site.items():
        calendar = load_calendar(session, site_id)
        window = windows[site_id]
        whole_days = TimeRange(
            calendar.local_day(calendar.day_of(window.start)).start,
            calendar.local_day(calendar.day_of(window.end)).end,
        )
        neighbours = load_neighbours(
            session, machine_ids=[machine.id for machine in group], window=whole_days
        )
        full = load_operators_full(session, site=sites[site_id], window=whole_days)
        for machine in group:
            times[machine.code] = MachineTime(
                specs[machine.id], calendar, neighbours[machine.id], full
            )
    return times


def _offers(search: _Search) -> tuple[Offer, ...]:
    """Return the best of the nearest houses, each within its own notice and horizon.

    The machines come nearest house first. A house further away is looked at only while fewer
    than three times are found: nobody travels for hours to gain one.
    """
    found: list[Option] = []
    for site_id in dict.fromkeys(machine.site_id for machine in search.machines):
        if len(found) >= ENOUGH:
            break
        times = [
            search.times[machine.code] for machine in search.machines if machine.site_id == site_id
        ]
        best = best_options(times, search.job, search.windows[site_id])
        found += [_reduced(search, site_id, choice.option) for choice in best]
    return tuple(_offer(search, choice) for choice in rank(found))


def _reduced(search: _Search, site_id: int, option: Option) -> Option:
    """Return an option with the price this business would pay in that house."""
    tariff = search.times[option.placement.machine].spec.tariff_per_hour
    minutes = option.placement.phases.work_minutes
    return replace(option, price=price_with(tariff, minutes, search.reductions.at(site_id)).due)


def _offer(search: _Search, choice: Choice) -> Offer:
    placed = choice.option.placement
    machine = search.by_code[placed.machine]
    site = search.sites[machine.site_id]
    spec = search.times[machine.code].spec
    tariff = spec.tariff_per_hour
    cost = price_with(tariff, placed.phases.work_minutes, search.reductions.at(site.id))
    return Offer(
        machine=machine.code,
        machine_name=machine.name,
        site=site.code,
        site_name=site.name,
        zone=site.zone,
        starts_at=placed.starts_at,
        ends_at=placed.ends_at,
        occupied_from=placed.occupied_from,
        phases=placed.phases,
        tariff_per_hour=tariff,
        price=cost.due,
        full_price=cost.full,
        reduction=cost.kind,
        percent_off=cost.percent,
        needs_approval=machine.needs_approval,
        change_until=change_until(starts_at=placed.starts_at, cancel_hours=site.cancel_hours),
        why=choice.why,
        usual_minutes=usual_minutes(
            spec.usual, setup_minutes=spec.setup_minutes, quantity=search.job.quantity
        ),
    )


def _can_be_split(search: _Search) -> bool:
    """Say whether a job fits the days of one machine that closes its pack, in parts."""
    return any(
        split_options([search.times[each.code]], search.job, search.windows[each.site_id])
        for each in search.machines
        if packs_alone(each.kind)
    )


def _refusals(search: _Search, offered: set[str]) -> list[Refusal]:
    found = []
    for machine in search.machines:
        if machine.code in offered:
            continue
        problems = refusals(search.times[machine.code], search.job, search.windows[machine.site_id])
        if problems:
            zone = search.sites[machine.site_id].zone
            told = tuple(problem.told_in(zone) for problem in problems)
            found.append(Refusal(machine.code, machine.name, told))
    return found


def _demand(
    search: _Search,
    ask: Ask,
    product: Product,
    actor: Actor,
    now: datetime,
    refused: Sequence[Refusal],
) -> Demand:
    """Return the unmet wish with its most telling reason: one of time before one of nature."""
    able = [
        refusal
        for refusal in refused
        if not any(problem.code in NATURE for problem in refusal.problems)
    ]
    telling = (able or list(refused))[:1]
    reason = telling[0].problems[0].code if telling else "no_machine"
    machine = search.by_code[able[0].machine] if able else None
    minutes = None
    if machine is not None:
        spec = search.times[machine.code].spec
        minutes = spec.setup_minutes + int(-(-ask.quantity // spec.rate_per_minute))
    asked_site = search.machines[0].site_id if ask.site and search.machines else None
    return Demand(
        at=now,
        reason=reason,
        user_id=actor.id,
        business_id=product.business_id,
        product_id=product.id,
        site_id=machine.site_id if machine else asked_site,
        machine_id=machine.id if machine and ask.machine else None,
        kind=machine.kind if machine else None,
        pack=product.pack,
        quantity=ask.quantity,
        minutes=minutes,
        wanted_from=ask.from_at,
        wanted_to=ask.to_at,
    )


def _is_known(session: Session, row: Demand) -> bool:
    """Say whether the same wish was refused within a day: asking again is not a second wish."""
    same = select(Demand.id).where(
        Demand.at > row.at - timedelta(days=1),
        Demand.user_id == row.user_id,
        Demand.product_id == row.product_id,
        Demand.quantity == row.quantity,
        Demand.reason == row.reason,
    )
    return session.scalars(same.limit(1)).first() is not None
