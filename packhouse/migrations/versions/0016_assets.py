"""Machines as assets: placements, conditions, spare parts, and what runs teach of their rates.

Revision 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STRICT = {"sqlite_strict": True}  # SQLite rebuilds the table, and its reflection does not tell.
OPEN = sa.text("to_at IS NULL")
# What people wrote; the first that is in it wins, and their words stay as they are.
WRITTEN = {"apbd": "%apbd%", "tp": "%tugas pembantuan%", "hibah": "%hibah%", "csr": "%csr%"}
MACHINE_RULES = {
    "fund_kind": "fund_kind IN ('', 'apbd', 'tp', 'hibah', 'csr')",
    "condition": "condition IN ('good', 'fair', 'bad')",
    "converted": "(converted_at IS NULL) = (lane_document = '')",
}
SEEN = (
    "(seen_runs IS NULL) = (seen_low IS NULL) AND (seen_runs IS NULL) = (seen_high IS NULL)"
    " AND (seen_low IS NULL OR 0 < seen_low AND seen_low <= seen_high)"
)


def upgrade() -> None:
    _describe_assets()
    with op.batch_alter_table("machine_packs", table_kwargs=STRICT) as batch:
        batch.add_column(sa.Column("seen_low", sa.Double(), nullable=True))
        batch.add_column(sa.Column("seen_high", sa.Double(), nullable=True))
        batch.add_column(sa.Column("seen_runs", sa.BigInteger(), nullable=True))
        batch.create_check_constraint(batch.f("ck_machine_packs_seen"), SEEN)
    op.create_table(
        "placements",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('own', 'loan')", name=op.f("ck_placements_kind")),
        sa.CheckConstraint("to_at IS NULL OR to_at > from_at", name=op.f("ck_placements_period")),
        sa.CheckConstraint(
            "kind <> 'loan' OR due_on IS NOT NULL", name=op.f("ck_placements_due_on")
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_placements_machine_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_placements_site_id")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["users.id"], name=op.f("fk_placements_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placements")),
        sqlite_strict=True,
    )
    op.create_index("ix_placements_machine_id", "placements", ["machine_id", "from_at"])
    op.create_index(
        "uq_placements_open", "placements", ["machine_id"],
        unique=True, sqlite_where=OPEN, postgresql_where=OPEN,
    )  # fmt: skip
    op.create_table(
        "machine_conditions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "condition IN ('good', 'fair', 'bad')",
            name=op.f("ck_machine_conditions_condition"),
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_machine_conditions_machine_id")
        ),
        sa.ForeignKeyConstraint(
            ["noted_by"], ["users.id"], name=op.f("fk_machine_conditions_noted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine_conditions")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_machine_conditions_machine_id", "machine_conditions", ["machine_id", "found_at"]
    )
    op.create_table(
        "spare_parts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("breakdown_id", sa.BigInteger(), nullable=True),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("ordered_from", sa.String(), nullable=False),
        sa.Column("ordered_on", sa.Date(), nullable=True),
        sa.Column("eta", sa.Date(), nullable=True),
        sa.Column("arrived_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("dropped_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "arrived_on IS NULL OR dropped_at IS NULL", name=op.f("ck_spare_parts_end")
        ),
        sa.CheckConstraint(
            "eta IS NULL OR ordered_on IS NULL OR eta >= ordered_on",
            name=op.f("ck_spare_parts_order"),
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_spare_parts_machine_id")
        ),
        sa.ForeignKeyConstraint(
            ["breakdown_id"], ["breakdowns.id"], name=op.f("fk_spare_parts_breakdown_id")
        ),
        sa.ForeignKeyConstraint(["noted_by"], ["users.id"], name=op.f("fk_spare_parts_noted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spare_parts")),
        sqlite_strict=True,
    )
    op.create_index("ix_spare_parts_machine_id", "spare_parts", ["machine_id"])
    op.create_table(
        "rate_decisions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("rate_before", sa.Double(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("last_run_id", sa.BigInteger(), nullable=False),
        sa.Column("wait_runs", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "action IN ('accepted', 'dismissed', 'set')", name=op.f("ck_rate_decisions_action")
        ),
        sa.CheckConstraint("rate_before > 0 AND rate > 0", name=op.f("ck_rate_decisions_rate")),
        sa.CheckConstraint(
            "(action = 'dismissed') = (wait_runs IS NOT NULL)", name=op.f("ck_rate_decisions_wait")
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_rate_decisions_machine_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["users.id"], name=op.f("fk_rate_decisions_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_decisions")),
        sqlite_strict=True,
    )
    op.create_index("ix_rate_decisions_machine_id", "rate_decisions", ["machine_id", "pack"])


def _describe_assets() -> None:
    op.add_column("machines", sa.Column("fund_kind", sa.String(), nullable=True))
    op.add_column("machines", sa.Column("holder", sa.String(), nullable=True))
    op.add_column("machines", sa.Column("converted_at", sa.BigInteger(), nullable=True))
    op.add_column("machines", sa.Column("lane_document", sa.String(), nullable=True))
    sources = " ".join(
        f"WHEN lower(fund_source) LIKE '{like}' OR lower(fund_source) = '{code}' THEN '{code}'"
        for code, like in WRITTEN.items()
    )
    op.execute(
        "UPDATE machines SET holder = '', lane_document = '',"
        f" fund_kind = CASE {sources} ELSE '' END"
    )
    with op.batch_alter_table("machines", table_kwargs=STRICT) as batch:
        for name in ("fund_kind", "holder", "lane_document"):
            batch.alter_column(name, existing_type=sa.String(), nullable=False)
        for name, rule in MACHINE_RULES.items():
            batch.create_check_constraint(batch.f(f"ck_machines_{name}"), rule)


def downgrade() -> None:
    for index, table in (
        ("ix_rate_decisions_machine_id", "rate_decisions"),
        ("ix_spare_parts_machine_id", "spare_parts"),
        ("ix_machine_conditions_machine_id", "machine_conditions"),
        ("uq_placements_open", "placements"),
        ("ix_placements_machine_id", "placements"),
    ):
        op.drop_index(index, table)
    for table in ("rate_decisions", "spare_parts", "machine_conditions", "placements"):
        op.drop_table(table)
    with op.batch_alter_table("machine_packs", table_kwargs=STRICT) as batch:
        batch.drop_constraint(batch.f("ck_machine_packs_seen"), type_="check")
        for name in ("seen_runs", "seen_high", "seen_low"):
            batch.drop_column(name)
    with op.batch_alter_table("machines", table_kwargs=STRICT) as batch:
        for name in MACHINE_RULES:
            batch.drop_constraint(batch.f(f"ck_machines_{name}"), type_="check")
        for name in ("lane_document", "converted_at", "holder", "fund_kind"):
            batch.drop_column(name)
