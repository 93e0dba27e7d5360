"""What a house promises in its own words, written by who manages it."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.errors import RuleBroken
from packhouse.forms.sites import StandardForm
from packhouse.queries.sites import SiteDetail, standards_of
from packhouse.services import sites
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.sites.frame import bp, managed


@bp.get("/sites/<code>/standard")
@allow(Access.MANAGER)
def standard(code: str) -> str:
    found = managed(code)
    versions = standards_of(site_id=found.site.id)
    text = versions[0].text if versions else ""
    return _page(found, StandardForm(formdata=None, data={"text": text}))


@bp.post("/sites/<code>/standard")
@allow(Access.MANAGER)
def write_standard(code: str) -> ResponseReturnValue:
    found, form = managed(code), StandardForm()
    if not form.validate():
        return _page(found, form), 422
    try:
        sites.write_standard(
            code=code, text=form.text.data or "", actor=current_actor(), now=clock.now()
        )
    except RuleBroken as refused:
        form.tell(refused.problems, {"text_long": "text"})
        return _page(found, form), 422
    flash(_("Janji pelayanan disimpan dan sudah tampil untuk umum."), "success")
    return redirect(url_for("public.standard", site=code), code=303)


def _page(found: SiteDetail, form: StandardForm) -> str:
    versions = standards_of(site_id=found.site.id)
    return render_template("sites/standard.html", site=found.site, form=form, versions=versions)
