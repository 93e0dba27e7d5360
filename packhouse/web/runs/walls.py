"""The wall of a waiting room: a public page without names, and its secret address."""

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_manage
from packhouse.queries.runs import wall
from packhouse.services import sites
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.runs.frame import bp, house_or_refuse


@bp.get("/board/wall/<token>")
@allow(Access.PUBLIC)
def wall_page(token: str) -> ResponseReturnValue:
    shown = wall(key=token, now=clock.now())
    minute = int(shown.now.timestamp()) // 60
    tag = f"{shown.day}-{shown.stamp}-{minute}"
    partial = "part" in request.args
    if partial and request.if_none_match.contains(tag):
        answer = make_response("", 304)
    else:
        template = "runs/wall_live.html" if partial else "runs/wall.html"
        answer = make_response(render_template(template, wall=shown, token=token))
    answer.set_etag(tag)
    answer.cache_control.private = True
    answer.cache_control.no_cache = True
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@bp.get("/board/wall")
@allow(Access.STAFF)
def walls() -> ResponseReturnValue:
    house, actor = house_or_refuse(), current_actor()
    address = None
    if house.wall_key:
        path = url_for("runs.wall_page", token=house.wall_key)
        address = f"{current_app.config['PUBLIC_URL']}{path}"
    return render_template(
        "runs/walls.html", house=house, address=address, manages=may_manage(actor, house.id)
    )


@bp.post("/board/wall")
@allow(Access.MANAGER)
def set_wall() -> ResponseReturnValue:
    house, actor, now = house_or_refuse(), current_actor(), clock.now()
    if request.form.get("do") == "close":
        sites.close_wall(code=house.code, actor=actor, now=now)
        flash(_("Layar ruang tunggu dimatikan. Alamat lamanya tidak berlaku lagi."), "success")
    else:
        sites.open_wall(code=house.code, actor=actor, now=now)
        flash(_("Alamat layar ruang tunggu dibuat. Alamat lama tidak berlaku lagi."), "success")
    return redirect(url_for("runs.walls", site=house.code), code=303)
