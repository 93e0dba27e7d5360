"""What is free today, and whom on the waitlist it suits: offered from the board."""

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import Malformed, PackhouseError
from packhouse.i18n.formats import local_time
from packhouse.i18n.locale import current_locale
from packhouse.queries.runs.openings import openings as openings_of
from packhouse.services import waitlist
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.errors import status_of
from packhouse.web.runs.frame import attempt, bp, house_or_refuse, told

DIGITS = 18


@bp.get("/board/openings")
@allow(Access.STAFF)
def openings() -> ResponseReturnValue:
    return _openings_page()


@bp.post("/board/openings")
@allow(Access.STAFF)
def hand_out() -> ResponseReturnValue:
    house, actor, now = house_or_refuse(), current_actor(), clock.now()
    number = request.form.get("wish", "")
    if not (number.isdecimal() and len(number) <= DIGITS):
        raise Malformed
    held: list[datetime] = []
    refused = attempt(
        lambda: held.append(
            waitlist.hand_out(
                machine=request.form.get("machine", ""),
                wish_id=int(number),
                reason=request.form.get("reason", ""),
                actor=actor,
                now=now,
            )
        )
    )
    if refused is not None:
        return _openings_page(refused, chosen=int(number))
    when = local_time(held[0], house.zone, locale=current_locale())
    flash(
        _("Ditawarkan, mulai %(when)s. Waktunya ditahan sampai ia menjawab.", when=when), "success"
    )
    return redirect(url_for("runs.board", site=house.code), code=303)


def _openings_page(
    refused: PackhouseError | None = None, *, chosen: int | None = None
) -> ResponseReturnValue:
    house, now = house_or_refuse(), clock.now()
    partial = "part" in request.args and refused is None
    page = render_template(
        "runs/openings_part.html" if partial else "runs/openings.html",
        found=openings_of(site_id=house.id, actor=current_actor(), now=now),
        house=house,
        problems=told(refused),
        asks_reason=any(each.code == "order_needs_reason" for each in refused.problems)
        if refused is not None
        else False,
        chosen=chosen,
        machine=request.form.get("machine", ""),
        partial=partial,
    )
    return page, 200 if refused is None else status_of(refused)
