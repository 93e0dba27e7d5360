"""The operator's day over HTTP, where it is not the usual one."""

from datetime import timedelta

from sqlalchemy import select

from packhouse import clock
from packhouse.db import db
from packhouse.models.runs import StateInterval
from tests.api.conftest import House, codes


def test_who_does_not_come_is_noted_when_the_grace_is_over(house: House) -> None:
    code = house.book()["code"]

    with clock.frozen(house.make.at(8, 5)):
        early = house.operator.post(f"bookings/{code}/no-show")
    with clock.frozen(house.make.at(8, 25)):
        missed = house.operator.post(f"bookings/{code}/no-show")

    assert (early.status_code, codes(early)) == (422, ["grace_running"])
    assert (missed.status_code, missed.json["state"]) == (200, "no_show")


def test_who_comes_after_all_is_taken_back(house: House) -> None:
    code = house.book()["code"]
    with clock.frozen(house.make.at(8, 25)):
        house.operator.post(f"bookings/{code}/no-show")
        back = house.operator.post(f"bookings/{code}/back")
        again = house.operator.post(f"bookings/{code}/back")

    assert (back.status_code, back.json["state"]) == (200, "arrived")
    assert again.json == back.json


def test_a_run_is_counted_once_however_often_it_is_sent(house: House) -> None:
    code = house.book()["code"]
    with clock.frozen(house.make.at(8)):
        house.operator.post(f"bookings/{code}/start")
    with clock.frozen(house.make.at(8, 30)):
        first = house.operator.post(
            f"bookings/{code}/finish", {"good": 390, "rejected": 10}, key="f1"
        )
        again = house.operator.post(
            f"bookings/{code}/finish", {"good": 390, "rejected": 10}, key="f1"
        )
        other = house.operator.post(f"bookings/{code}/finish", {"good": 1, "rejected": 0}, key="f1")

    assert (first.status_code, again.json) == (200, first.json)
    assert (other.status_code, other.json["code"]) == (409, "key_reused")


def test_a_run_pauses_only_for_a_known_reason_and_counts_whole_pieces(house: House) -> None:
    code = house.book()["code"]
    with clock.frozen(house.make.at(8) + timedelta(minutes=1)):
        house.operator.post(f"bookings/{code}/start")
        odd = house.operator.post(f"bookings/{code}/pause", {"reason": "bosan"})
        minus = house.operator.post(f"bookings/{code}/finish", {"good": -1, "rejected": 0})

    assert (odd.status_code, codes(odd)) == (400, ["code_unknown"])
    assert (minus.status_code, codes(minus)) == (400, ["out_of_range"])


def test_a_tap_kept_on_a_device_counts_at_its_own_time_and_once(house: House) -> None:
    code = house.book()["code"]
    at = {"at": "2026-11-26T08:00:00+07:00"}
    with clock.frozen(house.make.at(8, 20)):
        first = house.operator.post(f"bookings/{code}/start", at, key="s1")
        again = house.operator.post(f"bookings/{code}/start", at, key="s1")
        naive = house.operator.post(f"bookings/{code}/resume", {"at": "2026-11-26T08:05:00"})
        house.operator.post(f"bookings/{code}/resume", {"at": "2026-11-26T08:05:00+07:00"})

    assert (first.status_code, again.json) == (200, first.json)
    assert (naive.status_code, codes(naive)) == (400, ["naive_time"])
    states = db.session.scalars(select(StateInterval).order_by(StateInterval.starts_at)).all()
    assert [(each.reason, each.starts_at) for each in states] == [
        ("setup", house.make.at(8)),
        ("running", house.make.at(8, 5)),
    ]


def test_the_operators_verbs_are_not_for_customers(house: House) -> None:
    code = house.book()["code"]

    for verb in ("check-in", "start", "pause", "resume", "finish", "no-show"):
        answer = house.producer.post(f"bookings/{code}/{verb}")
        assert (answer.status_code, codes(answer)) == (403, ["not_allowed"])
