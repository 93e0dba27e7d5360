from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from packhouse.cli.machines import read_rows
from packhouse.db import db
from packhouse.errors import PackhouseError
from packhouse.models.machines import Machine, MachinePack
from tests.factories import Make

HEAD = (
    "site,code,name,kind,lane,packs,rate_per_minute,setup_minutes,cleaning_minutes_1,"
    "cleaning_minutes_2,cleaning_minutes_3,attended,tariff_per_hour,commissioned_at\n"
)
LINE = (
    "PTK,BS-1,Band sealer,band_sealer,halal,pouch_100;pouch_250,15,10,5,10,15,0,15000,2026-01-01\n"
)


@pytest.fixture
def read(context: Flask, make: Make, tmp_path: Path) -> Any:
    make.site(code="PTK")

    def run(content: bytes) -> Result:
        path = tmp_path / "machines.csv"
        path.write_bytes(content)
        return context.test_cli_runner().invoke(args=["import-machines", str(path)])

    return run


def test_a_list_is_read_and_counted(read: Any) -> None:
    done = read((HEAD + LINE).encode())

    assert done.exit_code == 0
    assert (done.stdout, done.stderr) == ("", "created 1, updated 0, unchanged 0\n")
    assert set(db.session.scalars(select(MachinePack.pack))) == {"pouch_100", "pouch_250"}


@pytest.mark.parametrize(
    "content",
    [
        ("\ufeff" + HEAD + LINE).encode(),
        (HEAD + LINE).replace("\n", "\r\n").encode(),
        (HEAD + "\n" + LINE).encode(),
        (HEAD.replace(",", ", ") + LINE).encode(),
        (HEAD + LINE.replace("pouch_100;pouch_250", '"pouch_100; pouch_250"')).encode(),
        (HEAD + LINE.replace("pouch_100;pouch_250", '"pouch_100;pouch_250"'))
        .replace('"pouch_100;pouch_250"', "@")
        .replace(",", ";")
        .replace("@", '"pouch_100;pouch_250"')
        .encode(),
    ],
)
def test_spreadsheets_write_the_same_list_in_many_ways(read: Any, content: bytes) -> None:
    done = read(content)

    assert done.exit_code == 0, done.stderr
    assert set(db.session.scalars(select(MachinePack.pack))) == {"pouch_100", "pouch_250"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "site, code, name, kind, lane"),
        (HEAD.encode(), "kosong"),
        (b"site;code\n", "name, kind, lane"),
        ((HEAD.replace("attended", "atended") + LINE).encode(), "atended"),
        ((HEAD.replace("packs", "name") + LINE).encode(), "nama yang sama"),
        ((HEAD + LINE.replace("\n", ",extra\n")).encode(), "Baris 2"),
        ((HEAD + LINE + LINE.replace("BS-1", "BS 2")).encode(), "Baris 3"),
        ((HEAD + LINE.replace("Band sealer", '"Band')).encode(), "CSV"),
        ((HEAD + LINE.replace("Band", "B\u00e4nd")).encode("latin-1"), "UTF-8"),
        (b"\x00\x01\x02", "site"),
        ((HEAD + LINE.replace("Band", "B\x00nd")).encode(), "Baris 2"),
    ],
)
def test_an_unreadable_list_is_told_and_nothing_is_added(
    read: Any, content: bytes, said: str
) -> None:
    done = read(content)

    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert db.session.scalars(select(Machine)).all() == []


def test_a_file_that_is_not_there_is_told(context: Flask) -> None:
    done = context.test_cli_runner().invoke(args=["import-machines", "/nowhere/machines.csv"])

    assert done.exit_code == 2


@given(st.binary(max_size=300))
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes) -> None:
    for head in (b"", HEAD.encode()):
        try:
            rows = read_rows(head + content)
        except PackhouseError:
            continue
        assert all(isinstance(text, str) for _, cells in rows for text in cells.values())
