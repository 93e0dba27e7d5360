import json
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from packhouse.cli import worker
from packhouse.domain.reminders import MessageKind
from packhouse.jobs.schedule import DUTIES
from packhouse.queries.reminders import heartbeats
from tests.factories import Make
from tests.support.messages import book, counts, plan, write


@pytest.fixture
def files(context: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setitem(context.config, "MAIL_HOST", "")
    monkeypatch.setitem(context.config, "MAIL_DIRECTORY", tmp_path)
    return tmp_path


def test_a_booking_is_confirmed_and_reminded_of_round_by_round(
    context: Flask, make: Make, now: datetime, files: Path
) -> None:
    booked = book(make, make.at(9, days=8))
    write(booked, MessageKind.BOOKING_CONFIRMED, now=now)
    plan(booked, now=now)
    run = context.test_cli_runner().invoke

    found = []
    for instant in (
        "2026-11-24T08:00:00+07:00",
        "2026-11-24T08:00:05+07:00",
        "2026-11-29T08:59:59+07:00",
        "2026-11-29T02:00:00Z",
        "2026-12-01T09:00:00+07:00",
        "2026-12-02T07:00:00+07:00",
        "2026-12-02T07:30:00+07:00",
    ):
        result = run(args=["tick", "--now", instant])
        assert result.exit_code == 0, result.output
        found.append(json.loads(result.stdout)["deliver_messages"])

    assert found == [2, 0, 0, 2, 2, 2, 0]
    assert len(list(files.glob("*.eml"))) == 4
    assert counts() == {"sent": 8}


def test_a_round_now_prints_and_notes_what_each_duty_did(context: Flask, make: Make) -> None:
    result = context.test_cli_runner().invoke(args=["tick"])

    assert set(json.loads(result.stdout)) == {duty.name for duty in DUTIES}
    assert set(heartbeats()) == {duty.name for duty in DUTIES}


def test_a_round_with_a_failure_says_so_by_its_status(
    context: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "run_round", lambda _app: {"prune": 0})

    assert context.test_cli_runner().invoke(args=["tick"]).exit_code == 1


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-26", "2026-11-26T08:00:00"])
def test_an_instant_without_an_offset_is_refused(context: Flask, text: str) -> None:
    result = context.test_cli_runner().invoke(args=["tick", "--now", text])

    assert result.exit_code == 2


def test_the_worker_is_told_to_accept_the_clock(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    monkeypatch.setattr(worker, "run_worker", lambda _app, accept_clock: told.append(accept_clock))
    run = context.test_cli_runner().invoke

    run(args=["worker"])
    run(args=["worker", "--accept-clock"])

    assert told == [False, True]
