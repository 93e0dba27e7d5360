"""The board of a house: its machines by time, on a desk, at a wall and on paper."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import Malformed, NotFound
from packhouse.queries.bookings.orders import lot_codes
from packhouse.queries.runs import Board, House, board_sites, day_board, session_view
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.runs.frame import bp, chosen_house

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
WALL_SECONDS = "60"
NEARBY = 3  # How many who come later are told beside the timeline.


@bp.get("/board")
@allow(Access.STAFF)
def board() -> ResponseReturnValue:
    typed = request.args.get("code")
    if typed is not None:
        return _found(typed)
    houses = board_sites(actor=current_actor())
    if not houses:
        return render_template("runs/nowhere.html")
    house = chosen_house(houses)
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
