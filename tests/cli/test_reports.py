import csv
import json
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import func, select

from packhouse import clock
from packhouse.db import db
from packhouse.domain.users import SYSTEM
from packhouse.models.runs import StateInterval
from packhouse.queries.reports import Period, utilization
from tests.factories import Make
from tests.support import worked_day

Run = Callable[..., Result]
HEAD = "machine,starts_at,ends_at,reason,booking,good,rejected\n"
DAY = worked_day.DAY.isoformat()


@pytest.fixture
def run(context: Flask, make: Make) -> Run:
    make.machine(make.site(code="PTK"), code="M1", rate_per_minute=10.0)

    def invoke(*args: object) -> Result:
        with clock.frozen(worked_day.at("24:00")):
            return context.test_cli_runner().invoke(args=[str(each) for each in args])

    return invoke


@pytest.fixture
def bring(run: Run, tmp_path: Path) -> Callable[[bytes], Result]:
    def write(content: bytes) -> Result:
        path = tmp_path / "log.csv"
        path.write_bytes(content)
        return run("import-runs", path)

    return write


def worked(bring: Callable[[bytes], Result]) -> None:
    done = bring(worked_day.as_csv(heater="C").encode())
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "lines 13, states 13, runs 3\n"


def report(run: Run, *more: object, first: str = DAY, last: str = DAY) -> Result:
    done = run("report", "utilization", "--from", first, "--to", last, *more)
    assert done.exit_code == 0, done.output
    return done


def states() -> int:
    return db.session.scalars(select(func.count()).select_from(StateInterval)).one()


def test_the_worked_day_comes_out_as_it_went_in(run: Run, bring: Any) -> None:
    """UTIL-01, as programs read it."""
    worked(bring)
    with clock.frozen(worked_day.at("24:00")):
        period = Period(worked_day.DAY, worked_day.DAY)
        expected = utilization(period=period, actor=SYSTEM, now=clock.now()).as_dict()

    done = report(run, "--format", "json")

    assert done.stderr == ""
    assert json.loads(done.stdout) == expected
    row = expected["rows"][0]
    assert (row["machine"], row["productive_minutes"], row["bookable_minutes"]) == ("M1", 220, 390)


@pytest.mark.parametrize("by", ["machine", "site", "day", "kind"])
def test_every_format_tells_the_same_figures(run: Run, bring: Any, by: str, tmp_path: Path) -> None:
    worked(bring)
    told = json.loads(report(run, "--by", by).stdout)

    text = report(run, "--by", by, "--format", "csv").stdout_bytes.decode()
    head, row, total = csv.reader(StringIO(text, newline=""))
    assert head[0] == by
    assert text.endswith("\r\n")
    assert (row[0], total[0]) == (told["rows"][0][by], "total")
    read = dict(zip(head, row, strict=True))
    assert float(read["used_rate"]) == told["rows"][0]["used_rate"]
    assert float(read["states_PRD"]) == told["rows"][0]["states"]["PRD"]
    assert float(read["e10_mttr_minutes"]) == 27.5
    assert float(read["iso22400_oee"]) == told["rows"][0]["iso22400"]["oee"]
    assert (read["from"], read["definition_version"]) == (DAY, told["definition_version"])
    assert row[1:] == total[1:]

    path = tmp_path / "figures.xlsx"
    report(run, "--by", by, "--format", "xlsx", "--out", path)
    book = load_workbook(BytesIO(path.read_bytes()))
    assert book.sheetnames == ["figures", "definitions"]
    first = [cell.value for cell in book["figures"][2]][1:]
    last = [cell.value for cell in book["figures"][3]][1:]
    assert first == last == [float(cell) for cell in row[1:-3]]

    path = tmp_path / "figures.pdf"
    report(run, "--by", by, "--format", "pdf", "--out", path)
    (page,) = PdfReader(BytesIO(path.read_bytes())).pages
    words = page.extract_text()
    for figure in ("100,0%", "76,9%", "56,4%", "26 November 2026", "Halaman 1 dari 1"):
        assert figure in words


