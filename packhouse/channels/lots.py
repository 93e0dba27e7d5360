"""Lots as a sheet, for who calls packs back."""

import csv
from io import StringIO

from packhouse.channels.sheets import harmless
from packhouse.domain.time_range import local_iso
from packhouse.queries.runs import LotRow, Traced

COLUMNS = (
    "lot", "booking", "machine", "started_at", "ended_at", "business", "product", "pack",
    "allergens", "good", "rejected", "operator", "cleaning_level", "cleaned_by", "checked_by",
    "cleaning_skipped_because",
)  # fmt: skip


def lots_csv(traced: Traced) -> str:
    """Return one row a lot after RFC 4180, the lot that was asked for first."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in (*([traced.first] if traced.first else []), *traced.rows):
        writer.writerow(map(harmless, _cells(row)))
    return text.getvalue()


def _cells(row: LotRow) -> tuple[str, ...]:
    ended_at = local_iso(row.ended_at, row.zone) if row.ended_at else ""
    return (
        row.lot, row.code, row.machine, local_iso(row.started_at, row.zone), ended_at,
        row.business, row.product, row.pack, " ".join(row.allergens), str(row.good),
        str(row.rejected), row.operator, str(row.level), row.done_by, row.checked_by, row.skipped,
    )  # fmt: skip
