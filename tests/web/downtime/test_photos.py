"""Photos of a broken machine."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from packhouse.db import db
from packhouse.domain.users import Role
from packhouse.models.downtime import Photo
from tests.factories import Make
from tests.web.downtime.conftest import Floor, Login, breakdown, offered, words


def sent(data: bytes, name: str = "foto.jpg") -> dict[str, Any]:
    return {"photo": (BytesIO(data), name)}


def drawn(kind: str = "JPEG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30)).save(out, kind)
    return out.getvalue()


def test_a_photo_comes_with_the_report_and_is_shown_to_the_house_alone(
    floor: Floor, make: Make, login_as: Login
) -> None:
    page = floor.operator.get("/machines/M3/breakdown").text
    told = {"reason": "breakdown", "back": offered(page)[0]} | sent(drawn())
    floor.operator.post("/machines/M3/breakdown", data=told)
    photo = db.session.scalars(select(Photo.id)).one()
    assert f'src="/photos/{photo}"' in floor.operator.get("/machines/M3/downtime").text

    answer = floor.operator.get(f"/photos/{photo}")

    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert Image.open(BytesIO(answer.data)).size == (40, 30)
    answer.close()
    stranger = login_as(make.user(Role.OPERATOR, sites=(make.site(code="SKW"),)))
    assert stranger.get(f"/photos/{photo}").status_code == 404
    assert stranger.post(f"/photos/{photo}/remove").status_code == 404
    producer = login_as(make.user(Role.PRODUCER, businesses=(floor.business,)))
    assert producer.get(f"/photos/{photo}").status_code == 403
    assert floor.operator.post(f"/photos/{photo}/remove").status_code == 303
    assert floor.operator.get(f"/photos/{photo}").status_code == 404


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", drawn()[:90], drawn("GIF")])
def test_a_file_that_is_no_photo_costs_nobody_the_report(floor: Floor, data: bytes) -> None:
    page = floor.operator.get("/machines/M3/breakdown").text
    told = {"reason": "breakdown", "back": offered(page)[0]} | sent(data, "x.svg")

    response = floor.operator.post("/machines/M3/breakdown", data=told)

    assert "Fotonya tidak disimpan" in words(floor.operator.get(response.location).text)
    assert breakdown().reason == "breakdown"
    assert db.session.scalars(select(Photo)).all() == []


def test_a_photo_may_follow_the_report(floor: Floor) -> None:
    floor.broken(floor.at(14))

    assert floor.operator.post("/machines/M3/photos", data=sent(drawn())).status_code == 303
    assert floor.operator.post("/machines/M3/photos").status_code == 303

    assert len(db.session.scalars(select(Photo)).all()) == 1
