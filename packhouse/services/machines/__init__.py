"""Machines: what a house has, one by one or from a list, and when it stops having them."""

from packhouse.services.machines.cells import COLUMNS
from packhouse.services.machines.changes import create_machine, edit_machine, retire_machine
from packhouse.services.machines.drafts import CONDITIONS, Draft
from packhouse.services.machines.importing import Imported, import_machines

__all__ = [
    "COLUMNS",
    "CONDITIONS",
    "Draft",
    "Imported",
    "create_machine",
    "edit_machine",
    "import_machines",
    "retire_machine",
]
