"""A person's messages and what became of them; for staff, those that never arrived."""

from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.channels.render import Rendered, render
from packhouse.domain.permissions import STAFF
from packhouse.domain.users import Actor, Role
from packhouse.i18n.locale import current_locale
from packhouse.queries.reminders import (
    DeadLetter,
    InboxMessage,
    dead_letters,
    inbox,
    unread_count,
    upcoming,
)
from packhouse.services.reminders import mark_all_read, mark_read, retry_dead
from packhouse.web.access import Access, allow, current_actor

bp = Blueprint("reminders", __name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message and its words in the reader's language."""

    message: InboxMessage | DeadLetter
    words: Rendered


@bp.record_once
def _teach(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["unread_messages"] = unread_messages


def unread_messages() -> int:
    """Return the number beside "Pesan" in the menu; asked once a page."""
    actor: Actor | None = g.get("actor")
    if actor is None or actor.id is None:
        return 0
    if "unread_messages" not in g:
        g.unread_messages = unread_count(user_id=actor.id)
    return int(g.unread_messages)


@bp.get("/messages")
@allow(Access.SIGNED_IN)
def index() -> str:
    actor = current_actor()
    assert actor.id is not None
    return render_template(
        "reminders/index.html",
        arrived=_shown(inbox(user_id=actor.id)),
        coming=_shown(upcoming(user_id=actor.id)),
        is_staff=actor.role in STAFF,
    )


@bp.post("/messages/read")
@allow(Access.SIGNED_IN)
def read_all() -> ResponseReturnValue:
    mark_all_read(actor=current_actor(), now=clock.now())
    return redirect(url_for("reminders.index"), code=303)


@bp.post("/messages/<int:message_id>/read")
@allow(Access.SIGNED_IN)
def read(message_id: int) -> ResponseReturnValue:
    mark_read(actor=current_actor(), message_id=message_id, now=clock.now())
    return redirect(url_for("reminders.index", _anchor=f"m{message_id}"), code=303)


@bp.get("/messages/undelivered")
@allow(Access.STAFF)
def undelivered() -> str:
    actor = current_actor()
    everywhere = actor.role == Role.ADMIN
    found = dead_letters(site_ids=None if everywhere else actor.site_ids, now=clock.now())
    return render_template("reminders/undelivered.html", letters=_shown(found))


@bp.post("/messages/<int:message_id>/retry")
@allow(Access.STAFF)
def retry(message_id: int) -> ResponseReturnValue:
    retry_dead(actor=current_actor(), message_id=message_id, now=clock.now())
    flash(_("Pesan akan dicoba kirim lagi."), "success")
    return redirect(url_for("reminders.undelivered"), code=303)


def _shown(messages: list[InboxMessage] | list[DeadLetter]) -> list[Shown]:
    return [
        Shown(
            each,
            render(
                each.kind,
                facts=each.facts,
                site_name=each.site_name,
                zone=each.zone,
                locale=current_locale(),
            ),
        )
        for each in messages
    ]
