import html
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from packhouse.db import db, transaction
from packhouse.domain.users import Actor, Role
from packhouse.models.businesses import Business, CooperativeMember, Membership
from packhouse.models.users import User
from packhouse.services.outbox import claim_due, record_sent
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]
NEW: dict[str, Any] = {
    "name": "Amplang Bu Sari", "kind": "umkm", "regency": "61.04", "sales": "mikro", "capital": "",
    "nib": "0123 4567 89012", "level": "nib", "owner": "", "idempotency_key": "k1",
}  # fmt: skip


@pytest.fixture
def browser(make: Make, login_as: LoginAs) -> FlaskClient:
    return login_as(make.user(Role.OPERATOR))


def text(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def send(browser: FlaskClient, path: str, status: int = 303, **data: Any) -> str:
    answer = browser.post(path, data=data)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text).replace("\u00a0", " ")


def business() -> Business:
    db.session.rollback()
    return db.session.scalars(select(Business)).one()


def email_of(actor: Actor) -> str:
    db.session.rollback()
    return db.session.get_one(User, actor.id).email or ""


def test_the_front_desk_searches_before_it_registers(browser: FlaskClient, make: Make) -> None:
    assert "Belum ada usaha" in text(browser, "/businesses")
    make.business(name="Keripik Pak Budi", regency_code="61.01")
    make.business(name="Amplang Bu Sari")

    found = text(browser, "/businesses?q=budi")

    assert "Keripik Pak Budi" in found
    assert "Amplang Bu Sari" not in found
    assert "Keripik Pak Budi" not in text(browser, "/businesses?regency=61.71")
    assert "Tidak ada usaha yang cocok" in text(browser, "/businesses?q=tahu")
    text(browser, "/businesses?regency=99.99", 422)
    text(browser, "/businesses?cursor=x", 400)


def test_a_business_is_registered_once_however_often_the_form_is_sent(
    browser: FlaskClient, make: Make
) -> None:
    owner = make.user()
    text(browser, "/businesses/new")

    for _ in range(2):
        send(browser, "/businesses", **(NEW | {"owner": email_of(owner)}))

    made = business()
    assert (made.name, made.nib, made.level) == ("Amplang Bu Sari", "0123456789012", "nib")
    assert db.session.scalars(select(Membership.user_id)).one() == owner.id
    assert "Amplang Bu Sari" in text(browser, f"/businesses/{made.id}")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": " "}, "name"),
        ({"kind": "pt"}, "kind"),
        ({"regency": "61.99"}, "regency"),
        ({"sales": "besar"}, "sales"),
        ({"sales": ""}, "sales"),
        ({"sales": "above"}, "sales"),
        ({"sales": "none"}, "capital"),
        ({"phone": "0561-730062"}, "phone"),
        ({"nib": "123"}, "nib"),
        ({"level": "vip"}, "level"),
        ({"owner": "siapa@contoh.example"}, "owner"),
    ],
)
def test_a_wrong_business_is_shown_again_with_its_mistake_beside_it(
    browser: FlaskClient, data: dict[str, Any], field: str
) -> None:
    page = send(browser, "/businesses", 422, **(NEW | data))

    assert f'id="{field}-error"' in page
    assert "k1" in page
    if field != "name":
        assert 'value="Amplang Bu Sari"' in page
    assert db.session.scalars(select(func.count()).select_from(Business)).one() == 0


def test_an_owner_keeps_her_business_and_its_people(
    browser: FlaskClient, make: Make, login_as: LoginAs
) -> None:
    owner, helper = make.user(), make.user()
    send(browser, "/businesses", **(NEW | {"owner": email_of(owner)}))
    path = f"/businesses/{business().id}"
    mine = login_as(owner)
    assert "Ubah data usaha" in text(mine, path)
    assert "Catat pemeriksaan" not in text(mine, path)

    send(mine, f"{path}/edit", **(NEW | {"name": "Amplang Ketapang"}))
    assert (business().name, business().level) == ("Amplang Ketapang", "nib")
    send(mine, f"{path}/people", 403, email=email_of(helper))
    send(browser, f"{path}/people", email=email_of(helper))
    assert 'id="email-error"' in send(browser, f"{path}/people", 422, email=email_of(helper))
    assert helper.name in text(login_as(helper), path)
    text(login_as(helper), f"{path}/edit", 404)
    assert "sedikitnya satu pemilik" in send(mine, f"{path}/people/{owner.id}/remove", 422)
    send(mine, f"{path}/people/{helper.id}/role", is_owner="y")
    send(login_as(helper), f"{path}/people/{owner.id}/role")
    send(login_as(helper), f"{path}/people/{owner.id}/remove")
    text(mine, path, 404)
    send(login_as(helper), f"{path}/level", 403, level="market_ready")


