"""What every page of businesses stands on: the blueprint, the page of one, and who may keep it."""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer

from packhouse import clock
from packhouse.domain.permissions import (
    may_act_for_business,
    may_merge_businesses,
    may_serve_businesses,
)
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.forms.businesses import (
    InvitationForm,
    LevelForm,
    MemberForm,
    PersonOfBusinessForm,
)
from packhouse.i18n.businesses import LIKENESS_NAMES
from packhouse.queries.businesses import (
    BusinessDetail,
    business_detail,
    dismissed_pairs,
    duplicates_of,
    invitations_of,
    papers_of,
    standing,
    today_of,
    verdicts_of,
)
from packhouse.queries.products import products_of
from packhouse.web.access import current_actor

bp = Blueprint("businesses", __name__)


def business_page(business_id: int, **filled: Any) -> str:
    """Render a business with its small forms, one of which may hold what was just typed."""
    actor, now = current_actor(), clock.now()
    found = business_detail(business_id=business_id, actor=actor)
    keeps, acts = keeps_business(actor, found), may_act_for_business(actor, business_id)
    forms = {
        "person": PersonOfBusinessForm(formdata=None),
        "invitation": InvitationForm(formdata=None),
        "member": MemberForm(formdata=None),
        "level": LevelForm(formdata=None, data={"level": found.business.seen_level}),
    }
    merges = may_merge_businesses(actor)
    products = products_of(business_id=business_id, actor=actor)
    return render_template(
        "businesses/show.html",
        found=found,
        business=found.business,
        standing=standing(business_id=business_id, actor=actor, now=now),
        papers=papers_of(business_id=business_id, actor=actor),
        verdicts=verdicts_of(business_id=business_id, actor=actor),
        invited=invitations_of(business_id=business_id, actor=actor, now=now) if keeps else (),
        invitation_url=invitation_url,
        product_names={each.id: each.name for each in products},
        today=today_of(now),
        serves=may_serve_businesses(actor),
        merges=merges,
        alike=duplicates_of(business_id=business_id, actor=actor) if merges else (),
        apart=dismissed_pairs(actor=actor, business_id=business_id) if merges else (),
        likeness=LIKENESS_NAMES,
        keeps=keeps,
        acts=acts,
        **(forms | filled),
    )


def keeps_business(actor: Actor, found: BusinessDetail) -> bool:
    """Say whether this person may change the business: the front desk, or an owner of it."""
    owners = {each.user_id for each in found.people if each.role == "owner"}
    return may_serve_businesses(actor) or actor.id in owners


def kept_business(business_id: int) -> BusinessDetail:
    """Return a business that this person may change. Raises NotFound."""
    actor = current_actor()
    found = business_detail(business_id=business_id, actor=actor)
    if not keeps_business(actor, found):
        raise NotFound("business_not_found")
    return found


def back_to(business_id: int, part: str | None = None) -> ResponseReturnValue:
    """Return to the page of a business."""
    return redirect(url_for("businesses.show", business_id=business_id, _anchor=part), code=303)


def invitation_url(invitation_id: int) -> str:
    """Return the secret address of an invitation: whoever holds it may accept."""
    token = _signer().dumps(invitation_id)
    return url_for("businesses.invitation", token=token, _external=True)


def invitation_of(token: str) -> int:
    """Return the invitation behind a secret address. Raises NotFound for one that is not ours."""
    try:
        found = _signer().loads(token)
    except BadSignature:
        raise NotFound from None
    return int(found)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="invitation")
