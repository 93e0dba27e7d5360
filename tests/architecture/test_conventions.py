"""Habits that no linter knows: sizes, names, and nothing kept that nobody uses."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "packhouse"
MOST_LINES = 400
FEATURES = {
    *("sites", "machines", "businesses", "products", "slots", "bookings", "waitlist", "runs"),
    *("downtime", "replanning", "reminders", "reports", "tariffs", "audit", "users"),
    *("calendars", "complaints", "privacy"),
}
LAYERS = ("web", "api", "forms", "services", "queries", "models", "domain")
# What has no single feature: the edges of the program, and rules that every feature uses.
SHARED = {
    "web": {"access", "assets", "errors", "filters", "home", "login", "qr", "request_log"}
    | {"security", "machine_weeks", "offline", "public"},
    "api": {"errors", "wire"},
    "services": {"housekeeping", "outbox", "registration", "sessions"},
    "models": {"triggers"},
    "domain": {"passwords", "permissions", "time_range", "machine_days"},
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base"}
RENDERED = re.compile(r"""["']([a-z_]+/[a-z_]+\.html)["']""")
USED = re.compile(r"""(?:extends|import|include|from)\s+["']([a-z_/]+\.html)["']""")


def python(folder: Path) -> Iterator[Path]:
    return (each for each in sorted(folder.rglob("*.py")) if "versions" not in each.parts)


def test_a_module_fits_in_a_head() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python(PACKAGE)
        if (lines := len(path.read_text().splitlines())) > MOST_LINES
    }

    assert long == {}


def test_every_layer_is_divided_by_the_same_words() -> None:
    odd = [
        f"{layer}/{path.name}"
        for layer in LAYERS
        for path in (PACKAGE / layer).iterdir()
        if (path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__"))
        and not path.stem.startswith("_")
        and path.stem not in FEATURES | SHARED.get(layer, set())
    ]

    assert odd == []


def test_no_module_has_a_name_for_anything() -> None:
    assert [str(path) for path in python(PACKAGE) if path.stem in VAGUE] == []


def test_what_stands_in_a_test_file_is_a_test_or_is_used() -> None:
    """A test whose name does not begin with test_ would never run, and nobody would notice."""
    files = {path: path.read_text() for path in (ROOT / "tests").rglob("*.py")}
    words = Counter(re.findall(r"\w+", "\n".join(files.values())))
    lost = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path, text in files.items()
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
        and path.name.startswith("test_")
        and not node.name.startswith("test_")
        and not node.decorator_list
        and words[node.name] < 2
    ]

    assert lost == []


def test_no_test_hides_behind_another_of_its_name() -> None:
    twice = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for scope in ast.walk(ast.parse(path.read_text()))
        if isinstance(scope, ast.Module | ast.ClassDef)
        for names in [[each.name for each in scope.body if isinstance(each, ast.FunctionDef)]]
        for name in sorted(set(names))
        if names.count(name) > 1
    ]

    assert twice == []


def test_every_template_is_shown_and_every_shown_template_exists(bare_app: Flask) -> None:
    folder = Path(str(bare_app.template_folder))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    rendered = {name for path in python(PACKAGE) for name in RENDERED.findall(path.read_text())}
    used = {name for path in folder.rglob("*.html") for name in USED.findall(path.read_text())}

    assert rendered | used >= there, there - rendered - used
    assert rendered | used <= there, (rendered | used) - there


def test_every_template_can_be_read(bare_app: Flask) -> None:
    for name in bare_app.jinja_env.list_templates(extensions=["html"]):
        bare_app.jinja_env.get_template(name)


def test_every_own_style_and_script_is_used(bare_app: Flask) -> None:
    folder = Path(str(bare_app.static_folder))
    sources = [*Path(str(bare_app.template_folder)).rglob("*.html"), *python(PACKAGE)]
    sources += [*folder.rglob("*.css"), *folder.rglob("*.js")]
    text = "\n".join(path.read_text() for path in sources)
    unused = [path.name for path in folder.rglob("*.*") if path.is_file() and path.name not in text]

    assert unused == []
