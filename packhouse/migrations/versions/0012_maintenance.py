"""Maintenance by hours and counter, recurring; outages; photos of breakdowns.

Revision 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STRICT = {"sqlite_strict": True}  # SQLite rebuilds the table, and its reflection does not tell.
UTILITIES = "('electricity', 'water', 'gas', 'compressed_air', 'steam')"
NEXT = sa.text("state IN ('proposed', 'taken')")
PROPOSED = sa.text("state = 'proposed'")
ON = sa.text("begun_at IS NOT NULL AND ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "maintenance_schedules",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("every", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("lead_days", sa.BigInteger(), nullable=False),
        sa.Column("counts_from", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "basis IN ('days', 'running_hours', 'pieces')",
            name=op.f("ck_maintenance_schedules_basis"),
        ),
        sa.CheckConstraint("every > 0", name=op.f("ck_maintenance_schedules_every")),
        sa.CheckConstraint(
            "minutes > 0 AND minutes % 5 = 0", name=op.f("ck_maintenance_schedules_minutes")
        ),
        sa.CheckConstraint("lead_days >= 0", name=op.f("ck_maintenance_schedules_lead_days")),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= created_at", name=op.f("ck_maintenance_schedules_life")
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_maintenance_schedules_machine_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_maintenance_schedules_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_schedules")),
        sqlite_strict=True,
    )
    op.create_index("ix_maintenance_schedules_machine_id", "maintenance_schedules", ["machine_id"])
    _keep_the_time_of_maintenance()
    op.create_table(
        "photos",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("breakdown_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("bytes > 0 AND width > 0 AND height > 0", name=op.f("ck_photos_size")),
        sa.ForeignKeyConstraint(
            ["breakdown_id"], ["breakdowns.id"], name=op.f("fk_photos_breakdown_id")
        ),
        sa.ForeignKeyConstraint(["taken_by"], ["users.id"], name=op.f("fk_photos_taken_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
        sa.UniqueConstraint("name", name=op.f("uq_photos_name")),
        sqlite_strict=True,
    )
    op.create_index("ix_photos_breakdown_id", "photos", ["breakdown_id"])
    op.create_table(
        "machine_utilities",
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("utility", sa.String(), nullable=False),
        sa.CheckConstraint(f"utility IN {UTILITIES}", name=op.f("ck_machine_utilities_utility")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_machine_utilities_machine_id")
        ),
        sa.PrimaryKeyConstraint("machine_id", "utility", name=op.f("pk_machine_utilities")),
        sqlite_strict=True,
    )
    # Nearly every packaging machine needs power; a house can say which of its do not.
    op.execute("INSERT INTO machine_utilities SELECT id, 'electricity' FROM machines")
    op.create_table(
        "outages",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("utility", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reported_by", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"utility IN {UTILITIES}", name=op.f("ck_outages_utility")),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_outages_period")),
        sa.CheckConstraint("told_at <= from_at", name=op.f("ck_outages_told")),
        sa.CheckConstraint(
            "begun_at IS NULL OR begun_at >= from_at", name=op.f("ck_outages_begun")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_outages_site_id")),
        sa.ForeignKeyConstraint(["reported_by"], ["users.id"], name=op.f("fk_outages_reported_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
        sqlite_strict=True,
    )
    op.create_index("ix_outages_site_id", "outages", ["site_id", "from_at"])
    op.create_index(
        "uq_outages_on", "outages", ["site_id", "utility"],
        unique=True, sqlite_where=ON, postgresql_where=ON,
    )  # fmt: skip


def _keep_the_time_of_maintenance() -> None:
    """Let maintenance have a time of its own, for as long as it holds none."""
    op.add_column("maintenances", sa.Column("state", sa.String(), nullable=True))
    op.add_column("maintenances", sa.Column("from_at", sa.BigInteger(), nullable=True))
    op.add_column("maintenances", sa.Column("to_at", sa.BigInteger(), nullable=True))
    held = "(SELECT {} FROM occupations o WHERE o.id = occupation_id)"
    state = "CASE status WHEN 'live' THEN 'taken' WHEN 'done' THEN 'done' ELSE 'cancelled' END"
    op.execute(
        f"UPDATE maintenances SET state = {held.format(state)},"
        f" from_at = {held.format('o.from_at')}, to_at = {held.format('o.to_at')}"
        " WHERE occupation_id IS NOT NULL"
    )
    # One that came back from a newer revision without a time is over.
    op.execute(
        "UPDATE maintenances SET state = 'cancelled', from_at = created_at - created_at % 300,"
        " to_at = created_at - created_at % 300 + 300 WHERE occupation_id IS NULL"
    )
    with op.batch_alter_table("maintenances", table_kwargs=STRICT) as batch:
        batch.add_column(sa.Column("schedule_id", sa.BigInteger(), nullable=True))
        batch.create_foreign_key(
            batch.f("fk_maintenances_schedule_id"), "maintenance_schedules", ["schedule_id"], ["id"]
        )
        batch.alter_column("occupation_id", existing_type=sa.BigInteger(), nullable=True)
        for name, kind in (
            ("state", sa.String()),
            ("from_at", sa.BigInteger()),
            ("to_at", sa.BigInteger()),
        ):
            batch.alter_column(name, existing_type=kind, nullable=False)
        for name, rule in RULES.items():
            batch.create_check_constraint(batch.f(f"ck_maintenances_{name}"), rule)
    op.create_index(
        "uq_maintenances_next", "maintenances", ["schedule_id"],
        unique=True, sqlite_where=NEXT, postgresql_where=NEXT,
    )  # fmt: skip
    op.create_index(
        "ix_maintenances_proposed", "maintenances", ["from_at"],
        sqlite_where=PROPOSED, postgresql_where=PROPOSED,
    )  # fmt: skip


RULES = {
    "state": "state IN ('proposed', 'taken', 'done', 'cancelled')",
    "period": "from_at < to_at",
    "grid": "from_at % 300 = 0 AND to_at % 300 = 0",
    "held": "CASE WHEN state IN ('taken', 'done') THEN occupation_id IS NOT NULL"
    " WHEN state = 'proposed' THEN occupation_id IS NULL ELSE TRUE END",
}


def downgrade() -> None:
    op.drop_index("uq_outages_on", "outages")
    op.drop_index("ix_outages_site_id", "outages")
    op.drop_table("outages")
    op.drop_table("machine_utilities")
    op.drop_index("ix_photos_breakdown_id", "photos")
    op.drop_table("photos")
    op.drop_index("ix_maintenances_proposed", "maintenances")
    op.drop_index("uq_maintenances_next", "maintenances")
    # A plan may name what never held a time: it stays, without one, and the column with it.
    with op.batch_alter_table("maintenances", table_kwargs=STRICT) as batch:
        for name in RULES:
            batch.drop_constraint(batch.f(f"ck_maintenances_{name}"), type_="check")
        batch.drop_constraint(batch.f("fk_maintenances_schedule_id"), type_="foreignkey")
        for name in ("schedule_id", "to_at", "from_at", "state"):
            batch.drop_column(name)
    op.drop_index("ix_maintenance_schedules_machine_id", "maintenance_schedules")
    op.drop_table("maintenance_schedules")
