"""Daily rollups: a cache of the figures of one machine on one local day.

A row is there when nothing has touched the day since it was computed; who changes what a day is
made of deletes its rows in the same transaction, and a missing row is computed from raw states.
"""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Table

from packhouse.db import Base
from packhouse.domain.reports import FIELDS

daily_rollups = Table(
    "daily_rollups",
    Base.metadata,
    Column("machine_id", ForeignKey("machines.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in FIELDS),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
