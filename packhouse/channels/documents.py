"""Reports as documents to print and sign: A4, vector drawings, page numbers."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

from packhouse.domain.reports import Figures
from packhouse.i18n import formats
from packhouse.i18n.locale import current_locale
from packhouse.i18n.names import E10_NAMES
from packhouse.i18n.reports import (
    DEFINITIONS,
    GROUP_NAMES,
    figure_name,
    group_label,
    meaning_name,
    period_words,
    report_title,
)
from packhouse.queries.reports import Utilization

MARGIN = 15 * mm
PADDING = 6  # Points that ReportLab's frame keeps free around the text.
WIDTH = A4[0] - 2 * (MARGIN + PADDING)
INK, SOFT, LINE = HexColor("#1d2b29"), HexColor("#55625f"), HexColor("#d8d0bd")
COLOURS = {
    "PRD": HexColor("#0f5c56"),
    "SBY": HexColor("#c9bd9f"),
    "ENG": HexColor("#46649f"),
    "SDT": HexColor("#6aa398"),
    "UDT": HexColor("#a8321f"),
    "NST": HexColor("#f0eadb"),
}
LEAST_TOLD = 0.005
RATES = ("booked_rate", "used_rate", "productive_rate")
# Vera comes with ReportLab; DejaVu knows more letters, where the machine has it.
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")


class _Type(NamedTuple):
    plain: ParagraphStyle
    small: ParagraphStyle
    title: ParagraphStyle
    right: ParagraphStyle
    small_right: ParagraphStyle
    tiny: ParagraphStyle
    big: ParagraphStyle


def utilization_document(report: Utilization, *, now: datetime, zone: str) -> bytes:
    """Return the report as PDF: three rates of all, then of each group with a bar of its states.

    `zone` is that of the reader's clock, for the line that says when it was printed.
    """
    style = _styles()
    content = BytesIO()
    document = SimpleDocTemplate(
        content, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN,
        bottomMargin=20 * mm, title=report_title(), lang=current_locale(), invariant=1,
    )  # fmt: skip
    place = report.site or str(_l("Semua rumah kemasan"))
    story: list[Any] = [
        Paragraph(_safe(report_title()), style.title),
        Paragraph(_safe(f"{period_words(report.from_day, report.to_day)} · {place}"), style.plain),
        Spacer(0, 5 * mm),
        _headline(report.total, style),
        Spacer(0, 5 * mm),
        _legend(style),
        Spacer(0, 2 * mm),
        _groups(report, style),
        Spacer(0, 5 * mm),
        *_definitions(report, style),
    ]
    printed = formats.local_datetime(now, zone, locale=current_locale(), style="long")
    document.build(story, canvasmaker=_numbered(f"{_l('Dibuat')} {printed}"))
    return content.getvalue()


@cache
def _fonts() -> tuple[str, str]:
    found = {
        "Text": (DEJAVU / "DejaVuSans.ttf", "Vera.ttf"),
        "TextBold": (DEJAVU / "DejaVuSans-Bold.ttf", "VeraBd.ttf"),
    }
    complete = all(path.is_file() for path, _ in found.values())
    for name, (path, shipped) in found.items():
        pdfmetrics.registerFont(TTFont(name, str(path) if complete else shipped))
    return "Text", "TextBold"


@cache
def _styles() -> _Type:
    text, bold = _fonts()
    plain = ParagraphStyle("plain", fontName=text, fontSize=9, leading=12, textColor=INK)
    return _Type(
        plain,
        ParagraphStyle("small", plain, fontSize=7.5, leading=10, textColor=SOFT),
        ParagraphStyle("title", plain, fontName=bold, fontSize=16, leading=21),
        ParagraphStyle("right", plain, alignment=2),
        ParagraphStyle("small_right", plain, fontSize=7.5, leading=10, textColor=SOFT, alignment=2),
        ParagraphStyle("tiny", plain, fontSize=6.5, leading=8, textColor=SOFT),
        ParagraphStyle("big", plain, fontName=bold, fontSize=19, leading=24),
    )


def _safe(text: str) -> str:
    """Return the text so that a Paragraph takes nothing in it for markup."""
    return escape(text.replace(formats.NBSP, " "))


def _headline(total: Figures, style: _Type) -> Table:
    cells = [
        [
            Paragraph(_safe(figure_name(rate)), style.plain),
            Paragraph(_percent(getattr(total, rate)), style.big),
            Paragraph(_safe(str(DEFINITIONS[rate])), style.small),
        ]
        for rate in RATES
    ]
    look = [("BOX", (each, 0), (each, 0), 0.7, LINE) for each in range(3)]
    return Table([cells], [WIDTH / 3] * 3, style=[*look, ("VALIGN", (0, 0), (-1, -1), "TOP")])


def _percent(share: float | None) -> str:
    return formats.percent(share, locale=current_locale())


def _legend(style: _Type) -> Table:
    names = [Paragraph(_safe(str(name)), style.small) for name in E10_NAMES.values()]
    keys = []
    for state in E10_NAMES:
        key = Drawing(8, 8)
        key.add(Rect(0, 0, 8, 8, fillColor=COLOURS[state], strokeColor=LINE, strokeWidth=0.3))
        keys.append(key)
    row = [cell for pair in zip(keys, names, strict=True) for cell in pair]
    widths = [12, WIDTH / 6 - 12] * 6
    return Table([row], widths, style=[("LEFTPADDING", (0, 0), (-1, -1), 0),
                                       ("RIGHTPADDING", (0, 0), (-1, -1), 2)])  # fmt: skip


def _groups(report: Utilization, style: _Type) -> Table:
    head = [
        Paragraph(_safe(str(GROUP_NAMES[report.by])), style.small),
        *(Paragraph(_safe(figure_name(rate)), style.small_right) for rate in RATES),
        Paragraph(_safe(str(_l("Keadaan"))), style.small),
        Paragraph(_safe(str(_l("Jam"))), style.small_right),
    ]
    rows: list[list[Any]] = [head]
    for row in report.rows:
        label = group_label(report.by, row.key, row.label)
        rows.append(_group(label, row.figures, style))
    rows.append(_group(str(GROUP_NAMES["total"]), report.total, style))
    widths = [WIDTH - 128 * mm, 17 * mm, 17 * mm, 18 * mm, 59 * mm, 17 * mm]
    look = [
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 1), (-1, -2), 0.3, LINE),
        ("LINEABOVE", (0, -1), (-1, -1), 0.8, INK),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ]
    return Table(rows, widths, repeatRows=1, style=look)


def _group(label: str, figures: Figures, style: _Type) -> list[Any]:
    hours = formats.number(figures.bookable_minutes / 60, locale=current_locale())
    rates = [Paragraph(_percent(getattr(figures, rate)), style.right) for rate in RATES]
    return [
        Paragraph(_safe(label), style.plain),
        *rates,
        [_strip(figures.states, 56 * mm), Paragraph(_safe(_words(figures.states)), style.tiny)],
        Paragraph(hours, style.right),
    ]


def _strip(states: dict[str, float], width: float) -> Drawing:
    """Return a bar of the states inside opening hours, in the order of the legend."""
    strip = Drawing(width, 9)
    open_states = {name: value for name, value in states.items() if name != "NST"}
    whole = sum(open_states.values())
    strip.add(Rect(0, 0, width, 9, fillColor=COLOURS["NST"],
                   strokeColor=LINE, strokeWidth=0.3))  # fmt: skip
    at = 0.0
    for name, value in open_states.items():
        if not value:
            continue
        part = value / whole * width
        strip.add(Rect(at, 0, part, 9, fillColor=COLOURS[name], strokeColor=None))
        at += part
    return strip


def _words(states: dict[str, float]) -> str:
    """Return the same in words, as far as a bar can show it."""
    open_states = {name: value for name, value in states.items() if name != "NST"}
    whole = sum(open_states.values())
    told = [
        f"{E10_NAMES[name]} {formats.percent(value / whole, locale=current_locale(), digits=0)}"
        for name, value in open_states.items()
        if whole and value / whole >= LEAST_TOLD
    ]
    return ", ".join(told) or str(_l("Tutup"))


def _definitions(report: Utilization, style: _Type) -> Iterable[Paragraph]:
    for key, text in DEFINITIONS.items():
        name = f'<font name="{_fonts()[1]}">{_safe(meaning_name(key))}.</font>'
        yield Paragraph(f"{name} {_safe(str(text))}", style.small)
    version = f"{meaning_name('definition_version')}: {report.definition_version}."
    yield Paragraph(_safe(version), style.small)


def _numbered(printed: str) -> Callable[..., Canvas]:
    """Return a canvas that writes "Halaman 1 dari 3" when it knows how many there are."""

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self.kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802
            self.kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self.kept, start=1):
                self.__dict__.update(page)
                self.setFont(_fonts()[0], 7.5)
                self.setFillColor(SOFT)
                self.drawString(MARGIN + PADDING, 11 * mm, printed.replace(formats.NBSP, " "))
                place = _l("Halaman %(number)s dari %(all)s", number=number, all=len(self.kept))
                self.drawRightString(A4[0] - MARGIN - PADDING, 11 * mm, str(place))
                super().showPage()
            super().save()

    return Numbered
