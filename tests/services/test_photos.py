import os
import shutil
import struct
import zlib
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import current_app
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import Actor, Role
from packhouse.errors import Malformed, NotAllowed, NotFound, RuleBroken, WrongState
from packhouse.models.downtime import Photo
from packhouse.services import downtime
from tests.factories import Make


class Scene:
    """A broken machine, and somebody with a telephone."""

    def __init__(self, make: Make) -> None:
        self.make, self.now = make, make.now
        self.site = make.site(code="PTK")
        make.machine(self.site, code="M3")
        self.operator: Actor = make.user(Role.OPERATOR, sites=(self.site,))
        downtime.report_breakdown(
            machine="M3", reason="breakdown", expected_back_at=make.now + timedelta(hours=5),
            actor=self.operator, now=make.now,
        )  # fmt: skip

    def add(self, data: bytes, *, actor: Actor | None = None) -> int:
        return downtime.add_photo(
            machine="M3", data=data, actor=actor or self.operator, now=self.now
        )

    def kept(self) -> tuple[Photo, Image.Image]:
        photo = db.session.scalars(select(Photo)).one()
        return photo, Image.open(BytesIO((folder() / photo.name).read_bytes()))


@pytest.fixture
def scene(make: Make) -> Scene:
    shutil.rmtree(folder(), ignore_errors=True)  # The instance is that of all tests.
    return Scene(make)


def folder() -> Path:
    return Path(current_app.config["INSTANCE"]) / "photos"


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (400, 300), mode: str = "RGB", **more: object
) -> bytes:
    out = BytesIO()
    Image.new(mode, size, 1 if mode == "P" else None).save(out, kind, **more)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is huge and is a few bytes long."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_a_picture_is_kept_without_what_the_telephone_wrote_into_it(scene: Scene) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Turned by a quarter.
    exif[0x010F] = "Telepon"
    scene.add(picture(size=(4000, 3000), exif=exif, comment=b"<script>", icc_profile=b"x" * 200))

    photo, image = scene.kept()

    assert (image.format, image.size) == ("JPEG", (1200, 1600))
    assert (photo.width, photo.height) == image.size
    assert not image.getexif()
    assert {"comment", "icc_profile", "exif"}.isdisjoint(image.info)
    raw = (folder() / photo.name).read_bytes()
    assert b"Telepon" not in raw
    assert b"<script>" not in raw
    assert photo.bytes == len(raw)


@pytest.mark.parametrize(
    "data",
    [
        picture("PNG", mode="RGBA"), picture("PNG", mode="P"), picture("PNG", mode="L"),
        picture("PNG", mode="I;16"), picture("PNG", mode="1"), picture("WEBP"),
        picture("JPEG", mode="CMYK"), picture("JPEG", size=(1, 1)),
    ],
    ids=["rgba", "palette", "grey", "deep", "bits", "webp", "cmyk", "dot"],
)  # fmt: skip
def test_every_usual_picture_becomes_a_jpeg(scene: Scene, data: bytes) -> None:
    scene.add(data)

    assert scene.kept()[1].format == "JPEG"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7", b"\xff\xd8\xff\xe0" + b"\0" * 99, picture()[:200], picture("PNG")[:60],
        picture("GIF"), picture("BMP"), picture("TIFF"), bomb(60_000, 60_000), bomb(6000, 6000),
        bomb(100, 100), b"\x89PNG\r\n\x1a\n" + b"\xff" * 500, b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        bytes(5 * 1024 * 1024 + 1),
    ],
    ids=lambda data: f"{data[:4]!r}-{len(data)}",
)  # fmt: skip
def test_hostile_files_are_refused_and_leave_nothing(scene: Scene, data: bytes) -> None:
    with pytest.raises(Malformed):
        scene.add(data)

    assert db.session.scalars(select(Photo)).all() == []
    assert not folder().exists() or list(folder().iterdir()) == []


@given(at=st.integers(0, 2000), junk=st.binary(min_size=1, max_size=30), kind=st.sampled_from(
    ["JPEG", "PNG", "WEBP"]))  # fmt: skip
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
def test_a_damaged_file_is_a_picture_or_refused(at: int, junk: bytes, kind: str) -> None:
    good = WHOLE[kind]
    place = at % len(good)
    from packhouse.services.downtime import photos

    try:
        drawn = photos._drawn_anew(good[:place] + junk + good[place + len(junk) :])
    except Malformed:
        return
    assert max(drawn.width, drawn.height) <= photos.SIDE


WHOLE = {kind: picture(kind, size=(90, 60)) for kind in ("JPEG", "PNG", "WEBP")}


def test_pictures_have_their_limits(scene: Scene) -> None:
    stranger = scene.make.user(Role.OPERATOR, sites=(scene.make.site(code="SKW"),))
    for _ in range(5):
        scene.add(picture())
    with pytest.raises(RuleBroken):
        scene.add(picture())
    with pytest.raises(NotAllowed):
        scene.add(picture(), actor=stranger)
    downtime.repair(machine="M3", actor=scene.operator, now=scene.now + timedelta(hours=1))
    with pytest.raises(WrongState):
        scene.add(picture())

    assert len(list(folder().iterdir())) == 5


def test_a_picture_is_taken_away_with_its_file(scene: Scene) -> None:
    photo = scene.add(picture())
    stranger = scene.make.user(Role.OPERATOR, sites=(scene.make.site(code="SKW"),))
    with pytest.raises(NotFound):
        downtime.remove_photo(photo_id=photo, actor=stranger, now=scene.now)

    downtime.remove_photo(photo_id=photo, actor=scene.operator, now=scene.now)

    assert list(folder().iterdir()) == []
    with pytest.raises(NotFound):
        downtime.remove_photo(photo_id=photo, actor=scene.operator, now=scene.now)


def test_pictures_go_half_a_year_after_the_repair_and_lost_files_with_them(scene: Scene) -> None:
    scene.add(picture())
    downtime.repair(machine="M3", actor=scene.operator, now=scene.now + timedelta(hours=1))
    lost, new = folder() / "lost", folder() / "new"
    for path, age in ((lost, 2), (new, 0)):
        path.write_bytes(b"x")
        at = (scene.now + timedelta(days=179 - age)).timestamp()
        os.utime(path, (at, at))

    assert downtime.drop_photos(now=scene.now + timedelta(days=179)) == 0
    assert {path.name for path in folder().iterdir()} >= {"new"}
    assert not lost.exists()
    assert downtime.drop_photos(now=scene.now + timedelta(days=181)) == 1
    assert db.session.scalars(select(Photo)).all() == []
    assert list(folder().iterdir()) == []
