"""Daily rollups: the figures of a machine and a day, kept as a cache.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_rollups",
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calendar_seconds", sa.BigInteger(), nullable=False),
        sa.Column("open_seconds", sa.BigInteger(), nullable=False),
        sa.Column("bookable_seconds", sa.BigInteger(), nullable=False),
        sa.Column("booked_seconds", sa.BigInteger(), nullable=False),
        sa.Column("used_seconds", sa.BigInteger(), nullable=False),
        sa.Column("prd_seconds", sa.BigInteger(), nullable=False),
        sa.Column("sby_seconds", sa.BigInteger(), nullable=False),
        sa.Column("eng_seconds", sa.BigInteger(), nullable=False),
        sa.Column("sdt_seconds", sa.BigInteger(), nullable=False),
        sa.Column("udt_seconds", sa.BigInteger(), nullable=False),
        sa.Column("nst_seconds", sa.BigInteger(), nullable=False),
        sa.Column("setup_seconds", sa.BigInteger(), nullable=False),
        sa.Column("delay_seconds", sa.BigInteger(), nullable=False),
        sa.Column("planned_down_seconds", sa.BigInteger(), nullable=False),
        sa.Column("overtime_seconds", sa.BigInteger(), nullable=False),
        sa.Column("estimated_seconds", sa.BigInteger(), nullable=False),
        sa.Column("repair_seconds", sa.BigInteger(), nullable=False),
        sa.Column("planned_run_seconds", sa.BigInteger(), nullable=False),
        sa.Column("good", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("production_failures", sa.BigInteger(), nullable=False),
        sa.Column("downtime_events", sa.BigInteger(), nullable=False),
        sa.Column("broken_days", sa.BigInteger(), nullable=False),
        sa.Column("runs_started", sa.BigInteger(), nullable=False),
        sa.Column("runs_finished", sa.BigInteger(), nullable=False),
        sa.Column("no_shows", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_daily_rollups_machine_id")
        ),
        sa.PrimaryKeyConstraint("machine_id", "day", name=op.f("pk_daily_rollups")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("daily_rollups")