def test_a_ratio_without_a_denominator_is_empty(run: Run, tmp_path: Path) -> None:
    sunday = {"first": "2026-11-22", "last": "2026-11-22"}

    row, _ = csv.DictReader(StringIO(report(run, "--format", "csv", **sunday).stdout))
    assert (row["bookable_minutes"], row["used_rate"]) == ("0", "")
    path = tmp_path / "out.xlsx"
    report(run, "--format", "xlsx", "--out", path, **sunday)
    cells = {cell.value for cell in load_workbook(path)["figures"][2]}
    assert None in cells
    path = tmp_path / "out.pdf"
    report(run, "--format", "pdf", "--out", path, **sunday)
    assert "–" in PdfReader(path).pages[0].extract_text()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--from", DAY, "--to", "2026-11-25"], "mendahului"),
        (["--from", "2020-01-01", "--to", DAY], "paling lama"),
        (["--from", "0001-01-01", "--to", "0001-01-02"], "tahun"),
        (["--from", "9999-12-31", "--to", "9999-12-31"], "tahun"),
        (["--from", "26/11/2026", "--to", DAY], "2026-11-26"),
        (["--from", DAY], "--to"),
        (["--from", DAY, "--to", DAY, "--site", "XXX"], "Rumah kemasan ini tidak ada"),
        (["--from", DAY, "--to", DAY, "--by", "moon"], "moon"),
        (["--from", DAY, "--to", DAY, "--format", "xlsx"], "--out"),
        (["--from", DAY, "--to", DAY, "--format", "pdf"], "--out"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_in_words(
    run: Run, args: list[str], words: str
) -> None:
    done = run("report", "utilization", *args)

    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


def test_a_place_where_no_file_can_stand_is_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "out.csv"

    done = run("report", "utilization", "--from", DAY, "--to", DAY, "--out", path)

    assert done.exit_code != 0
    assert str(path) in done.stderr


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + worked_day.as_csv(),
        worked_day.as_csv().replace("\n", "\r\n"),
        worked_day.as_csv().replace(",", ";"),
        worked_day.as_csv().replace("machine,", "machine ,").replace("M1,", " M1 ,"),
        "\n".join(",".join(reversed(line.split(","))) for line in worked_day.as_csv().split()),
    ],
    ids=["bom", "crlf", "semicolon", "spaces", "any order"],
)
def test_logs_are_read_as_spreadsheets_write_them(bring: Any, content: str) -> None:
    done = bring(content.encode())

    assert done.exit_code == 0, done.output
    assert states() == 13


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "machine, starts_at, ends_at, reason"),
        (HEAD.encode(), "kosong"),
        (b"machine,starts_at\nM1,2026-11-26T08:00\n", "ends_at, reason"),
        (HEAD.replace("good", "colour").encode(), "colour"),
        (b"\xff\xfe", "UTF-8"),
        (HEAD.encode() + b'M1,"2026-11-26T08:00', "tanda kutip"),
        (HEAD.encode() + b"M1,a,b,running,,,,,\n", "Baris 2"),
    ],
)
def test_a_file_that_is_no_log_is_refused_in_words(bring: Any, content: bytes, words: str) -> None:
    done = bring(content)

    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert states() == 0


def test_every_wrong_line_is_told_with_its_number(bring: Any) -> None:
    lines = (
        "M9,2026-11-26T08:00,2026-11-26T09:00,running,,,",
        "M1,kemarin,2026-11-26T09:00,running,,,",
        "M1,2026-11-26T09:00,2026-11-26T10:00,menari,,,",
        "M1,2026-11-26T09:00,2026-11-26T10:00,running,,banyak,",
        "M1,2026-11-26T10:00,2026-11-26T11:00,running,A,5,0",
    )

    done = bring((HEAD + "\n".join(lines)).encode())

    assert done.exit_code == 2
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "Baris 2", "Baris 3", "Baris 4", "Baris 5",
    ]  # fmt: skip
    for word in ("M9", "kemarin", "menari", "banyak"):
        assert word in done.stderr
    assert states() == 0


def test_a_log_is_not_written_twice(bring: Any) -> None:
    worked(bring)

    again = bring(worked_day.as_csv(heater="C").encode())

    assert again.exit_code == 2
    assert "sudah mempunyai catatan" in again.stderr
    assert states() == 13
