"""Repeated bookings, and the limits of fair use.

Revision 0006, after 0005.

Columns are added in plain SQL: a batch would rebuild the table on SQLite and lose its checks.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LIMITS = ("limit_open", "limit_week_hours", "limit_month_hours")


def upgrade() -> None:
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for name in LIMITS:
        op.execute(
            f"ALTER TABLE sites ADD COLUMN {name} {kind}"
            f" CONSTRAINT ck_sites_{name} CHECK ({name} >= 0)"
        )
    op.create_table(
        "series",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("minute_of_day", sa.BigInteger(), nullable=False),
        sa.Column("every", sa.String(), nullable=False),
        sa.Column("weekdays", packhouse.db.Json(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_series_quantity")),
        sa.CheckConstraint("every IN ('week', 'fortnight', 'month')", name=op.f("ck_series_every")),
        sa.CheckConstraint("minute_of_day BETWEEN 0 AND 1439", name=op.f("ck_series_minute")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_series_days")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_series_business_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_series_product_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_series_site_id")),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name=op.f("fk_series_machine_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_series_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("code", name=op.f("uq_series_code")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_series_business_id"), "series", ["business_id"])
    op.create_table(
        "series_dates",
        sa.Column("series_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_dates_series_id")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_series_dates_booking_id")
        ),
        sa.PrimaryKeyConstraint("series_id", "day", name=op.f("pk_series_dates")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_series_dates_booking_id")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("series_dates")
    op.drop_index(op.f("ix_series_business_id"), "series")
    op.drop_table("series")
    for name in LIMITS:
        op.execute(f"ALTER TABLE sites DROP COLUMN {name}")
