"""Sessions on the machine: device time, cleaning sign-off, lots.

Revision 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("lot_code", sa.String(), nullable=True))
    op.add_column("runs", sa.Column("undone_at", sa.BigInteger(), nullable=True))
    op.create_index("uq_runs_lot_code", "runs", ["lot_code"], unique=True)
    # A start that was a slip of the thumb.
    op.execute("INSERT INTO booking_transitions VALUES ('running', 'arrived')")
    _taps()
    _cleanings()


def _taps() -> None:
    op.create_table(
        "taps",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("device_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("number > 0", name=op.f("ck_taps_number")),
        sa.CheckConstraint(
            "action IN ('start', 'pause', 'resume', 'finish', 'undo', 'correct')",
            name=op.f("ck_taps_action"),
        ),
        *_references("taps", booking_id="bookings", actor_id="users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taps")),
        sa.UniqueConstraint("booking_id", "number", name=op.f("uq_taps_booking_id_number")),
        sqlite_strict=True,
    )


def _cleanings() -> None:
    op.create_table(
        "cleanings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("done_by", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.Column("checked_by", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("device_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('before', 'closing', 'skipped')", name=op.f("ck_cleanings_kind")
        ),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name=op.f("ck_cleanings_level")),
        sa.CheckConstraint("(kind = 'skipped') = (reason <> '')", name=op.f("ck_cleanings_reason")),
        sa.CheckConstraint(
            "(checked_by IS NULL) = (checked_at IS NULL)", name=op.f("ck_cleanings_checked")
        ),
        sa.CheckConstraint(
            "checked_by IS NULL OR checked_by <> done_by", name=op.f("ck_cleanings_second")
        ),
        *_references("cleanings", machine_id="machines", booking_id="bookings"),
        *_references("cleanings", done_by="users", checked_by="users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleanings")),
        sqlite_strict=True,
    )
    op.create_index("ix_cleanings_machine_id", "cleanings", ["machine_id", "done_at"])
    op.create_index(op.f("ix_cleanings_booking_id"), "cleanings", ["booking_id"])


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"))
        for name, other in columns.items()
    ]


def downgrade() -> None:
    for table in ("cleanings", "taps"):
        op.drop_table(table)
    op.execute(
        "DELETE FROM booking_transitions WHERE old_state = 'running' AND new_state = 'arrived'"
    )
    op.drop_index("uq_runs_lot_code", "runs")
    for name in ("undone_at", "lot_code"):
        op.drop_column("runs", name)
