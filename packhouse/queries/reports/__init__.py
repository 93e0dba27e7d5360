"""What the reports tell: use of the machines, the days behind it, and wishes that stayed so."""

from packhouse.queries.reports.demand import Unmet, UnmetDemand, unmet_demand
from packhouse.queries.reports.exceptions import ExceptionLine, Exceptions, exceptions_report
from packhouse.queries.reports.machine_days import MachineDayView, machine_day_view
from packhouse.queries.reports.periods import By, Period
from packhouse.queries.reports.utilization import Row, Utilization, utilization

__all__ = [
    "By",
    "ExceptionLine",
    "Exceptions",
    "MachineDayView",
    "Period",
    "Row",
    "Unmet",
    "UnmetDemand",
    "Utilization",
    "exceptions_report",
    "machine_day_view",
    "unmet_demand",
    "utilization",
]
