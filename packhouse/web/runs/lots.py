"""Lots: labels for the packs, the sheet that lies beside the machine, and calling lots back."""

from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packhouse import clock
from packhouse.errors import Malformed, NotFound
from packhouse.forms.runs import LabelForm, LotsForm
from packhouse.queries.runs import (
    Traced,
    label_of,
    lots_after,
    lots_of,
    session_record,
    session_view,
)
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.qr import qr_code
from packhouse.web.runs.frame import EARLIEST_YEAR, LATEST_YEAR, bp

USUAL_DAYS = 7
MOST_DAYS = 366
USUAL_LABELS = 12


@bp.get("/bookings/<code>/label")
@allow(Access.STAFF)
def label(code: str) -> ResponseReturnValue:
    """Show a sheet of labels of a booking's packs, and what the law asks for and nobody told."""
    form = LabelForm(request.args)
    found = label_of(code=code, actor=current_actor())
    valid = form.validate()
    told = {
        name: (form[name].data or "") if valid else "" for name in ("net", "expiry", "ingredients")
    }
    page = render_template(
        "runs/label.html",
        label=found,
        form=form,
        told=told,
        gaps=found.gaps(**told),
        copies=(form.copies.data or USUAL_LABELS) if valid else 1,
        code=qr_code(found.lot, found.lot) if found.lot else "",
    )
    return page, 200 if valid else 422


@bp.get("/bookings/<code>/run-sheet")
@allow(Access.STAFF)
def run_sheet(code: str) -> ResponseReturnValue:
    """Show the sheet of one session for paper: what is planned, what happened, who signed."""
    actor, now = current_actor(), clock.now()
    found = label_of(code=code, actor=actor)
    record = session_record(code=code, actor=actor, now=now)
    return render_template(
        "runs/run_sheet.html",
        label=found,
        view=session_view(code=code, actor=actor, now=now),
        record=record,
        lot=lots_after(lot=found.lot, actor=actor).first if found.lot else None,
        gaps=found.gaps(net="", expiry="", ingredients=""),
        code=qr_code(found.lot, found.lot) if found.lot else "",
    )


@bp.get("/lots")
@allow(Access.RECORDS)
def lots() -> ResponseReturnValue:
    """Show which lots ran, or which ran on a machine behind one of them."""
    form = LotsForm(request.args)
    traced, missing = _traced(form)
    page = render_template(
        "runs/lots.html",
        form=form,
        traced=traced,
        missing=missing,
        address=f"{url_for('runs.lots_file')}?{urlencode(request.args.to_dict())}",
    )
    return page, 200 if traced is not None else 422


@bp.get("/lots.csv")
@allow(Access.RECORDS)
def lots_file() -> ResponseReturnValue:
    """Give the lots of the page with the same question as a file."""
    from packhouse.channels.lots import lots_csv

    form = LotsForm(request.args)
    traced, missing = _traced(form)
    if traced is None or missing:
        return render_template("runs/lots.html", form=form, traced=None, missing=missing), 422
    answer = Response(lots_csv(traced), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename="lot.csv")
    return answer


def _traced(form: LotsForm) -> tuple[Traced | None, str]:
    """Return the lots asked for; what cannot be found is named."""
    if not form.validate():
        return None, ""
    actor, lot = current_actor(), (form.lot.data or "").strip().upper()
    if lot:
        try:
            return lots_after(lot=lot, actor=actor), ""
        except NotFound:
            return Traced(None, ()), lot
    window = _window(form.from_day.data, form.to_day.data)
    machine = (form.machine.data or "").strip() or None
    return lots_of(actor=actor, window=window, machine=machine), ""


def _window(first: date | None, last: date | None) -> tuple[datetime, datetime]:
    zone = ZoneInfo(str(current_app.config["ZONE"]))
    end = last or clock.now().astimezone(zone).date()
    if not all(EARLIEST_YEAR <= each.year <= LATEST_YEAR for each in (first or end, end)):
        raise Malformed
    start = max(first or end - timedelta(days=USUAL_DAYS), end - timedelta(days=MOST_DAYS))
    opens, closes = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (start, end))
    return opens, closes + timedelta(days=1)
