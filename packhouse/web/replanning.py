"""New times for bookings that lost theirs: the plan, its people's answers, and the calls."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.replanning.answers import AnswerState
from packhouse.errors import Conflict, PackhouseError
from packhouse.forms import new_key
from packhouse.forms.replanning import AnswerForm, ApplyForm, CallForm, ReviseForm
from packhouse.i18n.messages import problem_text
from packhouse.queries.bookings import booking_item
from packhouse.queries.replanning import affected, calls, open_plans, plan_view
from packhouse.queries.runs import board_sites
from packhouse.services import replanning
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.errors import status_of
from packhouse.web.runs.frame import chosen_house
from packhouse.web.waitlist import ask_next

bp = Blueprint("replanning", __name__)


@bp.app_template_filter("time_in")
def time_in(instant: datetime, zone: str) -> str:
    """Return the local time of an instant as a time field holds it."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%H:%M")


@bp.get("/plans")
@allow(Access.STAFF)
def index() -> ResponseReturnValue:
    return _index(CallForm(formdata=None))


def _index(form: CallForm, status: int = 200) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    houses = board_sites(actor=actor)
    if not houses:
        return render_template("runs/nowhere.html")
    house = chosen_house(houses)
    page = render_template(
        "replanning/index.html",
        house=house,
        houses=houses,
        now=now,
        affected=affected(site=house.code, actor=actor, now=now),
        plans=open_plans(actor=actor, site=house.code),
        calls=calls(site=house.code, actor=actor, now=now),
        form=form,
    )
    return page, status


@bp.post("/sites/<code>/plans")
@allow(Access.STAFF)
def propose(code: str) -> ResponseReturnValue:
    plan_id = replanning.propose(site=code, actor=current_actor(), now=clock.now())
    return redirect(url_for("replanning.show", plan_id=plan_id), code=303)


@bp.get("/plans/<int:plan_id>")
@allow(Access.STAFF)
def show(plan_id: int) -> ResponseReturnValue:
    return _show(plan_id)


def _show(
    plan_id: int, refused: PackhouseError | None = None, form: ReviseForm | None = None
) -> ResponseReturnValue:
    plan = plan_view(plan_id=plan_id, actor=current_actor(), now=clock.now())
    status = status_of(refused) if refused else 422 if form else 200
    form = form or ReviseForm(formdata=None, data={"version": plan.version})
    form.machine.choices = [(code, f"{name} ({code})") for code, name in plan.machines]
    problems = refused.problems if refused else ()
    page = render_template(
        "replanning/show.html",
        plan=plan,
        form=form,
        key=new_key(),
        problems=[problem_text(each.code, {"zone": plan.zone, **each.facts}) for each in problems],
    )
    return page, status


@bp.post("/plans/<int:plan_id>/revise")
@allow(Access.STAFF)
def revise(plan_id: int) -> ResponseReturnValue:
    actor, now, form = current_actor(), clock.now(), ReviseForm()
    plan = plan_view(plan_id=plan_id, actor=actor, now=now)
    form.machine.choices = [(code, name) for code, name in plan.machines]
    if not form.validate():
        return _show(plan_id, form=form)
    change = form.change(plan.zone)
    try:
        replanning.revise(
            plan_id=plan_id, change=change, version=form.version.data, actor=actor, now=now
        )
    except Conflict as refused:
        return _show(plan_id, refused)
    flash(_("Usulan sudah dihitung lagi."), "success")
    anchor = f"r-{change.code}" if change else None
    return redirect(url_for("replanning.show", plan_id=plan_id, _anchor=anchor), code=303)


@bp.post("/plans/<int:plan_id>/apply")
@allow(Access.STAFF)
def carry_out(plan_id: int) -> ResponseReturnValue:
    form = ApplyForm()
    form.validate()
    key = (form.idempotency_key.data or "")[:200] or None
    try:
        done = replanning.apply_plan(
            plan_id=plan_id, version=form.version.data, key=key,
            actor=current_actor(), now=clock.now(),
        )  # fmt: skip
    except Conflict as refused:
        return _show(plan_id, refused)
    ask_next()
    told = _(
        "%(count)s reservasi mendapat waktu baru dan orangnya diberi tahu.", count=done["moved"]
    )
    call = _("%(count)s orang perlu ditelepon.", count=done["to_call"]) if done["to_call"] else ""
    flash(f"{told} {call}".strip(), "success")
    return redirect(url_for("replanning.show", plan_id=plan_id), code=303)


@bp.post("/plans/<int:plan_id>/discard")
@allow(Access.STAFF)
def discard(plan_id: int) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    plan = plan_view(plan_id=plan_id, actor=actor, now=now)
    replanning.discard(plan_id=plan_id, actor=actor, now=now)
    flash(_("Usulan tidak dipakai. Tidak ada jadwal yang berubah."), "success")
    return redirect(url_for("replanning.index", site=plan.site), code=303)


# --- the people ---------------------------------------------------------------------------------


@bp.post("/bookings/<code>/new-time")
@allow(Access.PRODUCER)
def answer(code: str) -> ResponseReturnValue:
    actor, form = current_actor(), AnswerForm()
    booking_item(code=code, actor=actor)
    form.validate()
    state = replanning.answer(
        code=code, answer=form.answer.data or "", actor=actor, now=clock.now()
    )
    if state == AnswerState.DECLINED:
        ask_next()
        flash(
            _("Waktu itu kami lepas. Pilih waktu lain, atau batalkan: tidak ada catatan apa pun."),
            "success",
        )
        return redirect(url_for("bookings.move", code=code), code=303)
    words = {
        AnswerState.ACCEPTED: _("Terima kasih. Waktu baru ini sudah pasti untuk Anda."),
        AnswerState.CALL_WANTED: _("Baik, petugas akan menelepon. Waktu baru tetap ditahan."),
    }
    flash(words[AnswerState(state)], "success")
    return redirect(url_for("bookings.show", code=code), code=303)


@bp.post("/bookings/<code>/calls")
@allow(Access.STAFF)
def called(code: str) -> ResponseReturnValue:
    actor, now, form = current_actor(), clock.now(), CallForm()
    booking = booking_item(code=code, actor=actor)
    if not form.validate():
        return _index(form, 422)
    replanning.note_call(
        code=code, result=form.result.data, remark=form.remark.data or "", actor=actor, now=now
    )
    flash(_("Telepon dicatat."), "success")
    return redirect(url_for("replanning.index", site=booking.site, _anchor="calls"), code=303)
