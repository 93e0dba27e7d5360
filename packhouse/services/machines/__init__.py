"""Machines: what a house has, one by one or from a list, where it stands and what it learns."""

from packhouse.services.machines.cells import COLUMNS
from packhouse.services.machines.changes import create_machine, edit_machine, retire_machine
from packhouse.services.machines.drafts import CONDITIONS, Draft
from packhouse.services.machines.importing import Imported, import_machines
from packhouse.services.machines.placing import convert_lane, move_machine, note_condition
from packhouse.services.machines.rates import Asked, accept_rate, dismiss_rate, note_lessons

__all__ = [
    "COLUMNS",
    "CONDITIONS",
    "Asked",
    "Draft",
    "Imported",
    "accept_rate",
    "convert_lane",
    "create_machine",
    "dismiss_rate",
    "edit_machine",
    "import_machines",
    "move_machine",
    "note_condition",
    "note_lessons",
    "retire_machine",
]
