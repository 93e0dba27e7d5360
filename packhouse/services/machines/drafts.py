"""A machine as somebody describes it, before it is known to be possible."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from packhouse.domain.machines import Condition, MachineSpec, asset_of, problems_with_asset
from packhouse.domain.products import Lane, is_pack
from packhouse.errors import Problem, RuleBroken

CONDITIONS = tuple(str(each) for each in Condition)
LONGEST_NAME = 120
MOST_PER_MINUTE = Decimal(100_000)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a machine is to be. ``packs`` gives a rate of its own where a pack has one.

    Kinds and packs are open lists: a house may own what the catalogue does not know. Rates are
    packs a minute, ``cleaning_minutes`` those of levels 1 to 3, money is whole rupiah.
    """

    code: str
    name: str
    kind: str
    lane: str
    packs: Mapping[str, Decimal | None]
    rate_per_minute: Decimal
    setup_minutes: int
    cleaning_minutes: tuple[int, int, int]
    attended: bool
    commissioned_at: datetime
    needs_approval: bool = False
    asset_code: str = ""
    asset_number: str = ""
    acquired_year: int | None = None
    acquisition_value: int | None = None
    fund_kind: str = ""
    fund_source: str = ""
    holder: str = ""
    condition: str = field(default=CONDITIONS[0])


def problems_with_draft(draft: Draft) -> list[Problem]:
    """Return everything that is wrong with a machine by itself, whatever else there is."""
    return [
        *_problems_with_words(draft),
        *problems_with_asset(asset_of(draft)),
        *_problems_with_rates(draft),
        *_problems_with_spec(draft),
    ]


def _problems_with_words(draft: Draft) -> list[Problem]:
    strange = sorted(pack for pack in draft.packs if not is_pack(pack))
    checks = (
        (_CODE.fullmatch(draft.code) is not None, Problem("machine_code_malformed")),
        (bool(draft.name), Problem("name_missing")),
        (len(draft.name) <= LONGEST_NAME, Problem("name_long", {"maximum": LONGEST_NAME})),
        (
            _WORD.fullmatch(draft.kind) is not None,
            Problem("machine_kind_malformed", {"value": draft.kind}),
        ),
        (draft.lane in set(Lane), Problem("lane_unknown", {"value": draft.lane})),
        (not strange, Problem("pack_malformed", {"value": ", ".join(strange)})),
    )
    return [problem for fine, problem in checks if not fine]


def _problems_with_rates(draft: Draft) -> list[Problem]:
    """Return what is wrong with the rates that only some packs have, and with absurd ones."""
    rates = [rate for rate in (draft.rate_per_minute, *draft.packs.values()) if rate is not None]
    if any(rate.is_finite() and rate > MOST_PER_MINUTE for rate in rates):
        return [Problem("machine_rate_too_large", {"maximum": MOST_PER_MINUTE})]
    if any(not rate.is_finite() or rate <= 0 for rate in rates[1:]):
        return [Problem("machine_rate_not_positive")]
    return []


def _problems_with_spec(draft: Draft) -> tuple[Problem, ...]:
    """Ask planning whether it can work with such a machine."""
    try:
        MachineSpec(
            code=draft.code,
            lane=Lane.HALAL,
            packs=frozenset(draft.packs),
            rate_per_minute=draft.rate_per_minute,
            setup_minutes=draft.setup_minutes,
            cleaning_minutes=draft.cleaning_minutes,
            attended=draft.attended,
            tariff_per_hour=0,
            commissioned_at=draft.commissioned_at,
        )
    except RuleBroken as wrong:
        return wrong.problems
    return ()
