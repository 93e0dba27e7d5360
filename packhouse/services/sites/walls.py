"""The secret address of a house's wall: anybody who has it reads times and codes, no names."""

from datetime import datetime
from secrets import token_urlsafe

from packhouse.db import transaction, use_case
from packhouse.domain.users import Actor
from packhouse.services.sites.steps import locked_site, note_site


@use_case
def open_wall(*, code: str, actor: Actor, now: datetime) -> str:
    """Give a house's wall a new secret address and return its key; the one before is void.

    Raises NotFound, NotAllowed.
    """
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        site.wall_key = token_urlsafe(15)
        note_site(session, "site:wall_opened", site, actor=actor, now=now)
        return site.wall_key


@use_case
def close_wall(*, code: str, actor: Actor, now: datetime) -> None:
    """Take the address of a house's wall away. Raises NotFound, NotAllowed."""
    with transaction() as session:
        site = locked_site(session, code=code, actor=actor)
        if site.wall_key:
            site.wall_key = ""
            note_site(session, "site:wall_closed", site, actor=actor, now=now)
