"""Products: what a business packs, written down once and booked many times."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.permissions import may_act_for_business
from packhouse.domain.users import Actor, Role
from packhouse.errors import NotFound, Problem, RuleBroken
from packhouse.forms.products import ProductForm, ProductNameForm
from packhouse.queries import is_id
from packhouse.queries.businesses import (
    BusinessItem,
    business_detail,
    cautions_of,
    my_businesses,
    on_trial,
    papers_of,
)
from packhouse.queries.machines import packs
from packhouse.queries.products import (
    ProductItem,
    booking_count,
    product_item,
    products_of,
    products_page,
)
from packhouse.services import products
from packhouse.services.products import Recipe
from packhouse.web.access import Access, allow, current_actor

bp = Blueprint("products", __name__)

FIELDS = {
    "name_missing": "name",
    "name_long": "name",
    "pack_malformed": "pack",
    "lane_unknown": "lane",
    "allergen_unknown": "allergens",
    "aroma_unknown": "aroma",
}


@bp.app_template_global("cautions_of")
def cautions(product_id: int, quantity: int = 0, *machines: str) -> tuple[Problem, ...]:
    """Return what to know before a product is packed: said wherever it is asked for or booked."""
    return cautions_of(
        product_id=product_id,
        actor=current_actor(),
        now=clock.now(),
        machines=machines,
        quantity=quantity,
    )


@bp.app_template_global("on_trial")
def businesses_on_trial(*business_ids: int | None) -> frozenset[int]:
    """Return whose packs are not for sale: said on every sheet that is worked by."""
    return on_trial(business_ids=business_ids)


@bp.get("/products")
@allow(Access.PRODUCER)
def index() -> str:
    actor = current_actor()
    if actor.role != Role.PRODUCER and "business" not in request.args:
        page = products_page(actor=actor, cursor=request.args.get("cursor"))
        return render_template("products/all.html", page=page, first="cursor" not in request.args)
    owners = _businesses(actor)
    groups = [(each, products_of(business_id=each.id, actor=actor)) for each in owners]
    return render_template("products/index.html", groups=groups)


@bp.get("/products/new")
@allow(Access.PRODUCER)
def new() -> str:
    actor = current_actor()
    form = ProductForm(formdata=None)
    _offer(form, _businesses(actor))
    copied = request.args.get("copy", "")
    if is_id(copied):
        form.fill(product_item(product_id=int(copied), actor=actor))
    return render_template("products/new.html", form=form)


@bp.post("/products")
@allow(Access.PRODUCER)
def create() -> ResponseReturnValue:
    actor, form = current_actor(), ProductForm()
    _offer(form, _businesses(actor))
    if not form.validate():
        return render_template("products/new.html", form=form), 422
    try:
        product_id = products.create_product(
            business_id=form.business.data,
            recipe=form.recipe(),
            actor=actor,
            now=clock.now(),
            key=form.idempotency_key.data or None,
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return render_template("products/new.html", form=form), 422
    session["business"] = form.business.data
    flash(_("Produk dicatat. Sekarang cari jadwalnya."), "success")
    return redirect(url_for("slots.quote", product=product_id), code=303)


@bp.get("/products/<int:product_id>/edit")
@allow(Access.PRODUCER)
def edit(product_id: int) -> str:
    known = _known(product_id)
    form: ProductNameForm = ProductNameForm(formdata=None, data={"name": known.name})
    bookings = booking_count(product_id=product_id)
    if not bookings:
        form = _whole_form(known, ProductForm(formdata=None))
        form.fill(known)
    return _edit_page(form=form, product=known, bookings=bookings)


@bp.post("/products/<int:product_id>/edit")
@allow(Access.PRODUCER)
def update(product_id: int) -> ResponseReturnValue:
    known = _known(product_id)
    bookings = booking_count(product_id=product_id)
    form = ProductNameForm() if bookings else _whole_form(known, ProductForm())
    page: dict[str, Any] = {"form": form, "product": known, "bookings": bookings}
    if not form.validate():
        return _edit_page(**page), 422
    try:
        products.edit_product(
            product_id=product_id,
            recipe=form.recipe() if isinstance(form, ProductForm) else _renamed(known, form),
            actor=current_actor(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        form.tell(refused.problems, FIELDS)
        return _edit_page(**page), 422
    flash(_("Produk disimpan."), "success")
    return _back(known)


@bp.post("/products/<int:product_id>/archive")
@allow(Access.PRODUCER)
def archive(product_id: int) -> ResponseReturnValue:
    known = _known(product_id)
    products.archive_product(product_id=product_id, actor=current_actor(), now=clock.now())
    flash(_("Produk diarsipkan. Reservasinya tetap ada."), "success")
    return _back(known)


def _edit_page(*, product: ProductItem, **page: Any) -> str:
    papers = papers_of(
        business_id=product.business_id, actor=current_actor(), product_id=product.id
    )
    return render_template("products/edit.html", product=product, papers=papers, **page)


def _businesses(actor: Actor) -> list[BusinessItem]:
    """Return whose products are meant: her own, or the one that the front desk helps."""
    if actor.role == Role.PRODUCER:
        return list(my_businesses(actor=actor))
    asked = request.values.get("business", "")
    if not is_id(asked):
        return []
    return [business_detail(business_id=int(asked), actor=actor).business]


def _offer(form: ProductForm, owners: list[BusinessItem]) -> None:
    """Offer her businesses, the one she last added a product to first."""
    form.offer_packs(packs())
    last = session.get("business")
    owners.sort(key=lambda each: each.id != last)
    form.business.choices = [(each.id, each.name) for each in owners]
    if form.business.data is None and owners:
        form.business.data = owners[0].id


def _whole_form(known: ProductItem, form: ProductForm) -> ProductForm:
    """Return the form with the business fixed: a product does not change hands."""
    form.offer_packs(packs())
    form.business.choices = [(known.business_id, known.business_name)]
    form.business.data = known.business_id
    form.business.raw_data = [str(known.business_id)]
    return form


def _renamed(known: ProductItem, form: ProductNameForm) -> Recipe:
    return Recipe(
        name=form.name.data or "",
        pack=known.pack,
        lane=known.lane,
        allergens=known.allergens,
        aroma=known.aroma,
        wet=known.wet,
    )


def _known(product_id: int) -> ProductItem:
    actor = current_actor()
    known = product_item(product_id=product_id, actor=actor)
    if not may_act_for_business(actor, known.business_id):
        raise NotFound("product_not_found")
    return known


def _back(known: ProductItem) -> ResponseReturnValue:
    staff = current_actor().role != Role.PRODUCER
    business = known.business_id if staff else None
    return redirect(url_for("products.index", business=business), code=303)
