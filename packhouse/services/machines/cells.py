"""The cells of a list of machines, read as what they should be."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from packhouse.domain.machines import (
    ASSET_FIELDS,
    KINDS,
    KindDefaults,
    MachineKind,
    tidy_asset_code,
    tidy_condition,
)
from packhouse.errors import Problem
from packhouse.models.machines import Machine
from packhouse.services.machines.drafts import Draft

T = TypeVar("T")
COLUMNS = (
    "site", "code", "name", "kind", "lane", "packs", "rate_per_minute", "setup_minutes",
    "cleaning_minutes_1", "cleaning_minutes_2", "cleaning_minutes_3", "attended",
    "tariff_per_hour", "commissioned_at", *ASSET_FIELDS,
)  # fmt: skip
YES = frozenset({"1", "yes", "true", "y", "ya"})
NO = frozenset({"0", "no", "false", "n", "tidak", ""})


class Cells:
    """The cells of one line: each read as what it should be, its problem noted if it is not."""

    def __init__(self, cells: dict[str, str]) -> None:
        self.cells = cells
        self.problems: list[Problem] = [
            Problem("cell_unreadable", {"field": name})
            for name, text in cells.items()
            if not text.isprintable()
        ]

    def draft(
        self,
        zone: tzinfo,
        machine: Machine | None,
        packs: Mapping[str, Decimal | None],
        now: datetime,
    ) -> Draft:
        """Return the machine; what could not be read stands in as what does no harm."""
        kind = self.cells["kind"].lower() or (machine.kind if machine else "")
        usual = _usual(kind, machine, packs)
        brush, aroma, full = usual.cleaning_minutes if usual else (None, None, None)
        return Draft(
            code=self.cells["code"],
            name=self.cells["name"],
            kind=kind,
            lane=self.cells["lane"].lower().replace("-", "_"),
            packs={pack: packs.get(pack) for pack in self.packs(usual)},
            rate_per_minute=self.rate(usual),
            setup_minutes=self.number("setup_minutes", usual.setup_minutes if usual else None),
            cleaning_minutes=(
                self.number("cleaning_minutes_1", brush),
                self.number("cleaning_minutes_2", aroma),
                self.number("cleaning_minutes_3", full),
            ),
            attended=self.yes_or_no(usual),
            commissioned_at=self.instant(zone, machine.commissioned_at if machine else now),
            needs_approval=machine.needs_approval if machine else False,
            **self.asset(machine),
        )

    def asset(self, machine: Machine | None) -> dict[str, Any]:
        """Return the row of the register; what the list does not say stays as it is."""
        told: dict[str, Any] = {
            name: self._read(name, READ_ASSET.get(name, str), None)
            for name in ASSET_FIELDS
            if self.cells[name]
        }
        kept = {name: getattr(machine, name) for name in ASSET_FIELDS} if machine else {}
        return kept | told

    def packs(self, usual: KindDefaults | None) -> list[str]:
        words = {word.strip() for word in self.cells["packs"].split(";")} - {""}
        return sorted(words or (usual.packs if usual else ()))

    def rate(self, usual: KindDefaults | None) -> Decimal:
        text = self.cells["rate_per_minute"]
        if not text and usual:
            return usual.rate_per_minute
        return self._read("rate_per_minute", Decimal, Decimal(1))

    def number(self, name: str, usual: int | None) -> int:
        if not self.cells[name] and usual is not None:
            return usual
        return self._read(name, _whole, 0)

    def yes_or_no(self, usual: KindDefaults | None) -> bool:
        text = self.cells["attended"].lower()
        if not text and usual:
            return usual.attended
        if text not in YES | NO:
            self._refuse("attended")
        return text in YES

    def instant(self, zone: tzinfo, usual: datetime) -> datetime:
        if not self.cells["commissioned_at"]:
            return usual
        read = self._read("commissioned_at", datetime.fromisoformat, usual)
        try:
            return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
        except OverflowError:
            self._refuse("commissioned_at")
            return usual

    def _read(self, name: str, read: Callable[[str], T], otherwise: T) -> T:
        try:
            return read(self.cells[name])
        except (ValueError, InvalidOperation):
            self._refuse(name)
            return otherwise

    def _refuse(self, name: str) -> None:
        facts = {"field": name, "value": self.cells[name][:80]}
        self.problems.append(Problem("cell_unreadable", facts))


def _usual(kind: str, machine: Machine | None, packs: Iterable[str]) -> KindDefaults | None:
    """Return what empty cells mean: the machine as it is, else the planning values of its kind."""
    if machine is None:
        return KINDS.get(MachineKind(kind)) if kind in set(MachineKind) else None
    return KindDefaults(
        rate_per_minute=Decimal(str(machine.rate_per_minute)),
        setup_minutes=machine.setup_minutes,
        cleaning_minutes=(
            machine.cleaning_minutes_1,
            machine.cleaning_minutes_2,
            machine.cleaning_minutes_3,
        ),
        attended=machine.attended,
        packs=frozenset(packs),
    )


def _whole(text: str) -> int:
    if len(text) > 12 or not text.removeprefix("-").isascii():
        raise ValueError(text[:12])
    return int(text)


READ_ASSET: dict[str, Callable[[str], Any]] = {
    "asset_code": tidy_asset_code,
    "acquired_year": _whole,
    "acquisition_value": _whole,
    "fund_kind": str.lower,
    "condition": tidy_condition,
}
