"""Complaints: filed and followed by who is signed in; anybody may file one on the page."""

from secrets import token_urlsafe
from typing import Any

import marshmallow as ma
from flask.typing import ResponseReturnValue
from marshmallow import fields

from packhouse import clock
from packhouse.api.wire import (
    Blueprint,
    Input,
    Instant,
    Known,
    Nothing,
    Repeatable,
    Text,
    asking,
    here,
)
from packhouse.domain.complaints import LONGEST_CODE, LONGEST_TEXT, Topic
from packhouse.domain.permissions import Access, allow
from packhouse.domain.time_range import local_iso
from packhouse.queries.complaints import ComplaintItem, EntryItem, my_complaint, my_complaints
from packhouse.services.complaints import Grievance, file_complaint

bp = Blueprint("api-complaints", __name__, description="What somebody is not content with.")


class Complaint(ma.Schema):
    id = fields.Integer(required=True)
    number = fields.String(required=True)
    topic = fields.String(required=True)
    state = fields.String(required=True)
    site = fields.String(required=True)
    filed_at = Instant(required=True)
    answer_by = Instant(required=True)
    answered_at = Instant(required=True, allow_none=True)


class Complaints(ma.Schema):
    items = fields.List(fields.Nested(Complaint), required=True)
    next = fields.String(required=True, allow_none=True)


class Entry(ma.Schema):
    kind = fields.String(required=True)
    author = fields.String(required=True)
    text = fields.String(required=True)
    at = Instant(required=True)


class WholeComplaint(Complaint):
    text = fields.String(required=True)
    booking = fields.String(required=True)
    entries = fields.List(fields.Nested(Entry), required=True)


class NewComplaint(Input):
    site = Text(required=True)
    topic = fields.String(required=True, validate=Known(list(Topic)))
    text = Text(most=LONGEST_TEXT, required=True)
    booking = Text(most=LONGEST_CODE, load_default="")


@bp.route("/complaints", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Nothing, location="query")
@bp.response(200, Complaints)
def index(_nothing: dict[str, Any]) -> ResponseReturnValue:
    """List the last fifty complaints you filed."""
    found = my_complaints(actor=asking(), now=clock.now())
    return {"items": [_told(each) for each in found], "next": None}


@bp.route("/complaints", methods=["POST"])
@allow(Access.SIGNED_IN)
@bp.arguments(NewComplaint)
@bp.arguments(Repeatable, location="headers")
@bp.response(201, WholeComplaint, headers={"Location": {"schema": {"type": "string"}}})
def create(wanted: dict[str, Any], once: dict[str, str]) -> ResponseReturnValue:
    """File a complaint about a house; a repeat under the same key is the same complaint."""
    actor, now = asking(), clock.now()
    given = Grievance(wanted["topic"], wanted["text"], booking_code=wanted["booking"])
    # What one client calls a key must not meet what another calls the same.
    key = f"{actor.id} {once.get('key') or token_urlsafe(24)}"
    ticket = file_complaint(site=wanted["site"], grievance=given, actor=actor, now=now, key=key)
    mine = my_complaints(actor=actor, now=now)
    made = next(each for each in mine if each.number == ticket.number)
    return _whole(made.id), 201, here(f"complaints/{made.id}")


@bp.route("/complaints/<int:complaint_id>", methods=["GET"])
@allow(Access.SIGNED_IN)
@bp.arguments(Nothing, location="query")
@bp.response(200, WholeComplaint)
def show(_nothing: dict[str, Any], complaint_id: int) -> ResponseReturnValue:
    """Show one of your complaints with what was answered."""
    return _whole(complaint_id)


def _whole(complaint_id: int) -> dict[str, Any]:
    found = my_complaint(complaint_id=complaint_id, actor=asking(), now=clock.now())
    zone = found.item.zone
    return _told(found.item) | {
        "text": found.text,
        "booking": found.booking_code,
        "entries": [_entry(each, zone) for each in found.entries],
    }


def _told(item: ComplaintItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "number": item.number,
        "topic": item.topic,
        "state": item.state,
        "site": item.site,
        "filed_at": local_iso(item.filed_at, item.zone),
        "answer_by": local_iso(item.due_at, item.zone),
        "answered_at": item.answered_at and local_iso(item.answered_at, item.zone),
    }


def _entry(entry: EntryItem, zone: str) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "author": entry.author,
        "text": entry.text,
        "at": local_iso(entry.at, zone),
    }
