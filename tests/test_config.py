"""Settings: where they come from, and what is refused."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import time
from pathlib import Path

import pytest
from flask import Flask

import config
from config import BadSetting, Config, Testing, database_url, from_environment, stored_secret

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


def settings(tmp_path: Path, **given: str) -> Config:
    """Return the settings of a process with just these variables (without their prefix)."""
    named = {f"PACKHOUSE_{name}": value for name, value in given.items()}
    return from_environment({"PACKHOUSE_INSTANCE": str(tmp_path)} | named)


def test_without_any_setting_the_database_is_a_file_of_the_instance(tmp_path: Path) -> None:
    assert settings(tmp_path).SQLALCHEMY_DATABASE_URI == f"sqlite:///{tmp_path}/packhouse.db"


def test_a_relative_instance_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert from_environment({"PACKHOUSE_INSTANCE": "here"}).INSTANCE == tmp_path / "here"


@pytest.mark.parametrize("short", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_gets_the_installed_driver(short: str) -> None:
    assert database_url(f"{short}://a:b@h/d") == "postgresql+psycopg://a:b@h/d"


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = settings(tmp_path).SECRET_KEY, settings(tmp_path).SECRET_KEY

    assert first == second
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as starters:
        made = set(starters.map(stored_secret, [tmp_path] * 32))

    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("weak", ["changeme", "short", "a" * 64])
def test_a_weak_secret_is_refused(tmp_path: Path, weak: str) -> None:
    with pytest.raises(BadSetting, match="PACKHOUSE_SECRET_KEY"):
        settings(tmp_path, SECRET_KEY=weak)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENV", "staging"),
        ("DEMO", "maybe"),
        ("PROXY_HOPS", "two"),
        ("PROXY_HOPS", "-1"),
        ("MAIL_PORT", "70000"),
        ("MAIL_SECURITY", "ssl3"),
        ("LOCALE", "fr"),
        ("ZONE", "Asia/Nowhere"),
        ("LOG_LEVEL", "LOUD"),
        ("QUIET_FROM", "25:00"),
        ("PUBLIC_URL", "packhouse.example"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_its_name(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(BadSetting, match=f"PACKHOUSE_{name}"):
        settings(tmp_path, **{name: value})


def test_values_are_read_as_what_they_mean(tmp_path: Path) -> None:
    read = settings(
        tmp_path,
        DEMO="0",
        TRUSTED_HOSTS="a.example, b.example",
        QUIET_FROM="21:30",
        SECRET_KEY=SECRET,
    )

    assert read.DEMO is False
    assert read.TRUSTED_HOSTS == ("a.example", "b.example")
    assert read.QUIET_FROM == time(21, 30)
    assert read.SECRET_KEY == SECRET


def test_an_empty_variable_means_the_default(tmp_path: Path) -> None:
    assert settings(tmp_path, MAIL_PORT="", DEMO=" ").MAIL_PORT == 587


@pytest.mark.parametrize(
    ("address", "secure"), [("https://packhouse.example", True), ("http://127.0.0.1:8000", False)]
)
def test_the_cookie_stays_off_plain_http_once_there_is_https(
    tmp_path: Path, address: str, secure: bool
) -> None:
    assert settings(tmp_path, PUBLIC_URL=address).SESSION_COOKIE_SECURE is secure


def test_the_public_address_follows_the_port(tmp_path: Path) -> None:
    read = from_environment({"PACKHOUSE_INSTANCE": str(tmp_path), "PORT": "8123"})

    assert read.PUBLIC_URL == "http://127.0.0.1:8123"


def test_the_process_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PACKHOUSE_LOCALE=en\nPACKHOUSE_MAIL_PORT=25\n")
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setenv("PACKHOUSE_INSTANCE", str(tmp_path))
    monkeypatch.setenv("PACKHOUSE_MAIL_PORT", "2525")

    read = from_environment()

    assert (read.LOCALE, read.MAIL_PORT) == ("en", 2525)


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    address = "postgresql://packhouse:also-private@127.0.0.1/packhouse"
    read = settings(tmp_path, MAIL_PASSWORD="very-private", SECRET_KEY=SECRET, DATABASE_URL=address)

    assert "private" not in repr(read)
    assert SECRET not in repr(read)


def test_flask_takes_the_settings_as_they_are(tmp_path: Path) -> None:
    app = Flask("probe")
    app.config.from_object(settings(tmp_path))

    assert app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite:///")
    assert app.config["WTF_CSRF_TIME_LIMIT"] is None
    assert app.config["SESSION_COOKIE_HTTPONLY"] is True


def test_a_test_cannot_reach_a_mail_host() -> None:
    assert Testing().MAIL_HOST.endswith(".invalid")


def test_the_example_names_every_setting_with_its_default() -> None:
    written = (Path(config.ROOT) / ".env.example").read_text()
    examples = dict(re.findall(r"^#PACKHOUSE_(\w+)=(.*)$", written, re.MULTILINE))
    only_outside_config = {"ENV", "VENV"}
    # These are spelled as places and moments, or filled in when they are empty.
    derived = {"INSTANCE", "QUIET_FROM", "QUIET_TO", "PUBLIC_URL", "TRUSTED_HOSTS"}

    assert set(examples) == {setting.name for setting in fields(Config)} | only_outside_config
    for setting in fields(Config):
        if setting.name not in derived:
            default = setting.default
            expected = str(int(default)) if isinstance(default, bool) else str(default)
            assert examples[setting.name] == expected, setting.name
