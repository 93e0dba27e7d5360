"""QR codes as drawings inside a page: nothing is fetched, and paper shows them too."""

from collections.abc import Iterator
from itertools import groupby

from markupsafe import Markup

QUIET = 2  # Modules of white around the code, without which readers do not find it.


def qr_code(text: str, label: str) -> Markup:
    """Return a QR code that says ``text``; ``label`` says to people what it is."""
    from reportlab.graphics.barcode import qrencoder

    code = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = code.moduleCount
    rows = ([bool(code.isDark(row, column)) for column in range(size)] for row in range(size))
    path = "".join(
        f"M{start + QUIET} {row + QUIET}h{length}v1h-{length}z"
        for row, modules in enumerate(rows)
        for start, length in _dark(modules)
    )
    side = size + 2 * QUIET
    return Markup(
        '<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {} {}"'
        ' shape-rendering="crispEdges">'
        '<rect width="100%" height="100%" fill="#fff"/><path fill="#000" d="{}"/></svg>'
    ).format(label, side, side, path)


def _dark(modules: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield where the dark stretches of a row begin, and how long they are."""
    for is_dark, group in groupby(enumerate(modules), key=lambda each: each[1]):
        places = [place for place, _ in group]
        if is_dark:
            yield places[0], len(places)
