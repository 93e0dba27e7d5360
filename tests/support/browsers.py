"""Finding Chromium, and what a page is checked for."""

import os
import re
import shutil
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from packhouse.domain.users import Role

AXE = Axe().axe_script
RUN = "axe.run({resultTypes: ['violations']}).then(found => found.violations)"
STAFF = (Role.OPERATOR, Role.MANAGER)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Return the path of an installed Chromium, if any."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def refuse_to_skip() -> None:
    """Fail where browser tests are required."""
    if os.environ.get("CI") == "true" or os.environ.get("PACKHOUSE_REQUIRE_BROWSER") == "1":
        pytest.fail("Chromium is required here and not installed")


class Reader:
    """Reads pages with axe, and those of a shape it has found clean at this width only once.

    A shape is the markup without its words: whatever axe calls serious follows from the shape, so
    people of several roles need not all wait for the same page to be read again.
    """

    def __init__(self) -> None:
        self.clean: set[tuple[int, str]] = set()

    def findings(self, page: Page) -> list[str]:
        """Return what axe finds serious or critical on a page, in words."""
        size = page.viewport_size
        shapes = {(size["width"] if size else 0, part) for part in shape(page.content())}
        if shapes <= self.clean:
            return []
        found = findings(page)
        if not found:
            self.clean |= shapes
        return found


# What a page says, where it leads and which thing it is about: no part of its shape.
WORDS = re.compile(r">[^<]*[^<\s][^<]*<")
VALUES = re.compile(
    r" (href|action|value|id|for|name|title|content|datetime|placeholder|lang|data-[a-z-]+"
    r'|aria-(?:label|labelledby|describedby|controls))="[^"]+"'
)
# Where one stands in a menu is shown on every page, and elsewhere on each.
STANDING = re.compile(r' aria-current="[a-z]+"|(?<=[" ])active(?=[" ])')
SPRITE = re.compile(r"<symbol\b.*</symbol>", re.DOTALL)
MAIN = re.compile(r"<main\b.*</main>", re.DOTALL)


def shape(markup: str) -> tuple[str, str]:
    """Return the markup of the main part without its words, and that of what stands around it."""
    bare = VALUES.sub(r' \1="x"', WORDS.sub(">x<", markup))
    around, inside = MAIN.sub("", bare), MAIN.search(bare)
    return STANDING.sub("", SPRITE.sub("", around)), inside.group() if inside else ""


def findings(page: Page) -> list[str]:
    """Return what axe finds serious or critical on a page, in words."""
    if page.evaluate("window.axe === undefined"):  # Not again for another width.
        page.evaluate(AXE)
    violations: list[dict[str, Any]] = page.evaluate(RUN)
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]


def sideways(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    page.wait_for_load_state("domcontentloaded")  # A page that is only coming has no root yet.
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def links(page: Page) -> list[str]:
    """Return the addresses of our own pages that a page links to."""
    found: list[str] = page.eval_on_selector_all(
        "a[href^='/']", "all => all.map(each => each.getAttribute('href'))"
    )
    return found
