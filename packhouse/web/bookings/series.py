"""Wishes that come back: what fits, booked in one go, and changed together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from packhouse import clock
from packhouse.domain.bookings import CANCELLABLE, MOVABLE
from packhouse.domain.permissions import STAFF, may_act_for, may_operate
from packhouse.errors import Malformed, NotFound, Problem, RuleBroken, SlotTaken, WrongState
from packhouse.forms import new_key
from packhouse.forms.bookings.series import (
    AskRepeatForm,
    CancelSeriesForm,
    DateForm,
    MoveSeriesForm,
    RepeatForm,
)
from packhouse.i18n import formats
from packhouse.i18n.formats import machine_time
from packhouse.i18n.locale import current_locale
from packhouse.i18n.messages import problem_text
from packhouse.queries.bookings.series import (
    SeriesDetail,
    SeriesVisit,
    fair_use,
    series_detail,
    series_list,
)
from packhouse.queries.slots import MachineChoice, machines_for, product_choice
from packhouse.queries.slots.repeating import DateCheck, DateChoice, check_dates
from packhouse.services import bookings
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.frame import bp, may_excuse, told
from packhouse.web.errors import status_of

THREE_WEEKS = timedelta(days=21)


@bp.get("/series")
@allow(Access.PRODUCER)
def series_index() -> str:
    return render_template("bookings/series_index.html", found=series_list(actor=current_actor()))


@bp.get("/fair-use")
@allow(Access.PRODUCER)
def use_of_limits() -> str:
    now = clock.now()
    uses = [fair_use(business_id=each, now=now) for each in sorted(current_actor().business_ids)]
    return render_template("bookings/fair_use.html", uses=uses)


# --- a new one ----------------------------------------------------------------------------------


@bp.get("/series/new")
@allow(Access.PRODUCER)
def series_new() -> ResponseReturnValue:
    form = AskRepeatForm(request.args)
    asked = "last_day" in request.args
    valid = form.validate()
    if any(name in form.errors for name in ("product", "quantity", "machine", "starts_at")):
        raise Malformed
    return _plan_page(form, (), checked=asked and valid), 422 if asked and not valid else 200


@bp.post("/series")
@allow(Access.PRODUCER)
def series_create() -> ResponseReturnValue:
    form = RepeatForm()
    if not form.validate():
        raise Malformed
    actor = current_actor()
    home = _home(form)
    try:
        answer = bookings.book_series(
            wish=form.repeated(home.zone),
            chosen=form.ticked,
            actor=actor,
            now=clock.now(),
            key=(form.idempotency_key.data or "")[:200] or None,
            source="desk" if actor.role in STAFF else "online",
            override=(form.override.data or "") if actor.role in STAFF else "",
        )
    except RuleBroken as refused:
        return _plan_page(form, refused.problems, checked=True), status_of(refused)
    count = len(answer["bookings"])
    flash(ngettext("%(num)s tanggal dipesan.", "%(num)s tanggal dipesan.", count), "success")
    return redirect(url_for("bookings.series_show", code=answer["code"]), code=303)


def _plan_page(form: RepeatForm, refused: Sequence[Problem], *, checked: bool) -> str:
    actor, now = current_actor(), clock.now()
    home = _home(form)
    product = product_choice(product_id=form.wish.product_id, actor=actor)
    checks: tuple[DateCheck, ...] = ()
    problems = _dated(refused)
    if "last_day" not in request.values:
        form.last_day.data = form.first_day(home.zone) + THREE_WEEKS
        form.last_day.errors = ()
    if checked:
        try:
            wish = form.repeated(home.zone)
            checks = check_dates(
                product=product, quantity=wish.quantity, machine=wish.machine,
                minute_of_day=wish.minute_of_day, days=wish.rule.dates, actor=actor, now=now,
            )  # fmt: skip
        except Malformed as unreadable:
            problems += told(unreadable.problems)
    ticked = set(form.chosen.data or ()) if request.method == "POST" else None
    return render_template(
        "bookings/series_new.html",
        form=form,
        key=new_key(),
        product=product,
        home=home,
        first_day=form.first_day(home.zone),
        checked=checked,
        dates=[(each, _box(each.day, each.choice), told(each.problems)) for each in checks],
        ticked=ticked,
        problems=problems,
        may_override=may_excuse(actor, refused) or any(each.beyond for each in checks),
    )  # fmt: skip


def _home(form: RepeatForm) -> MachineChoice:
    """Return the machine the wish is meant for, among those that can take its product."""
    product = product_choice(product_id=form.wish.product_id, actor=current_actor())
    for each in machines_for(product=product, now=clock.now()):
        if each.code == form.wish.machine:
            return each
    raise NotFound("machine_not_found", machine=form.wish.machine)


def _box(day: date, choice: DateChoice | None) -> str:
    """Return what a ticked box sends: the day, and the time that was shown for it."""
    return f"{day}|{choice.machine}|{machine_time(choice.starts_at)}" if choice else ""


def _dated(problems: Iterable[Problem]) -> list[str]:
    return [_dated_text(problem.code, problem.facts) for problem in problems]


def _dated_text(code: str, facts: Mapping[str, object]) -> str:
    text, day = problem_text(code, facts), facts.get("day")
    return f"{_day(day)}: {text}" if isinstance(day, date) else text


def _day(day: date) -> str:
    return formats.local_date(day, "UTC", locale=current_locale(), style="medium")


# --- one ----------------------------------------------------------------------------------------


@bp.get("/series/<code>")
@allow(Access.PRODUCER)
def series_show(code: str) -> str:
    return _series_page(series_detail(code=code, actor=current_actor()), ())


def _series_page(
    detail: SeriesDetail, problems: Iterable[str], excused: DateForm | None = None
) -> str:
    """Show a series; ``excused`` is the date that only limits of fair use refuse the staff."""
    actor, now = current_actor(), clock.now()
    series = detail.series
    kept = {each.day: each for each in detail.visits}
    skipped = [
        day
        for day in detail.dates
        if day not in kept
        or kept[day].state not in (*CANCELLABLE, "running", "finished", "no_show")
    ]
    acts = may_act_for(actor, series.business_id, series.site_id)
    product = product_choice(product_id=series.product_id, actor=actor)
    checks = check_dates(
        product=product, quantity=series.quantity, machine=series.machine,
        minute_of_day=series.minute_of_day, days=skipped, actor=actor, now=now,
    )  # fmt: skip
    return render_template(
        "bookings/series_show.html",
        series=series,
        rows=[(day, kept.get(day)) for day in detail.dates],
        skipped={
            each.day: (each, _box(each.day, each.choice), told(each.problems)) for each in checks
        },
        acts=acts,
        movable=acts and bool(_movable(detail)),
        cancellable=acts and bool(_cancellable(detail)),
        problems=list(problems),
        excused=excused,
        new_key=new_key,
        now=now,
    )


@bp.post("/series/<code>/dates")
@allow(Access.PRODUCER)
def series_restore(code: str) -> ResponseReturnValue:
    actor, form = current_actor(), DateForm()
    detail = series_detail(code=code, actor=actor)
    if not form.validate():
        raise Malformed
    try:
        bookings.restore_date(
            code=code,
            chosen=form.date,
            actor=actor,
            now=clock.now(),
            key=(form.idempotency_key.data or "")[:200] or None,
            source="desk" if actor.role in STAFF else "online",
            override=(form.override.data or "") if actor.role in STAFF else "",
        )
    except (RuleBroken, SlotTaken, WrongState) as refused:
        excused = form if may_excuse(actor, refused.problems) else None
        return _series_page(detail, told(refused.problems), excused), status_of(refused)
    flash(_("Tanggal itu sudah dipesan."), "success")
    return redirect(url_for("bookings.series_show", code=code), code=303)


# --- changed together ---------------------------------------------------------------------------


def _movable(detail: SeriesDetail) -> list[SeriesVisit]:
    """Return the visits that this person may still move together with others."""
    now, staff = clock.now(), may_operate(current_actor(), detail.series.site_id)
    return [
        each
        for each in detail.visits
        if each.state in MOVABLE
        and each.starts_at > now
        and (staff or each.state != "confirmed" or now <= each.change_until)
    ]


def _cancellable(detail: SeriesDetail) -> list[SeriesVisit]:
    now = clock.now()
    return [each for each in detail.visits if each.state in CANCELLABLE and each.starts_at > now]


def _offered(visits: list[SeriesVisit]) -> list[tuple[date, str]]:
    return [(each.day, _day(each.day)) for each in visits]


@bp.get("/series/<code>/move")
@allow(Access.PRODUCER)
def series_move(code: str) -> str:
    detail = series_detail(code=code, actor=current_actor())
    hour, minute = divmod(detail.series.minute_of_day, 60)
    form = MoveSeriesForm(
        formdata=None,
        data={"from_day": request.args.get("from", ""), "idempotency_key": new_key()},
    )
    form.time.process_data(clock.now().replace(hour=hour, minute=minute).time())
    return _change_page("bookings/series_move.html", detail, form, _movable(detail))


@bp.post("/series/<code>/move")
@allow(Access.PRODUCER)
def series_relocate(code: str) -> ResponseReturnValue:
    actor, form = current_actor(), MoveSeriesForm()
    detail = series_detail(code=code, actor=actor)
    form.offer(_offered(_movable(detail)))
    page = "bookings/series_move.html"
    if not form.validate():
        return _change_page(page, detail, form, _movable(detail)), 422
    try:
        bookings.move_series(
            code=code,
            from_day=form.day,
            minute_of_day=form.minute,
            actor=actor,
            now=clock.now(),
            key=(form.idempotency_key.data or "")[:200] or None,
        )
    except RuleBroken as refused:
        form.idempotency_key.data = new_key()
        problems = _dated(refused.problems)
        return _change_page(page, detail, form, _movable(detail), problems), status_of(refused)
    flash(_("Semua tanggal yang dipilih sudah dipindah."), "success")
    return redirect(url_for("bookings.series_show", code=code), code=303)


@bp.get("/series/<code>/cancel")
@allow(Access.PRODUCER)
def series_cancel(code: str) -> str:
    detail = series_detail(code=code, actor=current_actor())
    form = CancelSeriesForm(formdata=None, data={"from_day": request.args.get("from", "")})
    return _change_page("bookings/series_cancel.html", detail, form, _cancellable(detail))


@bp.post("/series/<code>/cancel")
@allow(Access.PRODUCER)
def series_call_off(code: str) -> ResponseReturnValue:
    actor, form = current_actor(), CancelSeriesForm()
    detail = series_detail(code=code, actor=actor)
    form.offer(_offered(_cancellable(detail)))
    if not form.validate():
        visits = _cancellable(detail)
        return _change_page("bookings/series_cancel.html", detail, form, visits), 422
    answer = bookings.cancel_series(
        code=code, from_day=form.day, actor=actor, now=clock.now(), reason=form.reason.data or ""
    )
    count = len(answer["bookings"])
    flash(
        ngettext("%(num)s reservasi dibatalkan.", "%(num)s reservasi dibatalkan.", count),
        "success",
    )
    return redirect(url_for("bookings.series_show", code=code), code=303)


def _change_page(
    template: str,
    detail: SeriesDetail,
    form: Any,
    visits: list[SeriesVisit],
    problems: Iterable[str] = (),
) -> str:
    form.offer(_offered(visits))
    now = clock.now()
    return render_template(
        template,
        series=detail.series,
        form=form,
        visits=[(each, now > each.change_until and each.state == "confirmed") for each in visits],
        problems=list(problems),
    )
