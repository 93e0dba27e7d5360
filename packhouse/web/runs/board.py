"""The board of a house: its machines by time on a desk, kept fresh, and on paper."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from packhouse import clock
from packhouse.domain.users import Actor
from packhouse.i18n.locale import current_locale
from packhouse.queries.bookings.orders import lot_codes
from packhouse.queries.runs import Board, House, board_sites, board_stamp, day_board
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.runs.arriving import look_for
from packhouse.web.runs.frame import bp, chosen_house, day_asked, house_or_refuse

NEARBY = 3  # How many who come later are told beside the timeline.


@bp.get("/board")
@allow(Access.STAFF)
def board() -> ResponseReturnValue:
    typed = request.args.get("code")
    if typed is not None:
        return look_for(typed)
    houses = board_sites(actor=current_actor())
    if not houses:
        return render_template("runs/nowhere.html")
    house = chosen_house(houses)
    now = clock.now()
    today = _today(house, now)
    shown = day_board(site_id=house.id, day=day_asked() or today, now=now, actor=current_actor())
    if request.args.get("layar"):
        return redirect(url_for("runs.walls", site=house.code))
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


@bp.get("/board/live")
@allow(Access.STAFF)
def live() -> ResponseReturnValue:
    """Answer with what has changed on a board, or that nothing has.

    What a board shows follows from the house's record and the minute on the clock.
    """
    house, now, actor = house_or_refuse(), clock.now(), current_actor()
    day = day_asked() or _today(house, now)
    tag = _tag(house, day, now, actor)
    if request.if_none_match.contains(tag):
        answer = make_response("", 304)
    else:
        shown = day_board(site_id=house.id, day=day, now=now, actor=actor)
        page = render_template("runs/live.html", board=shown, nearby=NEARBY, partial=True)
        answer = make_response(page)
    answer.set_etag(tag)
    answer.cache_control.private = True
    answer.cache_control.no_cache = True
    return answer


def _tag(house: House, day: date, now: datetime, actor: Actor) -> str:
    minute = int(now.timestamp()) // 60
    stamp = board_stamp(site_id=house.id)
    return f"{house.id}-{day}-{stamp}-{minute}-{actor.id}-{current_locale()}"


def _today(house: House, now: datetime) -> date:
    return now.astimezone(ZoneInfo(house.zone)).date()
