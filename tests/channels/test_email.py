"""Mail against a host of our own that behaves as hosts do: well, busy, offended, or gone."""

import re
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from packhouse.channels import NotSent, email
from packhouse.domain.reminders import Channel, Failure, MessageKind, reference
from packhouse.services.outbox import Claimed
from tests.support.mail import Host, running, settings

KEY = "booking:7:v1:reminder_1_day:email:9"
MESSAGE = Claimed(
    id=1,
    token="t",
    key=KEY,
    kind=MessageKind.REMINDER_1_DAY,
    channel=Channel.EMAIL,
    attempts=1,
    name="Ibu Aminah",
    email="aminah@contoh.example",
    locale="id",
    site_name="Rumah Kemasan Ketapang",
    zone="Asia/Pontianak",
    facts={
        "code": "PK-7",
        "machine": "Sealer 2",
        # Thursday, 26 November 2026, 08.00 to 09.25 in Pontianak.
        "starts_at": 1795654800,
        "ends_at": 1795659900,
    },
)


@pytest.fixture
def host(context: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with running(Host()) as host:
        for name, value in settings(host).items():
            monkeypatch.setitem(context.config, name, value)
        yield host


@pytest.fixture
def folder(context: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setitem(context.config, "MAIL_HOST", "")
    monkeypatch.setitem(context.config, "MAIL_DIRECTORY", tmp_path / "mail")
    return tmp_path / "mail"


def failure(message: Claimed = MESSAGE) -> Failure:
    with pytest.raises(NotSent) as caught:
        email.send(message)
    return caught.value.failure


def test_a_mail_says_where_and_when_to_be_and_nothing_else(host: Host, now: datetime) -> None:
    email.send(MESSAGE)

    (mail,) = host.taken
    text = mail.get_content()
    assert mail["To"] == "Ibu Aminah <aminah@contoh.example>"
    assert mail["From"] == "Rumah Kemasan <rumah@contoh.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == now
    assert "Aman berangkat" in mail["Subject"]
    assert "PK-7" in mail["Subject"]
    for fact in (
        "Ibu Aminah",
        "PK-7",
        "Sealer 2",
        "Rumah Kemasan Ketapang",
        "Kamis, 26 November 2026, 08.00–09.25 WIB",
    ):
        assert fact in text


def test_a_mail_that_is_sent_again_has_the_same_message_id(host: Host) -> None:
    email.send(MESSAGE)
    email.send(replace(MESSAGE, id=2, token="u", attempts=2))
    email.send(replace(MESSAGE, key=KEY + "0"))

    first, second, other = (mail["Message-ID"] for mail in host.taken)
    assert first == second == f"<{reference(KEY)}@contoh.example>"
    assert other != first


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("MAIL", "451 4.3.0 later", Failure.TRANSIENT),
        ("MAIL", "550 5.7.1 you are not known here", Failure.TRANSIENT),
        ("RCPT", "450 4.2.0 greylisted", Failure.TRANSIENT),
        ("RCPT", "550 5.1.1 no such mailbox", Failure.PERMANENT),
        ("DATA", "452 4.3.1 full", Failure.TRANSIENT),
        ("DATA", "554 5.7.1 refused", Failure.PERMANENT),
    ],
)
def test_a_refusal_is_told_from_a_request_to_come_back(
    host: Host, command: str, answer: str, expected: Failure
) -> None:
    host.answers[command] = answer

    assert failure() == expected
    assert host.taken == []


def test_an_answer_lost_after_the_text_is_ambiguous(host: Host) -> None:
    host.drops_after_the_dot = True

    assert failure() == Failure.AMBIGUOUS
    assert len(host.taken) == 1


def test_a_host_that_is_gone_is_asked_again(
    context: Flask, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(context.config, "MAIL_PORT", 1)

    assert failure() == Failure.TRANSIENT


def test_without_encryption_nothing_is_said_to_a_host_that_should_have_it(
    context: Flask, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(context.config, "MAIL_SECURITY", "starttls")

    assert failure() == Failure.TRANSIENT
    assert host.taken == []


def test_a_wrong_password_is_the_houses_fault_and_not_the_readers(
    context: Flask, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(context.config, "MAIL_USER", "rumah")

    assert failure() == Failure.TRANSIENT


def test_a_quit_that_fails_changes_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: smtplib.SMTP) -> SimpleNamespace:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(smtplib.SMTP, "quit", refuse)

    email.send(MESSAGE)

    assert len(host.taken) == 1


@pytest.mark.parametrize(
    "break_", ["\r\nBcc: everybody@contoh.example", "\n", "\r", "\0", "\u2028"]
)
def test_a_name_cannot_break_out_of_its_line(host: Host, break_: str) -> None:
    email.send(
        replace(
            MESSAGE,
            name=f"Aminah{break_}x",
            site_name=f"Rumah{break_}y",
            facts=MESSAGE.facts | {"code": f"PK{break_}", "machine": f"M{break_}z"},
        )
    )

    (mail,) = host.taken
    assert mail["Bcc"] is None
    assert len(mail["To"].addresses) == 1
    assert not re.search(r"^Bcc:", mail.get_content(), re.MULTILINE)


def test_a_line_that_begins_with_a_dot_arrives_whole(host: Host) -> None:
    email.send(replace(MESSAGE, facts=MESSAGE.facts | {"machine": "." + "x" * 80 + " ."}))

    assert "." + "x" * 80 + " ." in host.taken[0].get_content()


@pytest.mark.parametrize(
    "broken",
    [
        replace(MESSAGE, facts={"code": "PK-AAAA"}),
        replace(MESSAGE, zone="Mars/Olympus"),
        replace(MESSAGE, email="nobody"),
        replace(MESSAGE, facts=MESSAGE.facts | {"starts_at": None}),
    ],
)
def test_a_message_that_cannot_be_written_is_dead_and_not_tried_again(
    host: Host, broken: Claimed
) -> None:
    assert failure(broken) == Failure.PERMANENT


def test_without_a_mail_host_each_mail_is_a_file_once(folder: Path) -> None:
    email.send(MESSAGE)
    email.send(replace(MESSAGE, attempts=2))
    email.send(replace(MESSAGE, key=KEY + "0"))

    assert len(list(folder.iterdir())) == 2
    written = message_from_bytes(
        (folder / f"{reference(KEY)}.eml").read_bytes(), policy=policy.default
    )
    assert written["To"] == "Ibu Aminah <aminah@contoh.example>"


def test_a_folder_that_cannot_be_written_is_tried_again(folder: Path) -> None:
    folder.write_text("not a folder")

    assert failure() == Failure.TRANSIENT
