"""Plans for bookings that lost their time, and what their people answered.

Revision 0011, after 0010.

A column of sites is added in plain SQL: a batch would rebuild the table on SQLite and lose its
checks.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CAUSES = "('breakdown', 'maintenance', 'hours')"
OF_HOUSE = sa.text("state = 'proposed' AND maintenance_id IS NULL")
OF_WORK = sa.text("state = 'proposed' AND maintenance_id IS NOT NULL")
UNSETTLED = sa.text("state IN ('asked', 'to_call', 'call_wanted')")


def upgrade() -> None:
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE sites ADD COLUMN inform_minutes {kind} NOT NULL DEFAULT 30"
        " CONSTRAINT ck_sites_inform_minutes CHECK (inform_minutes >= 0)"
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("maintenance_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("cost", packhouse.db.Json(), nullable=False),
        sa.Column("bound", packhouse.db.Json(), nullable=False),
        sa.Column("baseline", packhouse.db.Json(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("solved_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("applied_by", sa.BigInteger(), nullable=True),
        sa.Column("applied_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"cause IN {CAUSES}", name=op.f("ck_plans_cause")),
        sa.CheckConstraint(
            "state IN ('proposed', 'applied', 'outdated', 'discarded')",
            name=op.f("ck_plans_state"),
        ),
        sa.CheckConstraint(
            "(state = 'applied') = (applied_at IS NOT NULL)", name=op.f("ck_plans_applied")
        ),
        sa.CheckConstraint(
            "(cause = 'maintenance') = (maintenance_id IS NOT NULL)", name=op.f("ck_plans_work")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_plans_site_id")),
        sa.ForeignKeyConstraint(
            ["maintenance_id"], ["maintenances.id"], name=op.f("fk_plans_maintenance_id")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_plans_created_by")),
        sa.ForeignKeyConstraint(["applied_by"], ["users.id"], name=op.f("fk_plans_applied_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sqlite_strict=True,
    )
    op.create_index("ix_plans_site_id", "plans", ["site_id", "state"])
    for name, condition in (("site_id", OF_HOUSE), ("maintenance_id", OF_WORK)):
        op.create_index(
            f"uq_plans_{name}_proposed",
            "plans",
            [name],
            unique=True,
            sqlite_where=condition,
            postgresql_where=condition,
        )
    _create_rows()
    _create_answers()


def _create_rows() -> None:
    op.create_table(
        "plan_rows",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("seen_version", sa.BigInteger(), nullable=False),
        sa.Column("was_state", sa.String(), nullable=False),
        sa.Column("was_machine_id", sa.BigInteger(), nullable=False),
        sa.Column("was_starts_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("was_ends_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=True),
        sa.Column("starts_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("ends_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("shift_minutes", sa.BigInteger(), nullable=False),
        sa.Column("changed_day", sa.Boolean(), nullable=False),
        sa.Column("cleaning_minutes", sa.BigInteger(), nullable=False),
        sa.Column("reasons", packhouse.db.Json(), nullable=False),
        sa.Column("pinned_machine_id", sa.BigInteger(), nullable=True),
        sa.Column("pinned_starts_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("excluded", packhouse.db.Json(), nullable=False),
        sa.Column("excluded_machines", packhouse.db.Json(), nullable=False),
        sa.Column("to_call", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"cause IN {CAUSES}", name=op.f("ck_plan_rows_cause")),
        sa.CheckConstraint("result IN ('move', 'call')", name=op.f("ck_plan_rows_result")),
        sa.CheckConstraint(
            "(result = 'move') = (machine_id IS NOT NULL)"
            " AND (result = 'move') = (starts_at IS NOT NULL)"
            " AND (result = 'move') = (ends_at IS NOT NULL)",
            name=op.f("ck_plan_rows_placed"),
        ),
        sa.CheckConstraint(
            "(pinned_machine_id IS NULL) = (pinned_starts_at IS NULL)",
            name=op.f("ck_plan_rows_pinned"),
        ),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_plan_rows_{column}"))
            for column, target in (
                ("plan_id", "plans.id"),
                ("booking_id", "bookings.id"),
                ("was_machine_id", "machines.id"),
                ("machine_id", "machines.id"),
                ("pinned_machine_id", "machines.id"),
            )
        ),
        sa.PrimaryKeyConstraint("plan_id", "booking_id", name=op.f("pk_plan_rows")),
        sqlite_strict=True,
    )
    op.create_index("ix_plan_rows_booking_id", "plan_rows", ["booking_id"])


def _create_answers() -> None:
    op.create_table(
        "plan_answers",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("booking_version", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("answer_by", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("answered_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("called_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("called_by", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'informed', 'to_call', 'accepted', 'declined', 'call_wanted',"
            " 'called')",
            name=op.f("ck_plan_answers_state"),
        ),
        sa.CheckConstraint(
            "result IS NULL OR result IN ('agreed', 'other_time', 'unreached')",
            name=op.f("ck_plan_answers_result"),
        ),
        sa.CheckConstraint("(calls = 0) = (result IS NULL)", name=op.f("ck_plan_answers_calls")),
        sa.CheckConstraint(
            "state <> 'asked' OR answer_by IS NOT NULL", name=op.f("ck_plan_answers_deadline")
        ),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_plan_answers_{column}"))
            for column, target in (
                ("plan_id", "plans.id"),
                ("booking_id", "bookings.id"),
                ("site_id", "sites.id"),
                ("answered_by", "users.id"),
                ("called_by", "users.id"),
            )
        ),
        sa.PrimaryKeyConstraint("plan_id", "booking_id", name=op.f("pk_plan_answers")),
        sqlite_strict=True,
    )
    op.create_index("ix_plan_answers_booking_id", "plan_answers", ["booking_id"])
    op.create_index(
        "ix_plan_answers_unsettled",
        "plan_answers",
        ["site_id"],
        sqlite_where=UNSETTLED,
        postgresql_where=UNSETTLED,
    )


def downgrade() -> None:
    op.drop_index("ix_plan_answers_unsettled", "plan_answers")
    op.drop_index("ix_plan_answers_booking_id", "plan_answers")
    op.drop_table("plan_answers")
    op.drop_index("ix_plan_rows_booking_id", "plan_rows")
    op.drop_table("plan_rows")
    for name in ("uq_plans_maintenance_id_proposed", "uq_plans_site_id_proposed"):
        op.drop_index(name, "plans")
    op.drop_index("ix_plans_site_id", "plans")
    op.drop_table("plans")
    op.execute("ALTER TABLE sites DROP COLUMN inform_minutes")
