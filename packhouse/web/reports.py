"""How the machines were used, and what was asked for in vain: pages, and the same as files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from packhouse import clock
from packhouse.domain.reports import DEFINITION_VERSION
from packhouse.errors import Malformed
from packhouse.forms.reports import PeriodForm, UtilizationForm
from packhouse.i18n.reports import DEFINITIONS, group_label, meaning_name, period_words
from packhouse.queries.machines import machine_item
from packhouse.queries.reports import (
    Exceptions,
    Period,
    Row,
    Utilization,
    exceptions_report,
    machine_day_view,
    unmet_demand,
    utilization,
)
from packhouse.queries.slots import houses
from packhouse.web.access import Access, allow, current_actor

bp = Blueprint("reports", __name__)

USUAL = timedelta(days=29)  # Before today: thirty days with it.
MOST_ROWS = 200  # A page of more is no page; the files have them all.
WRONG_FIELD = {
    "period_reversed": "to_day",
    "period_too_long": "to_day",
    "period_unlikely": "from_day",
}
Sort = Callable[[Row], tuple[bool, float]]


def _by_figure(name: str) -> Sort:
    def key(row: Row) -> tuple[bool, float]:
        value: float | None = getattr(row.figures, name)
        return value is None, -(value or 0)

    return key


def _by_overtime(row: Row) -> tuple[bool, float]:
    return False, -row.sums.overtime_seconds


# Most first; a group without a figure comes last, whichever way.
SORTS: dict[str, Sort] = {
    "booked": _by_figure("booked_rate"),
    "used": _by_figure("used_rate"),
    "productive": _by_figure("productive_rate"),
    "bookable": _by_figure("bookable_minutes"),
    "estimated": _by_figure("estimated_minutes"),
    "overtime": _by_overtime,
}


@dataclass(frozen=True, slots=True)
class Still:
    """Machines without a productive minute, apart by whether they could have worked."""

    idle: tuple[Row, ...]
    broken: tuple[Row, ...]


@bp.app_template_global("definitions")
def definitions() -> list[tuple[str, str]]:
    """Return what the figures mean, by the name of each."""
    return [(meaning_name(key), str(text)) for key, text in DEFINITIONS.items()]


bp.add_app_template_global(group_label, "group_label")
bp.add_app_template_global(period_words, "period_words")


@bp.get("/reports")
@allow(Access.REVIEW)
def index() -> ResponseReturnValue:
    return render_template("reports/index.html")


@bp.get("/reports/utilization", endpoint="utilization")
@allow(Access.REVIEW)
def utilization_page() -> ResponseReturnValue:
    form = UtilizationForm(_asked())
    report = _utilization(form)
    if report is None:
        return render_template("reports/utilization.html", form=form, report=None), 422
    asked = _address(report) | {"by": report.by}
    sort = request.args.get("sort", "")
    reverse = request.args.get("order") == "up"
    return render_template(
        "reports/utilization.html",
        form=form,
        report=report,
        rows=_sorted(report, sort, reverse=reverse)[:MOST_ROWS],
        still=_still(report) if report.by == "machine" else None,
        asked=asked,
        sort=sort if sort in SORTS else "",
        reverse=reverse,
        files={each: url_for("reports.export", form=each, **asked) for each in FILES},
    )


@bp.get("/reports/utilization.<any(csv,xlsx,pdf,json):form>")
@allow(Access.REVIEW)
def export(form: Literal["csv", "xlsx", "pdf", "json"]) -> ResponseReturnValue:
    """Give the figures of the page with the same question as a file."""
    typed = UtilizationForm(_asked())
    report = _utilization(typed)
    if report is None:
        return render_template("reports/utilization.html", form=typed, report=None), 422
    answer = FILES[form](report, clock.now())
    name = f"pemakaian-mesin_{report.from_day}_{report.to_day}.{form}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@bp.get("/reports/machines/<code>")
@allow(Access.REVIEW)
def machine(code: str) -> ResponseReturnValue:
    """Show the days of one machine."""
    found = machine_item(code=code, now=clock.now())
    form = PeriodForm(_asked())
    form.site.choices = [("", "")]
    form.site.data = ""
    period = _period(form, by="day", machine=found.code)
    if period is None:
        return render_template("reports/machine.html", form=form, machine=found, report=None), 422
    report = utilization(period=period, actor=current_actor(), now=clock.now())
    return render_template(
        "reports/machine.html", form=form, machine=found, report=report, asked=_address(report)
    )


@bp.get("/reports/machines/<code>/<day>")
@allow(Access.REVIEW)
def machine_day(code: str, day: str) -> ResponseReturnValue:
    """Show one machine's day, and every row its figures are made of."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise Malformed("day_malformed", field=_("tanggal")) from None
    view = machine_day_view(code=code, day=wanted, actor=current_actor(), now=clock.now())
    return render_template(
        "reports/machine_day.html",
        view=view,
        version=DEFINITION_VERSION,
        before=url_for("reports.machine_day", code=code, day=wanted - timedelta(days=1)),
        after=url_for("reports.machine_day", code=code, day=wanted + timedelta(days=1)),
    )


@bp.get("/reports/demand")
@allow(Access.REVIEW)
def demand() -> ResponseReturnValue:
    """Show what was asked for and refused, and why."""
    form = PeriodForm(_asked())
    form.site.choices = _sites()
    period = _period(form)
    if period is None:
        return render_template("reports/demand.html", form=form, found=None), 422
    found = unmet_demand(period=period, actor=current_actor(), zone=_zone())
    kinds: dict[str, float] = {}
    for row in found.rows:
        if row.kind is not None:
            kinds[row.kind] = kinds.get(row.kind, 0) + row.minutes
    by_need = sorted(kinds.items(), key=lambda kind: -kind[1])
    return render_template("reports/demand.html", form=form, found=found, kinds=by_need)