def test_the_front_desk_checks_papers(browser: FlaskClient) -> None:
    send(browser, "/businesses", **(NEW | {"nib": "", "level": "trial"}))
    path = f"/businesses/{business().id}"

    assert 'id="level-error"' in send(browser, f"{path}/level", 422, level="nib")
    send(browser, f"{path}/edit", **NEW)
    send(browser, f"{path}/level", level="market_ready")

    assert business().level == "market_ready"


def test_the_front_desk_adds_members_of_a_cooperative(browser: FlaskClient, make: Make) -> None:
    member = make.business(name="Anggota", nib="9" * 13)
    other = make.business(name="Anggota lain")
    cooperative = make.business(name="Koperasi", kind="cooperative")
    path = f"/businesses/{cooperative}"

    send(browser, f"{path}/members", member="9999 9999 99999")
    send(browser, f"{path}/members", member=str(other))
    assert 'id="member-error"' in send(browser, f"{path}/members", 422, member=str(member))
    assert 'id="member-error"' in send(browser, f"{path}/members", 422, member="tidak ada")
    assert 'id="member-error"' in send(browser, f"{path}/members", 422, member="")
    assert "Anggota lain" in text(browser, path)
    send(browser, f"{path}/members/{other}/remove")

    db.session.rollback()
    assert db.session.scalars(select(CooperativeMember.member_id)).all() == [member]


def test_a_business_of_another_province_keeps_its_place(browser: FlaskClient, make: Make) -> None:
    made = make.business(regency_code="64.72")
    assert 'value="64.72"' in text(browser, f"/businesses/{made}/edit")

    send(browser, f"/businesses/{made}/edit", **(NEW | {"regency": "64.72"}))

    assert business().regency_code == "64.72"


def test_foreign_businesses_do_not_exist(make: Make, login_as: LoginAs) -> None:
    made = make.business()

    for actor in (make.producer(), make.user(Role.REVIEWER), replace(make.user())):
        text(login_as(actor), f"/businesses/{made}", 404)
    stranger = login_as(make.producer())
    text(stranger, f"/businesses/{made}/edit", 404)
    send(stranger, f"/businesses/{made}/edit", 404, **NEW)
    send(stranger, f"/businesses/{made}/invitations", 404, name="Ibu")
    send(stranger, f"/businesses/{made}/papers", 404, kind="pirt", number="1")
    send(stranger, f"/businesses/{made}/people/1/role", 404)
    text(login_as(make.user(Role.AUDITOR)), f"/businesses/{made}")


def test_whoever_holds_an_invitation_joins_once(
    browser: FlaskClient, make: Make, login_as: LoginAs, client: FlaskClient
) -> None:
    made = make.business(name="Amplang Contoh")
    send(browser, f"/businesses/{made}/invitations", name="Ibu Contoh Rini")
    found = re.search(r"/invitations/[^\"]+", text(browser, f"/businesses/{made}"))
    assert found
    path = found[0]

    assert "Masuk untuk menerima" in text(client, path)
    assert "Amplang Contoh" in text(browser, path)
    send(browser, path, 403)
    guest, late = make.user(), make.user()
    for _ in range(2):
        send(login_as(guest), path)
    assert "Ibu" not in text(login_as(guest), f"/businesses/{made}")
    send(login_as(late), path)
    assert "sudah dipakai" in text(login_as(late), path)
    text(login_as(late), f"/businesses/{made}", 404)
    text(client, "/invitations/palsu", 404)


def test_a_paper_is_noted_queued_checked_and_taken_back(
    browser: FlaskClient, make: Make, login_as: LoginAs
) -> None:
    made = make.business(name="Amplang Contoh", level="trial")
    product = make.product(made, name="Amplang")
    mine = login_as(make.producer(made))
    assert "Catat NIB Anda" in text(mine, f"/businesses/{made}")
    told: dict[str, Any] = {"kind": "pirt", "product": str(product), "number": "4026104010001-31"}
    text(mine, f"/businesses/{made}/papers/new?kind=pirt&product={product}")
    assert 'id="number-error"' in send(
        mine, f"/businesses/{made}/papers", 422, **(told | {"number": ""})
    )
    for _ in range(2):
        send(mine, f"/businesses/{made}/papers", idempotency_key="k", **told)

    queue = text(browser, "/businesses/papers")
    (paper,) = set(re.findall(r"/businesses/papers/[0-9]+", queue))
    assert "1 dokumen menunggu" in text(browser, "/businesses")
    assert "tidak lagi menerangkan kemasannya" in text(browser, paper)
    send(mine, f"{paper}/verify", 403)
    assert 'id="remark-error"' in send(browser, f"{paper}/refuse", 422, remark="")
    send(browser, f"{paper}/verify")
    assert "Semua sudah diperiksa" in text(browser, "/businesses/papers")
    send(browser, f"{paper}/withdraw", remark="Nomornya milik usaha lain")
    assert "Nomornya milik usaha lain" in text(mine, paper)
    assert "Pemeriksaan dicabut" in text(mine, f"/businesses/{made}")
    send(mine, f"{paper}/remove")
    text(mine, paper, 404)
    text(login_as(make.producer()), paper, 404)


