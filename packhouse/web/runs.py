"""The operator's day: the board of a house, a session on one machine, and whoever just came."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import (
    Conflict,
    Malformed,
    NotFound,
    PackhouseError,
    RuleBroken,
    SlotTaken,
    WrongState,
)
from packhouse.forms import new_key
from packhouse.forms.bookings import BookForm
from packhouse.forms.runs import FinishForm, PauseForm, WalkInForm, pause_reasons
from packhouse.i18n.messages import problem_text
from packhouse.i18n.names import name_of
from packhouse.queries.bookings.orders import lot_codes
from packhouse.queries.runs import Action, Board, House, board_sites, day_board, session_view
from packhouse.queries.slots import machines_for, product_choice, product_choices
from packhouse.services import bookings, runs, slots
from packhouse.services.slots import Ask, Quote
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.errors import status_of
from packhouse.web.waitlist import words_for_no_show

bp = Blueprint("runs", __name__)

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
DIGITS = 19
WALL_SECONDS = "60"
NEARBY = 3  # How many who come later are told beside the timeline.


# --- the board ----------------------------------------------------------------------------------


@bp.get("/board")
@allow(Access.STAFF)
def board() -> ResponseReturnValue:
    typed = request.args.get("code")
    if typed is not None:
        return _found(typed)
    houses = board_sites(actor=current_actor())
    if not houses:
        return render_template("runs/nowhere.html")
    house = _chosen_house(houses)
    now = clock.now()
    today = now.astimezone(ZoneInfo(house.zone)).date()
    shown = day_board(site_id=house.id, day=_chosen_day(today), now=now, actor=current_actor())
    if request.args.get("layar"):
        # Nobody reads on at a wall: it may turn the page by itself.
        return render_template("runs/wall.html", board=shown), {"Refresh": WALL_SECONDS}
    if request.args.get("cetak"):
        codes = [job.code for machine in shown.machines for job in machine.jobs]
        return render_template("runs/sheet.html", board=shown, lots=lot_codes(codes=codes))
    return _board_page(shown, houses, today)


def _board_page(shown: Board, houses: Sequence[House], today: date) -> str:
    return render_template(
        "runs/board.html",
        board=shown,
        houses=houses,
        today=today,
        days=(shown.day - timedelta(days=1), shown.day + timedelta(days=1)),
        nearby=NEARBY,
    )


def _found(typed: str) -> ResponseReturnValue:
    """Go to the session of a code as it was typed, said over the phone, or read from a QR code."""
    code = typed.strip().rstrip("/").rpartition("/")[2].strip().upper().replace(" ", "-")
    try:
        session_view(code=code, actor=current_actor(), now=clock.now())
    except NotFound:
        flash(_("Tidak ada reservasi dengan kode %(code)s di rumah kemasan ini.", code=code))
        return redirect(url_for("runs.board"), code=303)
    return redirect(url_for("runs.session", code=code), code=303)


def _chosen_house(houses: Sequence[House]) -> House:
    code = request.args.get("site")
    if not code:
        return houses[0]
    for house in houses:
        if house.code == code:
            return house
    raise NotFound("site_not_found", site=code)


def _chosen_day(today: date) -> date:
    text = request.args.get("day")
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Malformed from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise Malformed
    return day


# --- a session ----------------------------------------------------------------------------------


@bp.get("/bookings/<code>/session")
@allow(Access.STAFF)
def session(code: str) -> ResponseReturnValue:
    return _session_page(code)


def _session_page(code: str, refused: PackhouseError | None = None) -> ResponseReturnValue:
    """Show the session as it stands now, and why the last tap changed nothing."""
    page = render_template(
        "runs/session.html",
        view=session_view(code=code, actor=current_actor(), now=clock.now()),
        problems=_told(refused),
        reasons=pause_reasons(),
    )
    return page, 200 if refused is None else status_of(refused)


@bp.post("/bookings/<code>/check-in")
@allow(Access.STAFF)
def check_in(code: str) -> ResponseReturnValue:
    refused = _try(lambda: runs.check_in(code=code, actor=current_actor(), now=clock.now()))
    if refused is not None:
        return _session_page(code, refused)
    site = request.form.get("board")
    if site:
        flash(_("%(code)s sudah dicatat hadir.", code=code), "success")
        return redirect(url_for("runs.board", site=site), code=303)
    return redirect(url_for("runs.session", code=code), code=303)


@bp.post("/bookings/<code>/start")
@allow(Access.STAFF)
def start(code: str) -> ResponseReturnValue:
    return _step(code, lambda: runs.start(code=code, actor=current_actor(), now=clock.now()))


@bp.post("/bookings/<code>/pause")
@allow(Access.STAFF)
def pause(code: str) -> ResponseReturnValue:
    form = PauseForm()
    if not form.validate():
        raise Malformed("reason_unknown")
    reason = form.reason.data or ""
    return _step(
        code,
        lambda: runs.pause(code=code, reason=reason, actor=current_actor(), now=clock.now()),
    )


@bp.post("/bookings/<code>/resume")
@allow(Access.STAFF)
def resume(code: str) -> ResponseReturnValue:
    return _step(code, lambda: runs.resume(code=code, actor=current_actor(), now=clock.now()))


def _step(code: str, act: Callable[[], object]) -> ResponseReturnValue:
    refused = _try(act)
    if refused is not None:
        return _session_page(code, refused)
    return redirect(url_for("runs.session", code=code), code=303)


def _try(act: Callable[[], object]) -> PackhouseError | None:
    """Return why the house refuses; the screen then shows how things stand."""
    try:
        act()
    except (Conflict, RuleBroken) as refused:
        return refused
    return None


def _told(refused: PackhouseError | None) -> list[str]:
    problems = refused.problems if refused is not None else ()
    return [problem_text(problem.code, problem.facts) for problem in problems]


# --- the count ----------------------------------------------------------------------------------


@bp.get("/bookings/<code>/finish")
@allow(Access.STAFF)
def count(code: str) -> ResponseReturnValue:
    view = session_view(code=code, actor=current_actor(), now=clock.now())
    if Action.FINISH not in view.job.actions:
        return redirect(url_for("runs.session", code=code), code=303)
    form = FinishForm(formdata=None, data={"idempotency_key": new_key()})
    return render_template("runs/finish.html", view=view, form=form, unusual=False)


@bp.post("/bookings/<code>/finish")
@allow(Access.STAFF)
def finish(code: str) -> ResponseReturnValue:
    form = FinishForm()
    actor, now = current_actor(), clock.now()
    view = session_view(code=code, actor=actor, now=now)
    valid = form.validate()
    unusual = valid and form.is_unusual(view.job.quantity) and not form.sure.data
    if not valid or unusual:
        return render_template("runs/finish.html", view=view, form=form, unusual=unusual), 422
    key = (form.idempotency_key.data or "")[:200] or None
    counts = form.counts
    refused = _try(lambda: runs.finish(code=code, counts=counts, actor=actor, now=now, key=key))
    if refused is not None:
        return _session_page(code, refused)
    flash(
        _(
            "%(code)s selesai: %(good)s baik, %(rejected)s gagal.",
            code=code,
            good=counts.good,
            rejected=counts.rejected,
        ),
        "success",
    )
    return redirect(url_for("runs.board", site=view.site.code), code=303)


# --- who did not come ---------------------------------------------------------------------------


@bp.get("/bookings/<code>/no-show")
@allow(Access.STAFF)
def absent(code: str) -> ResponseReturnValue:
    return _absent_page(code)


def _absent_page(code: str, refused: PackhouseError | None = None) -> ResponseReturnValue:
    view = session_view(code=code, actor=current_actor(), now=clock.now())
    page = render_template("runs/no_show.html", view=view, problems=_told(refused))
    return page, 200 if refused is None else status_of(refused)


@bp.post("/bookings/<code>/no-show")
@allow(Access.STAFF)
def no_show(code: str) -> ResponseReturnValue:
    actor = current_actor()
    now = clock.now()
    refused = _try(lambda: runs.no_show(code=code, actor=actor, now=now))
    if refused is not None:
        return _absent_page(code, refused)
    view = session_view(code=code, actor=actor, now=now)
    flash(words_for_no_show(code, view.job.machine, view.site.zone, now), "success")
    return redirect(url_for("runs.board", site=view.site.code), code=303)


# --- who came without a booking -----------------------------------------------------------------


@bp.get("/walk-in")
@allow(Access.STAFF)
def walk_in() -> ResponseReturnValue:
    house = _house_or_refuse()
    form = _walk_in_form(house)
    if not (request.args.get("product") and request.args.get("quantity")):
        return _walk_in_page(house, form)
    if not form.validate():
        return _walk_in_page(house, form), 422
    found, problems = _quote(house, form.product.data, form.quantity.data or 0, form.machine.data)
    page = _walk_in_page(house, form, found=found, problems=problems)
    return page, 422 if problems else 200


@bp.post("/walk-in")
@allow(Access.STAFF)
def admit() -> ResponseReturnValue:
    """Book the time that was tapped, note that she is there, and go to the machine."""
    form = BookForm()
    if not form.validate():
        raise Malformed
    actor, now = current_actor(), clock.now()
    key = (form.idempotency_key.data or "")[:200] or None
    try:
        answer = bookings.book(wish=form.wish, actor=actor, now=now, key=key, source="walk_in")
    except (SlotTaken, RuleBroken) as refused:
        return _taken(form, refused)
    code = str(answer["code"])
    # A second tap finds the run begun already, a booking for another day waits for its day.
    with suppress(WrongState, RuleBroken):
        runs.check_in(code=code, actor=actor, now=now)
    return redirect(url_for("runs.session", code=code), code=303)


def _taken(form: BookForm, refused: PackhouseError) -> ResponseReturnValue:
    """Say why that time is gone, and offer what is free now."""
    house, wish = _house_or_refuse(), form.wish
    asked = _walk_in_form(house, product=wish.product_id, quantity=wish.quantity)
    found, problems = _quote(house, wish.product_id, wish.quantity, "")
    page = _walk_in_page(house, asked, found=found, problems=[*_told(refused), *problems])
    return page, status_of(refused)


def _house_or_refuse() -> House:
    houses = board_sites(actor=current_actor())
    if not houses:
        raise NotFound("site_not_found")
    return _chosen_house(houses)


def _walk_in_form(
    house: House, *, product: int | None = None, quantity: int | None = None
) -> WalkInForm:
    given = request.args if product is None else None
    form = WalkInForm(given, data={"product": product, "quantity": quantity})
    chosen = product or request.args.get("product", type=_row_id)
    actor, now = current_actor(), clock.now()
    choices = list(product_choices(actor=actor, search=form.q.data or ""))
    machines: list[tuple[str, str]] = []
    if chosen is not None:
        with suppress(NotFound):  # The form says that this is none of the choices.
            known = product_choice(product_id=chosen, actor=actor)
            choices += [known] if known not in choices else []
            machines = [
                (each.code, f"{each.name} ({each.code})")
                for each in machines_for(product=known, now=now)
                if each.site == house.code
            ]
    form.product.choices = [
        (each.id, f"{each.business_name} · {each.name} · {name_of('pack', each.pack)}")
        for each in choices
    ]
    wanted = request.args.get("machine", "")
    if wanted and wanted not in {code for code, _name in machines}:
        machines.append((wanted, wanted))
    form.machine.choices = [("", _("Yang paling cepat kosong")), *machines]
    return form


def _row_id(text: str) -> int:
    """Read the id of a row; longer numbers than a database holds are none."""
    if len(text) >= DIGITS:
        raise ValueError(text)
    return int(text)


def _quote(
    house: House, product: int, quantity: int, machine: str | None
) -> tuple[Quote | None, list[str]]:
    """Return times for today; a wish that cannot be served is kept as unmet demand."""
    now = clock.now()
    midnight = now.astimezone(ZoneInfo(house.zone)).replace(hour=0, minute=0, second=0)
    ask = Ask(
        product_id=product,
        quantity=quantity,
        site=house.code,
        machine=machine or None,
        from_at=now,
        to_at=(midnight + timedelta(days=1)).astimezone(UTC),
    )
    try:
        return slots.quote(ask=ask, actor=current_actor(), now=now), []
    except Malformed as refused:
        return None, _told(refused)


def _walk_in_page(
    house: House,
    form: WalkInForm,
    *,
    found: Quote | None = None,
    problems: Sequence[str] = (),
) -> str:
    offers = sorted(found.offers, key=lambda each: each.starts_at) if found else []
    return render_template(
        "runs/walk_in.html",
        house=house,
        form=form,
        offers=[(each, new_key()) for each in offers],
        refusals=found.refusals if found else (),
        asked=found is not None,
        problems=problems,
        now=clock.now(),
    )
