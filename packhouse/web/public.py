"""What everybody may read without signing in: help, service standard, machines and their prices.

To somebody who sends no cookie these pages are the same for everybody, so any cache may keep them
for a few minutes.
"""

from datetime import timedelta

from flask import Blueprint, Response, g, make_response, render_template, request, session

from packhouse import clock
from packhouse.domain import waitlist
from packhouse.domain.complaints import ANSWER_DAYS
from packhouse.errors import NotFound
from packhouse.queries.machines import MachineItem, machines_page
from packhouse.queries.runs.rates import learned_rates
from packhouse.queries.sites import SiteDetail, site_detail, sites_page, standards_of
from packhouse.queries.tariffs import legal_bases
from packhouse.web.access import Access, allow

bp = Blueprint("public", __name__)

MOST_SITES = 50
MOST_MACHINES = 200
KEEP = timedelta(minutes=5)


@bp.get("/help")
@allow(Access.PUBLIC)
def help_page() -> Response:
    return _page(
        "home/help.html",
        sites=sites_page(limit=MOST_SITES).items,
        points=(
            waitlist.POINTS_FIRST_TIMER,
            waitlist.POINTS_MICRO,
            waitlist.POINTS_LITTLE_SERVED,
        ),
        used_days=waitlist.USED_DAYS,
        answer_minutes=waitlist.ANSWER_WORKING_MINUTES,
        same_day_minutes=int(waitlist.ANSWER_SAME_DAY.total_seconds()) // 60,
        most_silent=waitlist.MOST_SILENT,
    )


@bp.get("/service-standard")
@allow(Access.PUBLIC)
def standard() -> Response:
    sites = sites_page(limit=MOST_SITES).items
    code = request.args.get("site") or (sites[0].code if len(sites) == 1 else "")
    found = site_detail(code=code, now=clock.now()) if code else None
    machines = _machines(found) if found else ()
    versions = standards_of(site_id=found.site.id) if found else ()
    return _page(
        "home/standard.html",
        promise=versions[0] if versions and versions[0].text else None,
        sites=sites,
        found=found,
        site=found.site if found else None,
        machines=machines,
        packs=sorted({pack for each in machines for pack in each.packs}),
        bases=sorted({text for text in _bases(machines).values() if text}),
        days=ANSWER_DAYS,
    )


@bp.get("/prices")
@allow(Access.PUBLIC)
def prices() -> Response:
    now, sites = clock.now(), sites_page(limit=MOST_SITES).items
    code = request.args.get("site") or (sites[0].code if len(sites) == 1 else "")
    if code and all(each.code != code for each in sites):
        raise NotFound("site_unknown", site=code)
    page = machines_page(
        now=now, site=code or None, in_use=True, cursor=request.args.get("cursor"), limit=50
    )
    return _page(
        "home/prices.html",
        sites=sites,
        code=code,
        page=page,
        bases=_bases(page.items),
        rates=learned_rates(machine_ids=[each.id for each in page.items], now=now),
        first="cursor" not in request.args,
        now=now,
    )


def _machines(found: SiteDetail) -> tuple[MachineItem, ...]:
    now = clock.now()
    return machines_page(now=now, site=found.site.code, in_use=True, limit=MOST_MACHINES).items


def _bases(machines: tuple[MachineItem, ...]) -> dict[int, str]:
    return legal_bases(machine_ids=[each.id for each in machines], now=clock.now())


def _page(template: str, **values: object) -> Response:
    """Render a page; to a browser without cookies it carries nothing of its own, and may be kept.

    Without a session there is no key for the form that changes the language: a link does that.
    """
    stranger = g.actor is None and not request.cookies
    if stranger:
        values["language_url"] = None
    response = make_response(render_template(template, **values))
    response.vary.update(("Cookie", "Accept-Language"))
    if stranger and not session.modified:
        response.cache_control.public = True
        response.cache_control.max_age = int(KEEP.total_seconds())
        response.add_etag()
        response.make_conditional(request)
    return response
