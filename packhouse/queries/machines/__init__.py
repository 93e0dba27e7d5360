"""Machines: what everybody may see, what keeps them busy, and the assets they are."""

from packhouse.queries.machines.details import (
    BreakdownItem,
    ChangeItem,
    MachineDetail,
    TariffItem,
    machine_detail,
)
from packhouse.queries.machines.items import (
    MachineItem,
    MachinesPage,
    PackItem,
    machine_item,
    machines_page,
    packs,
)
from packhouse.queries.machines.schedules import Busy, Schedule, schedule, schedules

__all__ = [
    "BreakdownItem",
    "Busy",
    "ChangeItem",
    "MachineDetail",
    "MachineItem",
    "MachinesPage",
    "PackItem",
    "Schedule",
    "TariffItem",
    "machine_detail",
    "machine_item",
    "machines_page",
    "packs",
    "schedule",
    "schedules",
]
