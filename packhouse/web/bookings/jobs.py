"""A job of several parts: shown, moved and cancelled as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.bookings import State
from packhouse.domain.permissions import may_act_for, may_enter, may_operate
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotFound, Problem, RuleBroken, SlotTaken, Stale
from packhouse.forms import new_key
from packhouse.forms.bookings import StartForm
from packhouse.forms.bookings.jobs import CancelJobForm
from packhouse.i18n.messages import problem_text
from packhouse.queries.bookings import BookingItem
from packhouse.queries.bookings.jobs import JobDetail, job_detail
from packhouse.queries.slots import shifted, times_together
from packhouse.services import bookings
from packhouse.services.bookings import Shift
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.bookings.frame import bp, fixed_by, told
from packhouse.web.errors import status_of
from packhouse.web.waitlist import ask_next


@dataclass(frozen=True, slots=True)
class JobAbilities:
    """What this person may do with this job now; the services check the same."""

    act: bool
    move: bool
    cancel: bool
    late: bool


def job_abilities(actor: Actor, job: JobDetail, now: datetime) -> JobAbilities:
    first = job.parts[0]
    acts = may_act_for(actor, first.business_id, first.site_id)
    bound = [
        each
        for each in job.open
        if each.state == State.CONFIRMED and not may_operate(actor, each.site_id)
    ]
    late = any(now > each.change_until for each in bound)
    movable = bool(job.open) and all(each.is_movable for each in job.open)
    cancellable = any(each.is_cancellable for each in job.open)
    return JobAbilities(acts, acts and movable and not late, acts and cancellable, late)


def of_parts(problems: Sequence[Problem]) -> list[str]:
    """Return what refuses a job, each with the number of the part it is about."""
    return [_of_part(problem) for problem in problems]


def _of_part(problem: Problem) -> str:
    text, part = problem_text(problem.code, problem.facts), problem.facts.get("part")
    if part is None or problem.code.startswith("steps_"):  # Those say it themselves.
        return text
    return str(_("Bagian %(part)s: %(problem)s", part=part, problem=text))


# --- shown --------------------------------------------------------------------------------------


@bp.get("/jobs/<code>")
@allow(Access.SIGNED_IN)
def job_show(code: str) -> str:
    actor, now = current_actor(), clock.now()
    job = job_detail(code=code, actor=actor)
    return render_template(
        "bookings/job.html",
        job=job,
        may=job_abilities(actor, job, now),
        now=now,
        has_list=may_enter(actor, Access.PRODUCER),
    )


# --- moved --------------------------------------------------------------------------------------


@bp.get("/jobs/<code>/move")
@allow(Access.PRODUCER)
def job_move(code: str) -> str:
    job = job_detail(code=code, actor=current_actor())
    local = job.first.starts_at.astimezone(ZoneInfo(job.first.zone))
    data = {
        "day": local.date(),
        "time": local.time(),
        "version": job.version,
        "idempotency_key": new_key(),
    }
    return _move_page(job, StartForm(formdata=None, data=data), ())


@bp.post("/jobs/<code>/move")
@allow(Access.PRODUCER)
def job_relocate(code: str) -> ResponseReturnValue:
    actor, form = current_actor(), StartForm()
    job = job_detail(code=code, actor=actor)
    if not form.validate():
        return _move_page(job, form, ()), 422
    try:
        bookings.move_job(
            code=code,
            shifts=shifts_of(job.open, form.instant(job.first.zone)),
            actor=actor,
            now=clock.now(),
            version=form.version.data,
            key=(form.idempotency_key.data or "")[:200] or None,
        )
    except (SlotTaken, RuleBroken, Stale) as refused:
        form.idempotency_key.data = new_key()
        form.version.data = job.version
        return _move_page(job, form, of_parts(refused.problems)), status_of(refused)
    ask_next()
    flash(_("Semua bagian sudah dipindah."), "success")
    return redirect(url_for("bookings.job_show", code=code), code=303)


def shifts_of(group: Sequence[BookingItem], starts_at: datetime) -> tuple[Shift, ...]:
    """Return where each goes when the first begins then: as far on the clock as that one."""
    first, zone = group[0], ZoneInfo(group[0].zone)

    def on_the_wall(instant: datetime) -> datetime:
        return instant.astimezone(zone).replace(tzinfo=None)

    by = on_the_wall(starts_at) - on_the_wall(first.starts_at)
    try:
        return tuple(
            Shift(each.code, each.machine, shifted(each.starts_at, by=by, zone=each.zone))
            for each in group
        )
    except OverflowError:
        raise Malformed from None


def fixed_together(group: Sequence[BookingItem], starts_at: datetime, now: datetime) -> str:
    """Return what ends the right to move bookings once more when the first begins then."""
    return fixed_by(group, (each.starts_at for each in shifts_of(group, starts_at)), now)


def _move_page(job: JobDetail, form: StartForm, problems: Sequence[str]) -> str:
    actor, now = current_actor(), clock.now()
    may = job_abilities(actor, job, now)
    others = times_together(bookings=job.open, actor=actor, now=now) if may.move else ()
    return render_template(
        "bookings/job_move.html",
        job=job,
        form=form,
        problems=problems,
        may=may,
        zone=ZoneInfo(job.first.zone),
        staff=may_operate(actor, job.first.site_id),
        others=[(each, new_key(), fixed_together(job.open, each, now)) for each in others],
    )


# --- cancelled ----------------------------------------------------------------------------------


@bp.get("/jobs/<code>/cancel")
@allow(Access.PRODUCER)
def job_cancel(code: str) -> str:
    job = job_detail(code=code, actor=current_actor())
    data = {"version": job.version, "only": request.args.get("booking", "")}
    return _cancel_page(job, CancelJobForm(formdata=None, data=data), ())


@bp.post("/jobs/<code>/cancel")
@allow(Access.PRODUCER)
def job_call_off(code: str) -> ResponseReturnValue:
    actor, form = current_actor(), CancelJobForm()
    job = job_detail(code=code, actor=actor)
    if not form.validate():
        return _cancel_page(job, form, ()), 422
    try:
        bookings.cancel_job(
            code=code,
            actor=actor,
            now=clock.now(),
            reason=form.reason.data or "",
            only=form.only.data or None,
            version=form.version.data,
        )
    except Stale as stale:
        form.version.data = job.version
        return _cancel_page(job, form, told(stale.problems)), status_of(stale)
    ask_next()
    flash(_("Dibatalkan. Waktunya sekarang kosong untuk orang lain."), "success")
    return redirect(url_for("bookings.job_show", code=code), code=303)


def _cancel_page(job: JobDetail, form: CancelJobForm, problems: Sequence[str]) -> str:
    actor, now = current_actor(), clock.now()
    only = form.only.data or ""
    part = next((each for each in job.parts if each.code == only), None)
    if only and part is None:
        raise NotFound("booking_not_found", code=only)
    leaving = [
        each for each in job.parts if each.is_cancellable and (part is None or each.id == part.id)
    ]
    return render_template(
        "bookings/job_cancel.html",
        job=job,
        part=part,
        leaving=leaving,
        late=[
            each
            for each in leaving
            if each.state in (State.CONFIRMED, State.ARRIVED) and now > each.change_until
        ],
        form=form,
        problems=problems,
        may=job_abilities(actor, job, now),
    )