@bp.get("/reports/exceptions")
@allow(Access.REVIEW)
def exceptions() -> ResponseReturnValue:
    """Show what was done against a rule in a month, and why."""
    form, report = _exceptions()
    if report is None:
        return render_template("reports/exceptions.html", form=form, report=None), 422
    first = report.period.from_day
    asked = {"from": first, "to": report.period.to_day, "site": report.period.site or ""}
    months = {
        "before": (first.replace(day=1) - timedelta(days=1)).replace(day=1),
        "after": (first.replace(day=1) + timedelta(days=32)).replace(day=1),
    }
    return render_template(
        "reports/exceptions.html",
        form=form,
        report=report,
        asked=asked,
        months={name: _month_address(day, report.period.site) for name, day in months.items()},
    )


@bp.get("/reports/exceptions.csv")
@allow(Access.REVIEW)
def exceptions_file() -> ResponseReturnValue:
    """Give the exceptions of the page with the same question as a file."""
    form, report = _exceptions()
    if report is None:
        return render_template("reports/exceptions.html", form=form, report=None), 422
    from packhouse.channels.sheets import exceptions_csv

    answer = Response(exceptions_csv(report), mimetype="text/csv")
    name = f"pengecualian_{report.period.from_day}_{report.period.to_day}.csv"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _exceptions() -> tuple[PeriodForm, Exceptions | None]:
    """Return what was asked for, by itself this month, and the report if it can be read."""
    today = clock.now().astimezone(ZoneInfo(_zone())).date()
    first = today.replace(day=1)
    asked = request.args.copy()
    for name, value in {"from": first, "to": _month_end(first), "site": ""}.items():
        asked.setdefault(name, str(value))
    form = PeriodForm(asked)
    form.site.choices = _sites()
    period = _period(form)
    if period is None:
        return form, None
    return form, exceptions_report(period=period, actor=current_actor(), zone=_zone())


def _month_address(first: date, site: str | None) -> str:
    asked: dict[str, Any] = {"from": first, "to": _month_end(first), "site": site}
    return url_for("reports.exceptions", **asked)


def _month_end(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


# What draws sheets and pages is loaded when it is first asked for, to keep the processes small.
def _csv(report: Utilization, _now: datetime) -> Response:
    from packhouse.channels.sheets import utilization_csv

    return Response(utilization_csv(report), mimetype="text/csv")


def _xlsx(report: Utilization, _now: datetime) -> Response:
    from packhouse.channels.sheets import utilization_workbook

    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Response(utilization_workbook(report), mimetype=kind)


def _pdf(report: Utilization, now: datetime) -> Response:
    from packhouse.channels.documents import utilization_document

    return Response(utilization_document(report, now=now, zone=_zone()), mimetype="application/pdf")


def _json(report: Utilization, _now: datetime) -> Response:
    return jsonify(report.as_dict())


FILES: dict[str, Callable[[Utilization, datetime], Response]] = {
    "xlsx": _xlsx,
    "pdf": _pdf,
    "csv": _csv,
    "json": _json,
}


def _zone() -> str:
    return str(current_app.config["ZONE"])


def _asked() -> MultiDict[str, str]:
    """Return what was typed; what was not is thirty days to today, of all machines."""
    today = clock.now().astimezone(ZoneInfo(_zone())).date()
    usual = {"from": today - USUAL, "to": today, "by": "machine", "site": ""}
    asked = request.args.copy()
    for name, value in usual.items():
        asked.setdefault(name, str(value))
    return asked


def _sites() -> list[tuple[str, str]]:
    return [("", _("Semua rumah kemasan")), *((each.code, each.name) for each in houses())]


def _utilization(form: UtilizationForm) -> Utilization | None:
    """Return the report; None if the form cannot be read, which it then says itself."""
    form.site.choices = _sites()
    period = _period(form, by=form.by.data)
    if period is None:
        return None
    return utilization(period=period, actor=current_actor(), now=clock.now())


def _period(form: PeriodForm, **more: Any) -> Period | None:
    readable = form.validate()
    first, last = form.from_day.data, form.to_day.data
    if not readable or first is None or last is None:
        return None
    try:
        return Period(first, last, site=form.site.data or None, **more)
    except Malformed as refusal:
        form.tell(refusal.problems, WRONG_FIELD)
        return None


def _address(report: Utilization) -> dict[str, Any]:
    """Return the question as an address says it."""
    asked = {"from": report.from_day.isoformat(), "to": report.to_day.isoformat()}
    return asked | ({"site": report.site} if report.site else {})


def _sorted(report: Utilization, sort: str, *, reverse: bool) -> list[Row]:
    key = SORTS.get(sort)
    if key is None:
        return list(report.rows)
    rows = sorted(report.rows, key=key)
    if not reverse:
        return rows
    known = [row for row in rows if not key(row)[0]]
    return known[::-1] + rows[len(known) :]


def _still(report: Utilization) -> Still:
    still = [row for row in report.rows if row.sums.operations_seconds and not row.sums.prd_seconds]
    return Still(
        tuple(row for row in still if not row.sums.udt_seconds),
        tuple(row for row in still if row.sums.udt_seconds),
    )
