"""The documents say what is there: settings, files, functions, commands, decisions."""

import re
import shlex
from dataclasses import fields
from datetime import time
from pathlib import Path

import click
import pytest
from flask import Flask

from config import PREFIX, ROOT, Config

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
OPERATIONS = ROOT / "docs/operations.md"
ADRS = ROOT / "docs/adr"
FOLDERS = "packhouse|tests|templates|static|docs|bench|deploy"
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w./-]+|config\.py|wsgi\.py)(?:::(\w+))?`")
LINK = re.compile(r"(?:\]\(|src=\")([^)#:\"]+)(?:#[^)]*)?[)\"]")
# Settings that are no field of Config: one chooses its class, the others are for ./run alone.
OF_RUN = {PREFIX + "VENV", "PORT"}
CHOOSES_CLASS = PREFIX + "ENV"


def named_by_config() -> set[str]:
    return {PREFIX + each.name for each in fields(Config)} | {CHOOSES_CLASS}


def documented() -> dict[str, str]:
    """Return the settings of the table in operations.md with their defaults."""
    rows = re.findall(r"^\| `(PACKHOUSE_\w+)` \| ?(.*?) ?\|", OPERATIONS.read_text(), re.MULTILINE)
    return {name: default.strip("` ") for name, default in rows}


def shown() -> dict[str, str]:
    """Return the settings of .env.example with the values it shows."""
    lines = re.findall(r"^#?(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    return dict(lines)


def typed(text: str) -> list[list[str]]:
    """Return the commands in the shell examples of a document, as words."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines if "./run" in line]


def as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return value.strftime("%H:%M") if isinstance(value, time) else str(value)


def test_the_documented_settings_are_those_of_the_program() -> None:
    assert set(documented()) == named_by_config()
    assert set(shown()) == named_by_config() | OF_RUN


def test_the_documented_defaults_are_those_of_the_program() -> None:
    defaults = {PREFIX + each.name: as_text(each.default) for each in fields(Config)}
    defaults[PREFIX + "INSTANCE"] = "instance"
    defaults[CHOOSES_CLASS] = "production"
    defaults[PREFIX + "PUBLIC_URL"] = ""  # Made of PORT where nobody names one.

    assert documented() == defaults
    assert {name: shown()[name] for name in defaults} == defaults


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_is_there(path: Path) -> None:
    text = path.read_text()

    for name, inside in NAMED.findall(text):
        assert (ROOT / name).exists(), name
        if inside:
            definition = rf"^(?:    )?(?:def |class )?{inside}\b"
            assert re.search(definition, (ROOT / name).read_text(), re.MULTILINE), inside
    for target in LINK.findall(text):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_of_a_document_exists(bare_app: Flask, path: Path) -> None:
    starter = set(re.findall(r"^\./run (\w+)", (ROOT / "run").read_text(), re.MULTILINE))

    for words in typed(path.read_text()):
        rest = words[words.index("./run") + 1 :]
        if not rest or rest[0] in ("&&", "#"):
            continue
        assert rest[0] in starter, words
        if rest[0] == "flask" and not rest[1].startswith("-"):
            check_flask_command(bare_app, rest[1:])


def check_flask_command(app: Flask, words: list[str]) -> None:
    """Fail unless the command, its subcommand and its options are there."""
    command: click.Command = app.cli.commands[words[0]]
    rest = words[1:]
    if isinstance(command, click.Group):
        command, rest = command.commands[rest[0]], rest[1:]
    known = {option for each in command.params for option in each.opts}
    assert [word for word in rest if word.startswith("--") and word not in known] == []


def test_every_decision_is_listed_and_has_its_three_parts() -> None:
    listed = (ADRS / "README.md").read_text()
    pages = sorted(ADRS.glob("[0-9]*.md"))

    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        title = text.splitlines()[0].removeprefix(f"# {page.name[:4]} ")
        assert f"| [{page.name[:4]}]({page.name}) | {title} |" in listed, page.name
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Price")), page.name


def test_the_documents_name_no_place_of_the_machine_they_were_written_on() -> None:
    for path in DOCUMENTS:
        assert not re.search(r"/(?:home|root|Users)/", path.read_text()), path
