"""Finding Chromium, and what a page is checked for."""

import os
import shutil
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from packhouse.domain.users import Role

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


def findings(page: Page) -> list[str]:
    """Return what axe finds serious or critical on a page, in words."""
    violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]


def sideways(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
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
