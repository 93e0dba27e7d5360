"""Machines as assets: the register and its files, place, condition, lane, and what is printed."""

from collections.abc import Callable, Sequence
from typing import Literal

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.channels.asset_sheets import register_csv, register_workbook
from packhouse.domain.machines import MARKS, Condition
from packhouse.domain.permissions import may_operate
from packhouse.errors import NotFound, RuleBroken
from packhouse.forms.machines import ConditionForm, ConvertForm, MoveForm, RegisterForm
from packhouse.queries.machines import MachineDetail, machine_item
from packhouse.queries.machines.register import (
    RegisterRow,
    asset_history,
    held_on,
    move_record,
    register,
    register_row,
)
from packhouse.queries.sites import sites_page
from packhouse.services import machines
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.machines.frame import FIELDS, MOST_SITES, bp, managed, managed_sites
from packhouse.web.qr import qr_code

FILES: dict[str, tuple[Callable[[Sequence[RegisterRow]], str | bytes], str]] = {
    "csv": (register_csv, "text/csv; charset=utf-8"),
    "xlsx": (
        register_workbook,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


@bp.app_template_filter("condition_mark")
def condition_mark(condition: str) -> str:
    """Return how the asset officer writes a condition."""
    return MARKS[Condition(condition)]


@bp.get("/machines/register", endpoint="register")
@allow(Access.REVIEW)
def register_page() -> str:
    form = RegisterForm(request.args)
    places = sites_page(limit=MOST_SITES).items
    form.site.choices = [("", _("Semua")), *((each.code, each.name) for each in places)]
    asked = _asked()
    found = register(
        actor=current_actor(),
        site=asked["site"],
        condition=asked["condition"],
        cursor=request.args.get("cursor"),
    )
    return render_template(
        "machines/register.html",
        form=form,
        found=found,
        asked={name: text for name, text in asked.items() if text},
        first="cursor" not in request.args,
    )


@bp.get("/machines/register.<any(csv,xlsx):form>")
@allow(Access.REVIEW)
def register_file(form: Literal["csv", "xlsx"]) -> ResponseReturnValue:
    """Give the register to the asset officer as a file."""
    make, mimetype = FILES[form]
    asked = _asked()
    found = register(
        actor=current_actor(), site=asked["site"], condition=asked["condition"], limit=None
    )
    answer = Response(make(found.rows), mimetype=mimetype)
    name = f"daftar-barang_{clock.now().date()}.{form}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _asked() -> dict[str, str | None]:
    return {name: request.args.get(name) or None for name in ("site", "condition")}


# --- printed ------------------------------------------------------------------------------------


@bp.get("/machines/<code>/card")
@allow(Access.REVIEW)
def card(code: str) -> str:
    actor, now = current_actor(), clock.now()
    item = machine_item(code=code, now=now)
    return render_template(
        "machines/card.html",
        row=register_row(code=code, actor=actor),
        machine=item,
        history=asset_history(machine_id=item.id, site_id=item.site_id, actor=actor),
        drawing=_drawing(code),
        now=now,
    )


@bp.get("/machines/<code>/label")
@allow(Access.STAFF)
def label(code: str) -> str:
    item = machine_item(code=code, now=clock.now())
    if not may_operate(current_actor(), item.site_id):
        raise NotFound("machine_not_found", machine=code)
    return render_template("machines/label.html", machine=item, drawing=_drawing(code))


def _drawing(code: str) -> object:
    address = url_for("machines.show", code=code)
    return qr_code(f"{current_app.config['PUBLIC_URL']}{address}", _("Kode QR mesin ini"))


@bp.get("/machines/<code>/placements/<int:placement_id>")
@allow(Access.REVIEW)
def placement(code: str, placement_id: int) -> str:
    found = move_record(code=code, placement_id=placement_id, actor=current_actor())
    return render_template("machines/placement.html", found=found)


# --- where it stands ----------------------------------------------------------------------------


@bp.get("/machines/<code>/move")
@allow(Access.MANAGER)
def moving(code: str) -> str:
    known = managed(code)
    row = register_row(code=code, actor=current_actor())
    form = MoveForm(
        formdata=None, data={"site": known.machine.site, "room": row.room, "kind": "own"}
    )
    return _move_page(form, known)


def _move_page(form: MoveForm, known: MachineDetail) -> str:
    actor = current_actor()
    form.site.choices = [(each.code, each.name) for each in managed_sites(actor)]
    return render_template(
        "machines/move.html",
        form=form,
        machine=known.machine,
        row=register_row(code=known.machine.code, actor=actor),
        held=held_on(code=known.machine.code, actor=actor, now=clock.now()),
    )


@bp.post("/machines/<code>/move")
@allow(Access.MANAGER)
def move(code: str) -> ResponseReturnValue:
    known, form = managed(code), MoveForm()
    form.site.choices = [(each.code, each.name) for each in managed_sites(current_actor())]
    if not form.validate():
        return _move_page(form, known), 422
    try:
        placement_id = machines.move_machine(
            code=code, move=form.move(), actor=current_actor(), now=clock.now()
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _move_page(form, known), 422
    flash(_("Dicatat. Cetak berita acaranya bila perlu."), "success")
    return redirect(url_for("machines.placement", code=code, placement_id=placement_id), code=303)


# --- its shape and its lane ---------------------------------------------------------------------


@bp.get("/machines/<code>/condition")
@allow(Access.MANAGER)
def condition(code: str) -> str:
    known = managed(code)
    form = ConditionForm(formdata=None, data={"condition": known.asset.condition})
    return render_template("machines/condition.html", form=form, machine=known.machine)


@bp.post("/machines/<code>/condition")
@allow(Access.MANAGER)
def note_condition(code: str) -> ResponseReturnValue:
    known, form = managed(code), ConditionForm()
    page = {"form": form, "machine": known.machine}
    if not form.validate():
        return render_template("machines/condition.html", **page), 422
    try:
        machines.note_condition(
            code=code,
            condition=form.condition.data or "",
            note=form.note.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return render_template("machines/condition.html", **page), 422
    flash(_("Kondisi dicatat."), "success")
    return redirect(url_for("machines.show", code=code), code=303)


@bp.get("/machines/<code>/lane")
@allow(Access.MANAGER)
def lane(code: str) -> str:
    return _lane_page(ConvertForm(formdata=None), managed(code))


def _lane_page(form: ConvertForm, known: MachineDetail) -> str:
    held = held_on(code=known.machine.code, actor=current_actor(), now=clock.now())
    return render_template("machines/lane.html", form=form, known=known, held=held)


@bp.post("/machines/<code>/lane")
@allow(Access.MANAGER)
def convert(code: str) -> ResponseReturnValue:
    known, form = managed(code), ConvertForm()
    if not form.validate():
        return _lane_page(form, known), 422
    try:
        machines.convert_lane(
            code=code,
            document=form.document.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _lane_page(form, known), 422
    flash(_("Jalur mesin diubah untuk seterusnya."), "success")
    return redirect(url_for("machines.show", code=code), code=303)
