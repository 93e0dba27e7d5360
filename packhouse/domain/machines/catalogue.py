"""What each kind of machine can do, as planning assumes until the house has measured it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from math import ceil

from packhouse.domain.products import PACKS, PackFamily


class MachineKind(StrEnum):
    HAND_SEALER = "hand_sealer"
    PEDAL_SEALER = "pedal_sealer"
    BAND_SEALER = "band_sealer"
    GAS_BAND_SEALER = "gas_band_sealer"
    VACUUM_SINGLE = "vacuum_single"
    VACUUM_DOUBLE = "vacuum_double"
    VFFS = "vffs"
    FLOW_WRAPPER = "flow_wrapper"
    CUP_SEALER = "cup_sealer"
    CAN_SEAMER = "can_seamer"
    PISTON_FILLER = "piston_filler"
    AUGER_FILLER = "auger_filler"
    TEA_BAGGER = "tea_bagger"
    INDUCTION_SEALER = "induction_sealer"
    SHRINK_TUNNEL = "shrink_tunnel"
    LABELLER = "labeller"
    CODER = "coder"
    RETORT = "retort"
    PASTEURIZER = "pasteurizer"
    WEIGH_FILLER = "weigh_filler"
    OIL_SPINNER = "oil_spinner"
    PRINTER = "printer"


@dataclass(frozen=True, slots=True)
class KindDefaults:
    """Planning values of a kind of machine, to be replaced by what the house measures.

    `rate_per_minute` counts packs, also for batch machines (a batch spread over its minutes).
    `attended` kinds take an operator's whole attention; the others a producer may run herself,
    some after a training.
    """

    rate_per_minute: Decimal
    setup_minutes: int
    cleaning_minutes: tuple[int, int, int]
    attended: bool
    packs: frozenset[str]


def _defaults(
    rate: str, setup: int, cleaning: tuple[int, int], attended: bool, *families: PackFamily
) -> KindDefaults:
    """Level 2, an aroma, takes half as long again as the brush, at most the full clean."""
    brush, full = cleaning
    aroma = min(ceil(Fraction(3 * brush, 2)), full)
    packs = frozenset(code for code, family in PACKS.items() if family in families)
    return KindDefaults(Decimal(rate), setup, (brush, aroma, full), attended, packs)


_F = PackFamily
_DRY_OPEN = (_F.POUCH, _F.JAR)
_CLOSED = (_F.POUCH, _F.BOTTLE, _F.JAR, _F.CUP, _F.CAN, _F.CARTON, _F.VACUUM, _F.FILM)

KINDS: dict[MachineKind, KindDefaults] = {
    MachineKind.HAND_SEALER: _defaults("5", 2, (2, 5), False, _F.POUCH),
    MachineKind.PEDAL_SEALER: _defaults("8", 5, (3, 5), False, _F.POUCH),
    MachineKind.BAND_SEALER: _defaults("15", 10, (5, 15), False, _F.POUCH),
    MachineKind.GAS_BAND_SEALER: _defaults("10", 15, (10, 20), True, _F.POUCH),
    MachineKind.VACUUM_SINGLE: _defaults("5", 5, (5, 20), False, _F.VACUUM, _F.POUCH),
    MachineKind.VACUUM_DOUBLE: _defaults("10", 10, (10, 25), True, _F.VACUUM, _F.POUCH),
    MachineKind.VFFS: _defaults("25", 30, (20, 75), True, _F.FILM),
    MachineKind.FLOW_WRAPPER: _defaults("50", 30, (15, 45), True, _F.FILM),
    MachineKind.CUP_SEALER: _defaults("8", 10, (10, 20), False, _F.CUP),
    MachineKind.CAN_SEAMER: _defaults("10", 15, (10, 25), True, _F.CAN),
    MachineKind.PISTON_FILLER: _defaults("12", 20, (30, 45), True, _F.BOTTLE, _F.JAR, _F.POUCH),
    MachineKind.AUGER_FILLER: _defaults("10", 15, (30, 60), True, *_DRY_OPEN),
    MachineKind.TEA_BAGGER: _defaults("40", 30, (40, 60), True, _F.TEA_BAG),
    MachineKind.INDUCTION_SEALER: _defaults("15", 5, (2, 5), False, _F.BOTTLE, _F.JAR),
    MachineKind.SHRINK_TUNNEL: _defaults("12", 20, (2, 5), True, _F.BOTTLE, _F.JAR, _F.CARTON),
    MachineKind.LABELLER: _defaults("20", 15, (5, 5), False, _F.BOTTLE, _F.JAR, _F.SERVICE),
    MachineKind.CODER: _defaults("30", 10, (2, 2), False, *_CLOSED, _F.SERVICE),
    # One batch of 120 packs takes about 120 minutes, a pasteurizer's 150 bottles about 75.
    MachineKind.RETORT: _defaults("1", 30, (15, 30), True, _F.POUCH, _F.CAN),
    MachineKind.PASTEURIZER: _defaults("2", 20, (20, 40), True, _F.BOTTLE, _F.JAR, _F.CUP),
    MachineKind.WEIGH_FILLER: _defaults("12", 10, (15, 30), False, *_DRY_OPEN),
    # Five kilograms, 50 packs of 100 g, lose their oil in about ten minutes.
    MachineKind.OIL_SPINNER: _defaults("5", 3, (5, 15), False, _F.POUCH),
    # A thousand prints an hour; ink leaves no allergen, so no clean is fuller than the brush.
    MachineKind.PRINTER: _defaults("16.667", 30, (15, 15), True, _F.SERVICE, _F.CUP),
}
"""Planning values of small and semi-automatic machines as the trade states them."""


class Stage(IntEnum):
    """Where in the work on a product a machine stands; a later stage follows an earlier one."""

    PREPARE = 1
    FILL = 2
    SEAL = 3
    HEAT = 4
    FINISH = 5
    MARK = 6


STAGES: dict[MachineKind, Stage] = {
    **dict.fromkeys(MachineKind, Stage.SEAL),
    MachineKind.OIL_SPINNER: Stage.PREPARE,
    MachineKind.PRINTER: Stage.PREPARE,
    MachineKind.PISTON_FILLER: Stage.FILL,
    MachineKind.AUGER_FILLER: Stage.FILL,
    MachineKind.WEIGH_FILLER: Stage.FILL,
    MachineKind.RETORT: Stage.HEAT,
    MachineKind.PASTEURIZER: Stage.HEAT,
    MachineKind.SHRINK_TUNNEL: Stage.FINISH,
    MachineKind.LABELLER: Stage.FINISH,
    MachineKind.CODER: Stage.MARK,
}
"""What fills and closes in one, such as a VFFS, stands where the pack is closed."""


BESIDE = frozenset[str](kind for kind, stage in STAGES.items() if stage is not Stage.SEAL)


def packs_alone(kind: str) -> bool:
    """Say whether a machine turns out closed packs; the others only help before or after.

    Nobody is offered a date coder, say, for a job, unless she asks for that machine.
    """
    return kind not in BESIDE


def takes_over(kind: str, other: str) -> bool:
    """Say whether a job on a machine of one kind can move to a machine of another.

    A pack may be closed by any machine that closes it; what comes before or after stays what it
    is: from one date coder to the next.
    """
    return kind == other or (packs_alone(kind) and packs_alone(other))
