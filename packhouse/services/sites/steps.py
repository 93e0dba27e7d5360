"""Steps that every change of a site takes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from packhouse.domain.permissions import may_manage
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotAllowed, NotFound, Problem
from packhouse.models.machines import Machine
from packhouse.models.sites import Site
from packhouse.services.audit import Subject, record

P = ParamSpec("P")
R = TypeVar("R")
LONGEST_NAME = 120
LONGEST_TEXT = 500
MOST_OPERATORS = 500


def locked_site(session: Session, *, code: str, actor: Actor) -> Site:
    """Return a site with its row and all its machines locked, so that nobody books meanwhile.

    Raises NotFound, and NotAllowed unless the actor manages this site.
    """
    site = session.scalar(select(Site).where(Site.code == code).with_for_update(key_share=True))
    if site is None:
        raise NotFound("site_unknown", site=code)
    if not may_manage(actor, site.id):
        raise NotAllowed
    session.execute(
        select(Machine.id)
        .where(Machine.site_id == site.id)
        .order_by(Machine.id)
        .with_for_update(key_share=True)
    )
    return site


def note_site(
    session: Session, action: str, site: Site, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    """Write the audit entry of a change of a site."""
    subject = Subject("site", site.id, site.id)
    record(session, actor=actor, now=now, action=action, subject=subject, **facts)


def tried(
    problems: list[Problem], read: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R | None:
    """Return what can be read; note what is wrong with what cannot, and return None."""
    try:
        return read(*args, **kwargs)
    except Malformed as wrong:
        problems.extend(wrong.problems)
        return None
