"""Rows in bulk, past the mapper: many at once, with ids of our own, on either database.

Only for invented data on a database nobody else writes to. The rules of the database hold all
the same: its triggers, constraints and foreign keys see every row.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from packhouse.db import canonical_json
from packhouse.domain.audit import GENESIS, Link, seal

Row = tuple[Any, ...]

# Columns by table, in the order in which foreign keys allow the tables to be filled.
COLUMNS: dict[str, str] = {
    "sites": "id code name regency_code zone owner address operators horizon_days notice_minutes"
    " cancel_hours request_hours grace_minutes overrun_minutes is_demo created_at",
    "site_hours": "id site_id weekday opens closes valid_from valid_to",
    "users": "id email name phone role locale password_hash is_active is_demo created_at",
    "closures": "id site_id day_from day_to name source state estimated",
    "machines": "id site_id code name kind lane rate_per_minute setup_minutes cleaning_minutes_1"
    " cleaning_minutes_2 cleaning_minutes_3 attended needs_approval commissioned_at asset_code"
    " asset_number acquired_year acquisition_value fund_kind fund_source holder condition"
    " lane_document",
    "machine_packs": "machine_id pack",
    "machine_utilities": "machine_id utility",
    "tariffs": "id machine_id per_hour valid_from legal_basis",
    "businesses": "id name kind regency_code size size_rule level seen_level nib is_demo"
    " created_at",
    "memberships": "user_id business_id role",
    "cooperative_members": "cooperative_id member_id",
    "products": "id business_id name pack lane allergens aroma wet created_at",
    "jobs": "id code business_id product_id quantity created_by created_at",
    "occupations": "id site_id machine_id kind status from_at to_at attended_from",
    "bookings": "id code job_id site_id machine_id business_id product_id occupation_id state"
    " source version quantity starts_at ends_at cleaning_level changeover_minutes setup_minutes"
    " run_minutes break_minutes closing_minutes tariff_per_hour price decide_by cancelled_late"
    " reason created_by created_at",
    "runs": "id machine_id booking_id operator_id started_at ended_at good rejected planned_rate"
    " estimated lot_code",
    "state_intervals": "id machine_id run_id booking_id reason starts_at ends_at estimated",
    "breakdowns": "id machine_id reason note started_at expected_back_at ended_at occupation_id",
    "maintenances": "id machine_id occupation_id reason note created_at state from_at to_at",
    "audit_entries": "id chain seq at actor_id action subject_kind subject_id facts"
    " previous_hash hash",
}
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def code_of(number: int) -> str:
    """Return seven letters for a number: each its own, and never the six of a real booking."""
    mixed = number * 11_386_265_071 % 30**7
    letters = ""
    for _ in range(7):
        mixed, letter = divmod(mixed, 30)
        letters += CODE_LETTERS[letter]
    return letters


class Rows:
    """Rows that wait to be written, and the numbers and chains they go on from."""

    def __init__(self, session: Session) -> None:
        self.waiting: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        self.last = {
            name: session.scalar(text(f"SELECT COALESCE(MAX(id), 0) FROM {name}")) or 0  # noqa: S608
            for name, columns in COLUMNS.items()
            if columns.startswith("id ")
        }
        self.heads: dict[int, tuple[int, str]] = {
            row.chain: (row.seq, row.hash)
            for row in session.execute(text("SELECT chain, seq, hash FROM audit_heads"))
        }
        self.told: list[tuple[int, int, int, int | None, str, str, int, dict[str, Any]]] = []

    def add(self, table: str, *values: Any) -> int:
        """Add a row of a table with ids; return its id."""
        number = self.last[table] + 1
        self.last[table] = number
        self.waiting[table].append((number, *values))
        return number

    def link(self, table: str, *values: Any) -> None:
        """Add a row of a table without ids."""
        self.waiting[table].append(values)

    def tell(
        self, at: int, chain: int, actor: int | None, action: str, subject: tuple[str, int],
        **facts: Any,
    ) -> None:  # fmt: skip
        """Add an entry of the audit trail; entries are sealed in the order of their time."""
        self.told.append((at, len(self.told), chain, actor, action, *subject, facts))

    @property
    def count(self) -> int:
        """Return how many bookings wait."""
        return len(self.waiting["bookings"])

    def write(self, session: Session) -> int:
        """Write and forget everything that waits, in the caller's transaction; return the rows."""
        self._seal()
        connection = session.connection()
        if connection.dialect.name != "sqlite":
            # One minute's work may take its minute: nobody waits for this transaction.
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                session.execute(text(f"SET LOCAL {limit} = 0"))
        written = 0
        for table, rows in self.waiting.items():
            if rows:
                _insert(connection, table, COLUMNS[table].split(), rows)
                written += len(rows)
                self.waiting[table] = []
        self._write_heads(session)
        return written

    def _seal(self) -> None:
        for at, _, chain, actor, action, kind, subject, facts in sorted(
            self.told, key=lambda entry: entry[:2]
        ):
            seq, previous = self.heads.get(chain, (0, GENESIS))
            hashed = seal(Link(chain, seq + 1, at, actor, action, kind, subject, facts), previous)
            self.heads[chain] = (seq + 1, hashed)
            told = canonical_json(facts)
            self.add(
                "audit_entries", chain, seq + 1, at, actor, action, kind, subject, told,
                previous, hashed,
            )  # fmt: skip
        self.told = []

    def _write_heads(self, session: Session) -> None:
        for chain, (seq, hashed) in self.heads.items():
            session.execute(
                text(
                    "INSERT INTO audit_heads (chain, seq, hash) VALUES (:chain, :seq, :hash)"
                    " ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
                ),
                {"chain": chain, "seq": seq, "hash": hashed},
            )
        if session.get_bind().dialect.name != "sqlite":
            for table, last in self.last.items():
                session.execute(
                    text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
                    {"name": table, "last": max(last, 1)},
                )


def _insert(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
        connection.exec_driver_sql(statement, list(rows))
        return
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
