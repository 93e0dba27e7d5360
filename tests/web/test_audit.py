from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from packhouse.db import transaction
from packhouse.domain.users import Actor, Role
from packhouse.models.reminders import Heartbeat
from packhouse.services import bookings
from packhouse.services.bookings import Wish
from tests.factories import Make

LoginAs = Callable[[Actor], FlaskClient]


def beat(make: Make) -> None:
    with transaction() as session:
        session.add(Heartbeat(duty="deliver_messages", at=make.now, done=0))


def test_a_process_says_that_it_answers(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_a_house_is_ready_when_database_triggers_and_worker_are(
    make: Make, client: FlaskClient
) -> None:
    assert client.get("/readyz").status_code == 503
    beat(make)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ok", "database": "ok", "migrations": "ok", "triggers": "ok",
        "settings": "ok", "worker": "ok",
    }  # fmt: skip


def test_a_missing_trigger_makes_a_house_unready(make: Make, client: FlaskClient) -> None:
    beat(make)
    with transaction() as session:
        sqlite = session.get_bind().dialect.name == "sqlite"
        on = "" if sqlite else " ON occupations"
        session.execute(text(f"DROP TRIGGER occupations_claim{on}"))

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "occupations_claim" in answer.get_json()["triggers"]


def test_a_database_without_its_rules_serves_nothing(
    app: Flask, make: Make, client: FlaskClient
) -> None:
    with transaction() as session:
        sqlite = session.get_bind().dialect.name == "sqlite"
        on = "" if sqlite else " ON bookings"
        session.execute(text(f"DROP TRIGGER bookings_transition{on}"))
    app.extensions["packhouse_guarded"] = False

    page = client.get("/sign-in")

    assert page.status_code == 503
    assert "init-db" in page.text
    assert client.get("/healthz").status_code == 200


def test_meters_are_for_this_machine_and_for_admins(
    make: Make, client: FlaskClient, login_as: LoginAs
) -> None:
    beat(make)
    away = {"REMOTE_ADDR": "203.0.113.9"}
    client.get("/healthz")

    own = client.get("/metrics")

    assert own.status_code == 200
    assert 'packhouse_duty_age_seconds{duty="deliver_messages"} 0.0' in own.text
    assert 'endpoint="audit.healthz"' in own.text
    assert client.get("/metrics", environ_overrides=away).status_code == 404
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    assert client.get("/metrics", headers=proxied).status_code == 404
    admin = login_as(make.user(Role.ADMIN))
    assert admin.get("/metrics", environ_overrides=away).status_code == 200


def test_an_auditor_reads_who_did_what(make: Make, login_as: LoginAs) -> None:
    make.machine(make.site(), code="M3")
    business = make.business()
    actor = make.producer(business)
    wish = Wish(make.product(business), 400, "M3", make.at(9))
    code = bookings.book(wish=wish, actor=actor, now=make.now)["code"]
    auditor = login_as(make.user(Role.AUDITOR))

    page = auditor.get("/audit", query_string={"subject": code})

    assert page.status_code == 200
    assert code in page.text
    assert "booking:create" in page.text
    assert actor.name in page.text
    assert "booking:create" not in auditor.get("/audit?subject=NOPE").text
    assert login_as(actor).get("/audit").status_code == 403
