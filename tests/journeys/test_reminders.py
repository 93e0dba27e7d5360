"""From booking to the last reminder, with a move and a cancellation on the way."""

import json
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask import Flask

from packhouse.services import bookings
from packhouse.services.bookings import Target, Wish
from tests.factories import Make

Tick = Callable[[str], list[str]]


@pytest.fixture
def tick(context: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tick:
    """Run ``flask tick`` at an instant, and return the subjects of the mails that it sent."""
    monkeypatch.setitem(context.config, "MAIL_HOST", "")
    monkeypatch.setitem(context.config, "MAIL_DIRECTORY", tmp_path)

    def at(instant: str) -> list[str]:
        result = context.test_cli_runner().invoke(args=["tick", "--now", f"{instant}+07:00"])
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["deliver_messages"] % 2 == 0
        subjects = []
        for path in sorted(tmp_path.glob("*.eml")):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            subjects.append(str(mail["Subject"]))
            path.unlink()
        return sorted(subjects)

    return at


def test_a_producer_hears_of_her_booking_its_move_and_its_end_and_nothing_else(
    make: Make, now: datetime, tick: Tick
) -> None:
    machine_id = make.machine()
    machine = make.code(machine_id)
    business_id = make.business()
    producer = make.producer(business_id)
    wish = Wish(make.product(business_id), 300, machine, make.at(9, days=7))

    code = bookings.book(wish=wish, actor=producer, now=now)["code"]
    assert [each.split(",")[0] for each in tick("2026-11-24T08:00:05")] == [
        f"Reservasi {code} sudah pasti"
    ]
    assert tick("2026-11-28T08:59:00") == []
    assert tick("2026-11-28T09:00:00") == [
        f"Pengingat: reservasi {code}, Selasa, 1 Desember 2026, 09.00 WIB"
    ]

    bookings.move(
        code=code,
        target=Target(starts_at=make.at(10, days=8)),
        actor=producer,
        now=make.at(12, days=5),
    )
    assert tick("2026-11-29T12:00:00") == [f"Jadwal {code} berubah"]
    assert tick("2026-11-30T09:00:00") == []
    assert tick("2026-12-01T07:00:00") == []
    assert tick("2026-12-01T10:00:00") == [
        f"Aman berangkat: reservasi {code}, Rabu, 2 Desember 2026, 10.00 WIB"
    ]

    bookings.cancel(code=code, actor=producer, now=make.at(13, days=7))
    assert tick("2026-12-01T13:00:05") == [f"Reservasi {code} dibatalkan"]
    assert tick("2026-12-02T08:00:00") == []
    assert tick("2026-12-02T09:30:00") == []
