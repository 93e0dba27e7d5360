"""A late day put right: who waits too long is given another time by a plan."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.services import replanning, runs
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.runs.frame import bp, house_or_refuse


@bp.post("/board/delays")
@allow(Access.STAFF)
def replan() -> ResponseReturnValue:
    """Take the time of whoever would wait too long, and propose others for all who need one."""
    house, actor, now = house_or_refuse(), current_actor(), clock.now()
    codes = runs.set_aside_slipping(site=house.code, actor=actor, now=now)
    if not codes:
        flash(_("Tidak ada yang perlu diatur ulang: semua masih dalam batas."), "info")
        return redirect(url_for("runs.board", site=house.code), code=303)
    plan = replanning.propose(site=house.code, actor=actor, now=now)
    return redirect(url_for("replanning.show", plan_id=plan), code=303)
