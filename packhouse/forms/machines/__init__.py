"""Forms about machines: what one is, what it costs, where it stands, and what it waits for."""

from packhouse.forms.machines.assets import (
    ConditionForm,
    ConvertForm,
    MoveForm,
    PartForm,
    RateForm,
    RegisterForm,
)
from packhouse.forms.machines.machine import (
    FindMachineForm,
    KindForm,
    MachineForm,
    NewMachineForm,
    RateField,
    RetireForm,
    TariffForm,
    by_catalogue,
    usual_values,
)

__all__ = [
    "ConditionForm",
    "ConvertForm",
    "FindMachineForm",
    "KindForm",
    "MachineForm",
    "MoveForm",
    "NewMachineForm",
    "PartForm",
    "RateField",
    "RateForm",
    "RegisterForm",
    "RetireForm",
    "TariffForm",
    "by_catalogue",
    "usual_values",
]
