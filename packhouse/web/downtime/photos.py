"""Photos of breakdowns: sent from a telephone, shown to the house alone."""

from flask import current_app, flash, send_from_directory
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.queries.downtime import photo_file
from packhouse.services import downtime
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.downtime.breakdowns import keep_photo
from packhouse.web.downtime.frame import bp, shown_machine, to_machine

# Nothing in it may run or load, even if a browser took it for a page.
POLICY = "default-src 'none'; sandbox"


@bp.post("/machines/<code>/photos")
@allow(Access.STAFF)
def add_photo(code: str) -> ResponseReturnValue:
    shown_machine(code)
    keep_photo(code)
    return to_machine(code)


@bp.get("/photos/<int:photo_id>")
@allow(Access.STAFF)
def photo(photo_id: int) -> ResponseReturnValue:
    name, _machine = photo_file(photo_id=photo_id, actor=current_actor())
    folder = current_app.config["INSTANCE"] / "photos"
    answer = send_from_directory(folder, name, mimetype="image/jpeg", etag=False)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Content-Disposition"] = f'inline; filename="foto-{photo_id}.jpg"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@bp.post("/photos/<int:photo_id>/remove")
@allow(Access.STAFF)
def remove_photo(photo_id: int) -> ResponseReturnValue:
    actor = current_actor()
    _name, code = photo_file(photo_id=photo_id, actor=actor)
    downtime.remove_photo(photo_id=photo_id, actor=actor, now=clock.now())
    flash(_("Foto dihapus."), "success")
    return to_machine(code)
