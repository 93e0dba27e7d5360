"""Papers: noted by their people, queued for the front desk, checked, taken back."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.businesses import PaperKind
from packhouse.domain.permissions import may_act_for_business, may_serve_businesses
from packhouse.errors import NotFound, Problem, RuleBroken, WrongState
from packhouse.forms.businesses import LevelForm, PaperForm, VerdictForm
from packhouse.i18n.messages import problem_text
from packhouse.queries import is_id
from packhouse.queries.businesses import (
    BusinessItem,
    PaperItem,
    business_detail,
    cautions_of,
    paper_item,
    papers_to_check,
)
from packhouse.queries.products import products_of
from packhouse.services import businesses
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.businesses.frame import back_to, bp, business_page

FIELDS = {
    "paper_kind_unknown": "kind",
    "paper_of_business": "product",
    "product_archived": "product",
    "paper_number_missing": "number",
    "paper_number_long": "number",
    "nib_malformed": "number",
    "nib_taken": "number",
    "paper_title_missing": "title",
    "paper_days_reversed": "expires_on",
    "paper_day_unlikely": "expires_on",
}


@bp.get("/businesses/papers")
@allow(Access.STAFF)
def queue() -> str:
    page = papers_to_check(actor=current_actor(), cursor=request.args.get("cursor"))
    return render_template("businesses/queue.html", page=page, first="cursor" not in request.args)


@bp.get("/businesses/<int:business_id>/papers/new")
@allow(Access.PRODUCER)
def new_paper(business_id: int) -> str:
    business, form = _asked(business_id, PaperForm(formdata=None))
    product = request.args.get("product", "")
    if is_id(product):
        form.product.data = int(product)
    kind = request.args.get("kind", "")
    if kind in set(PaperKind):
        form.kind.data = kind
    return _paper_form(business, form)


@bp.post("/businesses/<int:business_id>/papers")
@allow(Access.PRODUCER)
def create_paper(business_id: int) -> ResponseReturnValue:
    business, form = _asked(business_id, PaperForm())
    if not form.validate():
        return _paper_form(business, form), 422
    try:
        businesses.note_paper(
            business_id=business_id,
            told=form.told(),
            seen="seen" in form and form.seen.data,
            actor=current_actor(),
            now=clock.now(),
            key=form.idempotency_key.data or None,
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _paper_form(business, form), 422
    flash(_("Dokumen dicatat."), "success")
    return back_to(business_id, "papers")


def _asked(business_id: int, form: PaperForm) -> tuple[BusinessItem, PaperForm]:
    """Return the business whose paper it is, and the form with what can be chosen."""
    actor = current_actor()
    if not may_act_for_business(actor, business_id):
        raise NotFound("business_not_found")
    business = business_detail(business_id=business_id, actor=actor).business
    products = products_of(business_id=business_id, actor=actor)
    form.offer_products((each.id, each.name) for each in products if each.archived_at is None)
    if not may_serve_businesses(actor):
        del form.seen
    return business, form


def _paper_form(business: BusinessItem, form: PaperForm) -> str:
    return render_template("businesses/paper_new.html", business=business, form=form)


@bp.get("/businesses/papers/<int:document_id>")
@allow(Access.SIGNED_IN)
def paper(document_id: int) -> str:
    return _paper_page(paper_item(document_id=document_id, actor=current_actor()))


def _paper_page(found: PaperItem, form: VerdictForm | None = None, **more: Any) -> str:
    actor = current_actor()
    told: tuple[Problem, ...] = ()
    if found.product_id is not None:
        told = cautions_of(product_id=found.product_id, actor=actor, now=clock.now())
    return render_template(
        "businesses/paper.html",
        paper=found,
        form=form or VerdictForm(formdata=None),
        cautions=[each for each in told if each.facts.get("number") == found.number],
        checks=may_serve_businesses(actor),
        acts=may_act_for_business(actor, found.business_id),
        **more,
    )


@bp.post("/businesses/papers/<int:document_id>/verify")
@allow(Access.STAFF)
def verify_paper(document_id: int) -> ResponseReturnValue:
    return _verdict(document_id, "verified")


@bp.post("/businesses/papers/<int:document_id>/refuse")
@allow(Access.STAFF)
def refuse_paper(document_id: int) -> ResponseReturnValue:
    return _verdict(document_id, "refused")


@bp.post("/businesses/papers/<int:document_id>/withdraw")
@allow(Access.STAFF)
def withdraw_paper(document_id: int) -> ResponseReturnValue:
    return _verdict(document_id, "withdrawn")


def _verdict(document_id: int, verdict: str) -> ResponseReturnValue:
    actor, form = current_actor(), VerdictForm()
    found = paper_item(document_id=document_id, actor=actor)
    if not form.validate():
        return _paper_page(found, form), 422
    told: dict[str, Any] = {"document_id": document_id, "remark": form.remark.data or ""}
    try:
        if verdict == "withdrawn":
            businesses.withdraw_verification(**told, actor=actor, now=clock.now())
        else:
            businesses.check_paper(
                **told, verified=verdict == "verified", actor=actor, now=clock.now()
            )
    except RuleBroken as refused:
        form.tell(refused.problems, {"reason_missing": "remark", "text_long": "remark"})
        return _paper_page(found, form), 422
    except WrongState as refused:
        for problem in refused.problems:
            flash(problem_text(problem.code, problem.facts), "warning")
        return redirect(url_for("businesses.paper", document_id=document_id), code=303)
    flash(_("Dicatat atas nama Anda."), "success")
    return back_to(found.business_id, "papers")


@bp.post("/businesses/papers/<int:document_id>/remove")
@allow(Access.PRODUCER)
def remove_paper(document_id: int) -> ResponseReturnValue:
    actor = current_actor()
    found = paper_item(document_id=document_id, actor=actor)
    try:
        business_id = businesses.remove_paper(document_id=document_id, actor=actor, now=clock.now())
    except RuleBroken as refused:
        form = VerdictForm(formdata=None)
        form.tell(refused.problems)
        return _paper_page(found, form), 422
    flash(_("Dokumen dihapus dari daftar."), "success")
    return back_to(business_id, "papers")


@bp.post("/businesses/<int:business_id>/level")
@allow(Access.STAFF)
def verify(business_id: int) -> ResponseReturnValue:
    form = LevelForm()
    if not form.validate():
        return business_page(business_id, level=form), 422
    try:
        businesses.verify_business(
            business_id=business_id,
            level=form.level.data or "",
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, {"nib_missing": "level", "level_unknown": "level"})
        return business_page(business_id, level=form), 422
    flash(_("Pemeriksaan dokumen dicatat atas nama Anda."), "success")
    return back_to(business_id, "papers")
