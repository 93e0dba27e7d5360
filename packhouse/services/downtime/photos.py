"""Pictures of breakdowns: drawn anew, kept outside of the web's folders, and forgotten in time."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from packhouse.db import setting, transaction, use_case
from packhouse.domain.permissions import may_operate
from packhouse.domain.users import Actor
from packhouse.errors import Malformed, NotFound, Problem, RuleBroken, WrongState
from packhouse.models.downtime import Breakdown, Photo, open_breakdown
from packhouse.models.machines import Machine
from packhouse.services.downtime.steps import audit, staffed
from packhouse.services.slots import lock_places

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 5 * 1024 * 1024
# A telephone's picture has twelve million; what is drawn from thirty takes 100 MB for a moment.
MOST_PIXELS = 30_000_000
SIDE = 1600
LARGEST = 1024 * 1024
QUALITIES = (80, 60, 40)
MOST_PHOTOS = 5
# A fault that was repaired half a year ago is told by its record; faces need not stay with it.
KEPT = timedelta(days=180)
ORPHANED = timedelta(days=1)
BATCH = 100


@dataclass(frozen=True, slots=True)
class _Picture:
    data: bytes
    width: int
    height: int


@use_case
def add_photo(*, machine: str, data: bytes, actor: Actor, now: datetime) -> int:
    """Keep a picture of a machine's breakdown; return its id.

    It is drawn anew as JPEG, so that nothing of the file but what is seen stays: no place, no
    telephone, no script. Raises Malformed for what is no picture or too large a one, WrongState
    for a machine that is not broken, RuleBroken for one too many.
    """
    picture = _drawn_anew(data)
    name = secrets.token_hex(16)
    path = _folder() / name
    try:
        with transaction() as session:
            spot = staffed(session, machine=machine, actor=actor, now=now)
            broken = open_breakdown(session, machine_id=spot.machine.id)
            if broken is None:
                raise WrongState("machine_not_broken", machine=machine)
            _refuse_too_many(session, broken)
            photo = Photo(
                breakdown_id=broken.id,
                name=name,
                bytes=len(picture.data),
                width=picture.width,
                height=picture.height,
                taken_by=actor.id,
                created_at=now,
            )
            session.add(photo)
            session.flush()
            audit(session, spot, actor, now, "machine:photo", photo=photo.id)
            # Small, and written before the commit: a row without its file would be a lie.
            path.write_bytes(picture.data)
            return photo.id
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _refuse_too_many(session: Session, broken: Breakdown) -> None:
    kept = session.scalar(
        select(func.count()).select_from(Photo).where(Photo.breakdown_id == broken.id)
    )
    if (kept or 0) >= MOST_PHOTOS:
        raise RuleBroken([Problem("photos_too_many", {"most": MOST_PHOTOS})])


@use_case
def remove_photo(*, photo_id: int, actor: Actor, now: datetime) -> None:
    """Take a picture away, for whoever is seen on it or because it shows nothing."""
    with transaction() as session:
        row = session.execute(
            select(Photo.name, Machine.id, Machine.site_id)
            .join(Breakdown, Breakdown.id == Photo.breakdown_id)
            .join(Machine, Machine.id == Breakdown.machine_id)
            .where(Photo.id == photo_id)
        ).one_or_none()
        if row is None or not may_operate(actor, row.site_id):
            raise NotFound("photo_not_found")
        spot = lock_places(session, machine_ids=[row.id], now=now)[0]
        session.execute(delete(Photo).where(Photo.id == photo_id))
        audit(session, spot, actor, now, "machine:photo_removed", photo=photo_id)
    (_folder() / row.name).unlink(missing_ok=True)


@use_case
def drop_photos(*, now: datetime) -> int:
    """Delete the pictures of what was repaired long ago, and files that no row knows."""
    with transaction() as session:
        old = session.execute(
            select(Photo.id, Photo.name)
            .join(Breakdown, Breakdown.id == Photo.breakdown_id)
            .where(Breakdown.ended_at < now - KEPT)
            .limit(BATCH)
        ).all()
        session.execute(delete(Photo).where(Photo.id.in_([row.id for row in old])))
        known = set(session.scalars(select(Photo.name)))
    for row in old:
        (_folder() / row.name).unlink(missing_ok=True)
    for path in _folder().iterdir():
        is_old = path.stat().st_mtime < (now - ORPHANED).timestamp()
        if path.name not in known and is_old:
            path.unlink(missing_ok=True)
    return len(old)


def _folder() -> Path:
    folder = Path(setting("INSTANCE")) / "photos"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


# --- drawing ------------------------------------------------------------------------------------


def _drawn_anew(data: bytes) -> _Picture:
    """Return what is to be seen in a file as a JPEG of at most 1600 pixels and a megabyte.

    Raises Malformed. Decoders meet hostile files with errors of every kind, so all are caught.
    """
    from PIL import Image

    if not 0 < len(data) <= MOST_BYTES:
        raise Malformed("photo_too_large", most=MOST_BYTES // 1024 // 1024)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            pixels = image.width * image.height
            if pixels <= MOST_PIXELS:
                return _encoded(_canvas(image))
    except Exception:
        raise Malformed("photo_unreadable") from None
    raise Malformed("photo_too_many_pixels", most=MOST_PIXELS // 1_000_000)


def _canvas(image: "Image.Image") -> "Image.Image":
    from PIL import Image, ImageOps

    # A large JPEG is decoded at an eighth, a quarter or half of its size right away.
    image.draft("RGB", (SIDE, SIDE))
    image.thumbnail((SIDE, SIDE))
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    canvas = Image.new("RGB", upright.size, "white")
    canvas.paste(upright, mask=upright.getchannel("A"))
    return canvas


def _encoded(canvas: "Image.Image") -> _Picture:
    data = b""
    for quality in QUALITIES:
        out = BytesIO()
        canvas.save(out, "JPEG", quality=quality, optimize=True)
        data = out.getvalue()
        if len(data) <= LARGEST:
            break
    return _Picture(data, canvas.width, canvas.height)
