"""Draw the icons of the installed app from its mark: ``python -m tests.support.draw_icons``.

Launchers want PNG. The mark is laid on a square of its own colour, with room all around, because
they cut circles and drops out of it.
"""

from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.support.browsers import FLAGS, chromium

IMAGES = Path(__file__).resolve().parents[2] / "static" / "img"
SIZES = (192, 512)
PAGE = """<body style="margin:0;background:#f2ab27;display:grid;place-items:center;height:100vh">
<div style="width:74vw;height:74vw">{mark}</div>"""


def draw() -> None:
    """Write an icon of each size beside the mark."""
    mark = (IMAGES / "mark.svg").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for size in SIZES:
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(PAGE.format(mark=mark))
            drawn = Image.open(BytesIO(page.screenshot()))
            few = drawn.convert("P", palette=Image.Palette.ADAPTIVE, colors=32)
            few.save(IMAGES / f"icon-{size}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    draw()
