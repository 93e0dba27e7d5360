"""What a house promises in its own words: each version stays, with its date and author."""

from datetime import datetime

from sqlalchemy import select

from packhouse.db import transaction, use_case
from packhouse.domain.permissions import may_manage
from packhouse.domain.users import Actor
from packhouse.errors import NotAllowed, NotFound, Problem, RuleBroken
from packhouse.models.sites import ServiceStandard, Site
from packhouse.services.sites.steps import note_site

LONGEST_STANDARD = 4000


@use_case
def write_standard(*, code: str, text: str, actor: Actor, now: datetime) -> None:
    """Publish a new version of what a house promises; the same words again change nothing.

    An empty text takes the promise back. Raises NotFound, NotAllowed, RuleBroken.
    """
    text = text.replace("\r\n", "\n").strip()
    with transaction() as session:
        site = session.scalar(select(Site).where(Site.code == code).with_for_update(key_share=True))
        if site is None:
            raise NotFound("site_unknown", site=code)
        if not may_manage(actor, site.id):
            raise NotAllowed
        if len(text) > LONGEST_STANDARD:
            raise RuleBroken([Problem("text_long", {"maximum": LONGEST_STANDARD})])
        last = session.scalar(
            select(ServiceStandard.text)
            .where(ServiceStandard.site_id == site.id)
            .order_by(ServiceStandard.id.desc())
            .limit(1)
        )
        if text == (last or ""):
            return
        version = ServiceStandard(site_id=site.id, text=text, author_id=actor.id, at=now)
        session.add(version)
        session.flush()
        note_site(session, "site:standard", site, actor=actor, now=now, version=version.id)
