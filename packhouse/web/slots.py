"""Asking for machine time: three good times, or a day's free starts, or why there is none."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.machines import STAGES, MachineKind
from packhouse.domain.slots import arrive_by
from packhouse.domain.users import Actor, Role
from packhouse.errors import Malformed, NotFound, Problem
from packhouse.forms.bookings.jobs import part_text
from packhouse.forms.slots import DayForm, QuoteForm, SearchForm
from packhouse.i18n.messages import problem_text
from packhouse.i18n.names import name_of
from packhouse.queries.slots import (
    FreeDay,
    House,
    ProductChoice,
    Visit,
    free_day,
    houses,
    machines_for,
    product_choice,
    product_choices,
    usual_house,
)
from packhouse.queries.slots.combined import (
    Combined,
    later_steps,
    split_choices,
    step_choices,
)
from packhouse.services import slots
from packhouse.services.slots import Ask, Quote, Refusal
from packhouse.web.access import Access, allow, current_actor

bp = Blueprint("slots", __name__)

# A refusal for one of these reasons is the machine's nature; the others are about time.
NATURE = {"pack_not_handled", "lane_mismatch", "machine_not_yet_commissioned", "machine_retired"}
FARTHEST = timedelta(days=400)
LATER = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class RefusalGroup:
    """Machines that refuse for the same reason."""

    problem: Problem
    machines: tuple[str, ...]


# With closing the pack these are three machines on one day.
MOST_LATER = 2


@dataclass(frozen=True, slots=True)
class WayForward:
    """What a person can do when there is no time: a sentence and the address behind it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class MoreWays:
    """A job spread over days, or taken on to later machines: ``then`` are the kinds asked for.

    ``after`` are kinds that can follow them.
    """

    splits: tuple[Combined, ...] = ()
    kinds: tuple[MachineKind, ...] = ()
    then: tuple[MachineKind, ...] = ()
    after: tuple[MachineKind, ...] = ()
    steps: tuple[Combined, ...] = ()


@bp.app_template_filter("arrival")
def arrival(starts_at: datetime) -> datetime:
    """Return when to be at the house for a visit."""
    return arrive_by(starts_at)


@bp.app_template_filter("day_in")
def day_in(instant: datetime, zone: str) -> str:
    """Return the local day of an instant as an address wants it."""
    return instant.astimezone(ZoneInfo(zone)).date().isoformat()


@bp.get("/quote")
@allow(Access.PRODUCER)
def quote() -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    search = SearchForm(request.args)
    places = houses()
    form = _quote_form(actor, search.q.data or "", places)
    if "quantity" not in request.args:
        if "site" not in request.args:
            form.site.data = usual_house(actor=actor)
        return _page(form, search)
    if not form.validate():
        return _page(form, search), 422
    zone = next((each.zone for each in places if each.code == form.site.data), None)
    ask = Ask(
        product_id=form.product.data,
        quantity=form.quantity.data or 0,
        site=form.site.data or None,
        from_at=_midnight(form.from_day.data, zone, now),
    )
    try:
        found = slots.quote(ask=ask, actor=actor, now=now)
    except Malformed as refusal:
        form.form_errors.extend(problem_text(each.code, each.facts) for each in refusal.problems)
        return _page(form, search), 422
    product = product_choice(product_id=ask.product_id, actor=actor)
    session["business"] = product.business_id  # What she does next is likely for the same one.
    return _page(
        form, search, found=found, product=product, ask=ask, more=_more(product, ask, found)
    )


def _more(product: ProductChoice, ask: Ask, found: Quote) -> MoreWays:
    """Return what one time on one machine cannot do: several days, or several machines."""
    actor, now = current_actor(), clock.now()
    asked: dict[str, Any] = {
        "product": product, "quantity": ask.quantity, "from_at": ask.from_at,
        "actor": actor, "now": now,
    }  # fmt: skip
    if not found.offers:
        return MoreWays(splits=split_choices(site=ask.site, **asked))
    house = found.offers[0].site
    kinds = later_steps(product=product, site=house, now=now)
    then = _in_order([each for each in kinds if each in request.args.getlist("with")])
    steps = step_choices(site=house, then=then, **asked) if then else ()
    last = STAGES[then[-1]] if then else None
    after = [each for each in kinds if last and len(then) < MOST_LATER and STAGES[each] > last]
    return MoreWays(kinds=kinds, then=then, after=tuple(after), steps=steps)


def _in_order(kinds: Sequence[MachineKind]) -> tuple[MachineKind, ...]:
    """Return at most two kinds in the order of the work, one a stage."""
    found: list[MachineKind] = []
    for kind in sorted(kinds, key=lambda each: STAGES[each]):
        if not found or STAGES[kind] > STAGES[found[-1]]:
            found.append(kind)
    return tuple(found[:MOST_LATER])


def _job_url(product: ProductChoice, quantity: int, choice: Combined) -> str:
    parts = [
        part_text(each.visit.machine, each.visit.starts_at, each.quantity) for each in choice.pieces
    ]
    return url_for("bookings.job_new", product=product.id, quantity=quantity, part=parts)


