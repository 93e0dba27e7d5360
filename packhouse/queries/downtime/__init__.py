"""What is broken, what is out, and what is planned on machines."""

from packhouse.queries.downtime.machines import (
    Displaced,
    Fault,
    MachineDowntime,
    Snapshot,
    faults,
    machine_downtime,
    photo_file,
)
from packhouse.queries.downtime.outages import (
    Needs,
    OutageItem,
    needs_of,
    open_outages,
    outage_site,
)
from packhouse.queries.downtime.work import (
    PlannedWork,
    Recurring,
    maintenance_machine,
    planned_work,
    recurring_work,
    schedule_machine,
)

__all__ = [
    "Displaced",
    "Fault",
    "MachineDowntime",
    "Needs",
    "OutageItem",
    "PlannedWork",
    "Recurring",
    "Snapshot",
    "faults",
    "machine_downtime",
    "maintenance_machine",
    "needs_of",
    "open_outages",
    "outage_site",
    "photo_file",
    "planned_work",
    "recurring_work",
    "schedule_machine",
]