def test_a_manager_merges_two_records_of_one_business(make: Make, login_as: LoginAs) -> None:
    old, new = (make.business(name=name) for name in ("UD Keripik Lina", "keripik lina"))
    browser = login_as(make.user(Role.MANAGER))

    page = browser.get("/businesses/duplicates").text
    assert f"/businesses/{new}/merge?into={old}" in page
    assert "nama sama" in page
    assert browser.get(f"/businesses/{old}/merge?into=999").status_code == 422
    preview = browser.get(f"/businesses/{old}/merge?into={new}").text
    assert "tidak dapat dibatalkan" in preview
    answer = browser.post(f"/businesses/{old}/merge", data={"into": str(new), "reason": ""})
    assert answer.status_code == 422
    answer = browser.post(f"/businesses/{old}/merge", data={"into": str(new), "reason": "ganda"})
    assert answer.headers["Location"].endswith(f"/businesses/{new}")
    answer = browser.get(f"/businesses/{old}", follow_redirects=True)
    assert "sudah digabungkan" in answer.text
    again = browser.post(f"/businesses/{old}/merge", data={"into": str(new), "reason": "ganda"})
    assert again.status_code == 422
    assert "sudah digabungkan" in again.text


def test_a_manager_says_that_two_are_two_and_takes_it_back(make: Make, login_as: LoginAs) -> None:
    one, other = (make.business(name=name) for name in ("UD Keripik Lina", "keripik lina"))
    browser = login_as(make.user(Role.MANAGER))
    apart, pages = (
        f"/businesses/{one}/not-same/{other}",
        (f"/businesses/{one}", "/businesses/duplicates"),
    )
    for page in pages:
        assert f'action="{apart}"' in text(browser, page)
    assert "Bukan usaha yang sama" in text(browser, f"/businesses/{other}/merge?into={one}")
    send(browser, apart, 422, reason="x" * 501)

    send(browser, apart, reason="kakak adik")
    send(browser, apart)

    for page in pages:
        assert f'action="{apart}"' not in text(browser, page)
        assert "kakak adik" in text(browser, page)
        assert "Tampilkan lagi" in text(browser, page)
    assert "kakak adik" in text(browser, f"/businesses/{other}/merge?into={one}")
    answer = browser.post(f"{apart}/undo", data={"page": "y"})
    assert answer.headers["Location"].endswith(f"/businesses/{one}")
    assert f'action="{apart}"' in text(browser, pages[0])

    for role in (Role.OPERATOR, Role.PRODUCER):
        send(login_as(make.user(role)), apart, 403)
        send(login_as(make.user(role)), f"{apart}/undo", 403)
    assert "not-same" not in text(login_as(make.user(Role.OPERATOR)), pages[0])
    for wrong in (f"/businesses/{one}/not-same/999", f"/businesses/999/not-same/{other}"):
        send(browser, wrong, 404)
        send(browser, f"{wrong}/undo", 404)


def test_an_owner_reads_that_her_business_was_merged(make: Make, login_as: LoginAs) -> None:
    make.site()
    old, new = (make.business(name=name) for name in ("UD Keripik Lina", "keripik lina"))
    owner = make.producer(old)
    with transaction() as session:
        session.get_one(Membership, (owner.id, old)).role = "owner"
    send(login_as(make.user(Role.MANAGER)), f"/businesses/{old}/merge", into=str(new), reason="a")
    for claimed in claim_due(now=make.now, limit=9, worker="w"):
        record_sent(message_id=claimed.id, token=claimed.token, now=make.now)

    inbox = text(login_as(owner), "/messages")

    assert f"keripik lina, nomor {new}" in inbox
    assert f'href="/businesses/{new}"' in inbox