@bp.get("/quote/times")
@allow(Access.PRODUCER)
def times() -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    product = product_choice(product_id=_number(request.args.get("product")), actor=actor)
    machines = machines_for(product=product, now=now)
    form = DayForm(request.args)
    form.machine.choices = [(each.code, f"{each.name} · {each.site_name}") for each in machines]
    if not machines or not form.validate():
        back = url_for("slots.quote", product=product.id, quantity=request.args.get("quantity"))
        page = render_template("slots/times.html", form=form, product=product, free=None, back=back)
        return page, 422 if machines else 200
    free = free_day(
        product=product,
        quantity=form.quantity.data or 0,
        machine=form.machine.data,
        day=form.day.data,
        actor=actor,
        now=now,
    )
    form.day.data = free.day
    kept: dict[str, Any] = {"product": product.id, "quantity": form.quantity.data}
    return render_template(
        "slots/times.html",
        form=form,
        product=product,
        free=free,
        kept=kept,
        halves=_halves(free),
        days=[_day_after(free.day, -1), _day_after(free.day, 1)],
        back=url_for("slots.quote", **kept, site=free.machine.site),
    )


def _halves(free: FreeDay) -> list[tuple[str, list[Visit]]]:
    noon = datetime.combine(free.day, time(12), tzinfo=ZoneInfo(free.machine.zone))
    return [
        (_("Pagi"), [each for each in free.visits if each.starts_at < noon]),
        (_("Siang"), [each for each in free.visits if each.starts_at >= noon]),
    ]


def _page(
    form: QuoteForm,
    search: SearchForm,
    *,
    found: Quote | None = None,
    product: ProductChoice | None = None,
    ask: Ask | None = None,
    more: MoreWays | None = None,
) -> str:
    telling = _telling(found.refusals) if found else None
    return render_template(
        "slots/quote.html",
        form=form,
        search=search,
        searches=current_actor().role != Role.PRODUCER,
        found=found,
        product=product,
        ask=ask,
        more=more or MoreWays(),
        job_url=_job_url,
        groups=_grouped(found.refusals) if found else (),
        telling=telling,
        ways=_ways(ask, telling) if found and ask and not found.offers else (),
    )


def _quote_form(actor: Actor, search: str, places: Sequence[House]) -> QuoteForm:
    form = QuoteForm(request.args)
    choices = list(product_choices(actor=actor, search=search))
    given = request.args.get("product")
    if given and given not in {str(each.id) for each in choices}:
        with suppress(NotFound):  # The form says that this is none of her choices.
            choices.append(product_choice(product_id=_number(given), actor=actor))
    choices.sort(key=lambda each: each.business_id != session.get("business"))
    named = len({each.business_id for each in choices}) > 1 or actor.role != Role.PRODUCER
    options: list[tuple[object, str]] = [(each.id, _label(each, named)) for each in choices]
    if len(options) > 1:
        options.insert(0, ("", _("Pilih produk")))
    form.product.choices = options
    form.site.choices = [("", _("Semua, yang terdekat dahulu"))] + [
        (each.code, each.name) for each in places
    ]
    return form


def _label(product: ProductChoice, named: bool) -> str:
    label = f"{product.name} · {name_of('pack', product.pack)}"
    return f"{label} · {product.business_name}" if named else label


def _number(text: str | None) -> int:
    """Return the id in an address; one that is none is that of nothing."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _midnight(day: date | None, zone: str | None, now: datetime) -> datetime | None:
    """Return when a local day begins; a day that has passed means from now on."""
    if day is None:
        return None
    here = ZoneInfo(zone or str(current_app.config["ZONE"]))
    today = now.astimezone(here).date()
    if day <= today:
        return None
    return datetime.combine(min(day, today + FARTHEST), time(), tzinfo=here)


def _day_after(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _grouped(refusals: Sequence[Refusal]) -> tuple[RefusalGroup, ...]:
    """Group what refuses by its first reason, that of time before that of nature."""
    groups: dict[str, tuple[Problem, list[str]]] = {}
    for refusal in refusals:
        problem = refusal.problems[0]
        name = f"{refusal.machine_name} ({refusal.machine})"
        groups.setdefault(problem.code, (problem, []))[1].append(name)
    ordered = sorted(groups.values(), key=lambda group: group[0].code in NATURE)
    return tuple(RefusalGroup(problem, tuple(names)) for problem, names in ordered)


def _telling(refusals: Sequence[Refusal]) -> Problem | None:
    """Return the reason that says most: time, then the lane alone, then the pack."""

    def weight(refusal: Refusal) -> int:
        codes = {problem.code for problem in refusal.problems}
        if not codes & NATURE:
            return 0
        return 1 if codes == {"lane_mismatch"} else 2

    best = min(refusals, key=weight, default=None)
    return best.problems[0] if best else None


def _ways(ask: Ask, telling: Problem | None) -> tuple[WayForward, ...]:
    """Return where to go from a refusal: never nowhere."""
    kept: dict[str, Any] = {"product": ask.product_id, "quantity": ask.quantity}
    ways = []
    code = telling.code if telling else "no_machine"
    fits = telling.facts.get("quantity_per_day") if telling else None
    if code == "longer_than_day" and fits:
        url = url_for("slots.quote", **kept | {"site": ask.site, "quantity": fits})
        ways.append(WayForward(_("Pesan %(quantity)s kemasan dahulu", quantity=fits), url))
    if code in ("no_free_time", "closed_window"):
        later = ((ask.from_at or clock.now()) + LATER).date()
        url = url_for("slots.quote", **kept | {"site": ask.site, "from": later.isoformat()})
        ways.append(WayForward(_("Cari dua pekan berikutnya"), url))
    if ask.site:
        url = url_for("slots.quote", **kept)
        ways.append(WayForward(_("Cari di semua rumah kemasan"), url))
    elsewhere = (
        ("machines.index", _("Lihat mesin dan kemasannya")),
        ("products.index", _("Lihat produk saya")),
    )
    ways += [WayForward(label, url_for(name)) for name, label in elsewhere]
    return tuple(ways)
