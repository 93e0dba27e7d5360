"""The house: all tables of the first release.

Revision 0001, after nothing.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


TRANSITIONS = (
    "requested confirmed, requested rejected, requested expired, requested cancelled,"
    " requested displaced, confirmed arrived, confirmed running, confirmed cancelled,"
    " confirmed no_show, confirmed displaced, arrived running, arrived cancelled,"
    " arrived displaced, running finished, displaced confirmed, displaced cancelled"
)
NUMBERS = 56 * 288  # The five-minute slots of the longest occupation.


def fill() -> None:
    """Write the rows that the triggers read."""
    op.bulk_insert(
        sa.table("booking_transitions", sa.column("old_state"), sa.column("new_state")),
        [
            dict(zip(("old_state", "new_state"), pair.split(), strict=True))
            for pair in TRANSITIONS.split(",")
        ],
    )
    op.bulk_insert(sa.table("numbers", sa.column("n")), [{"n": n} for n in range(NUMBERS)])


def upgrade() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_heads")),
        sqlite_strict=True,
    )
    op.create_table(
        "booking_transitions",
        sa.Column("old_state", sa.String(), nullable=False),
        sa.Column("new_state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("old_state", "new_state", name=op.f("pk_booking_transitions")),
        sqlite_strict=True,
    )
    op.create_table(
        "businesses",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("regency_code", sa.String(), nullable=False),
        sa.Column("size", sa.String(), nullable=False),
        sa.Column("size_rule", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("nib", sa.String(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('umkm', 'cooperative')", name=op.f("ck_businesses_kind")),
        sa.CheckConstraint(
            "level IN ('trial', 'nib', 'market_ready')", name=op.f("ck_businesses_level")
        ),
        sa.CheckConstraint(
            "size IN ('mikro', 'kecil', 'menengah')", name=op.f("ck_businesses_size")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_businesses")),
        sa.UniqueConstraint("nib", name=op.f("uq_businesses_nib")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("businesses", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_businesses_regency_code"), ["regency_code"], unique=False
        )

    op.create_table(
        "heartbeats",
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("duty", name=op.f("pk_heartbeats")),
        sqlite_strict=True,
    )
    op.create_table(
        "numbers",
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_numbers")),
        sqlite_strict=True,
    )
    op.create_table(
        "operator_load",
        sa.Column("site_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "0 <= used AND used <= capacity", name=op.f("ck_operator_load_capacity")
        ),
        sa.PrimaryKeyConstraint("site_id", "slot", name=op.f("pk_operator_load")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("sign_in_failures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_failures_who_at"), ["who", "at"], unique=False)

    op.create_table(
        "sites",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("regency_code", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("operators", sa.BigInteger(), nullable=False),
        sa.Column("horizon_days", sa.BigInteger(), nullable=False),
        sa.Column("notice_minutes", sa.BigInteger(), nullable=False),
        sa.Column("cancel_hours", sa.BigInteger(), nullable=False),
        sa.Column("request_hours", sa.BigInteger(), nullable=False),
        sa.Column("grace_minutes", sa.BigInteger(), nullable=False),
        sa.Column("overrun_minutes", sa.BigInteger(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint("operators >= 0", name=op.f("ck_sites_operators")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("code", name=op.f("uq_sites_code")),
        sqlite_strict=True,
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "role IN ('producer', 'operator', 'manager', 'reviewer', 'auditor', 'admin')",
            name=op.f("ck_users_role"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sqlite_strict=True,
    )
    op.create_table(
        "api_tokens",
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("revoked_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_api_tokens")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("facts", packhouse.db.Json(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_audit_entries_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("chain", "seq", name=op.f("uq_audit_entries_chain_seq")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_audit_entries_subject", ["subject_kind", "subject_id"], unique=False
        )

    op.create_table(
        "closures",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("day_from", sa.Date(), nullable=False),
        sa.Column("day_to", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint("source IN ('manual', 'holiday')", name=op.f("ck_closures_source")),
        sa.CheckConstraint(
            "state IN ('proposed', 'confirmed', 'rejected')", name=op.f("ck_closures_state")
        ),
        sa.CheckConstraint("day_from <= day_to", name=op.f("ck_closures_days")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_closures_decided_by")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_closures_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
        sa.UniqueConstraint(
            "site_id", "day_from", "name", name=op.f("uq_closures_site_id_day_from_name")
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("closures", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_closures_site_id_day_from"), ["site_id", "day_from"], unique=False
        )

    op.create_table(
        "cooperative_members",
        sa.Column("cooperative_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cooperative_id <> member_id", name=op.f("ck_cooperative_members_self")),
        sa.ForeignKeyConstraint(
            ["cooperative_id"],
            ["businesses.id"],
            name=op.f("fk_cooperative_members_cooperative_id"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["businesses.id"], name=op.f("fk_cooperative_members_member_id")
        ),
        sa.PrimaryKeyConstraint("cooperative_id", "member_id", name=op.f("pk_cooperative_members")),
        sqlite_strict=True,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("answer", packhouse.db.Json(), nullable=False),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_idempotency_keys_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_keys")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False
        )

    op.create_table(
        "machines",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("rate_per_minute", sa.Double(), nullable=False),
        sa.Column("setup_minutes", sa.BigInteger(), nullable=False),
        sa.Column("cleaning_minutes_1", sa.BigInteger(), nullable=False),
        sa.Column("cleaning_minutes_2", sa.BigInteger(), nullable=False),
        sa.Column("cleaning_minutes_3", sa.BigInteger(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("commissioned_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("retired_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("asset_code", sa.String(), nullable=False),
        sa.Column("asset_number", sa.String(), nullable=False),
        sa.Column("acquired_year", sa.BigInteger(), nullable=True),
        sa.Column("acquisition_value", sa.BigInteger(), nullable=True),
        sa.Column("fund_source", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.CheckConstraint("lane IN ('halal', 'non_halal')", name=op.f("ck_machines_lane")),
        sa.CheckConstraint(
            "0 <= cleaning_minutes_1 AND cleaning_minutes_1 <= cleaning_minutes_2 AND cleaning_minutes_2 <= cleaning_minutes_3",
            name=op.f("ck_machines_cleaning"),
        ),
        sa.CheckConstraint("rate_per_minute > 0", name=op.f("ck_machines_rate")),
        sa.CheckConstraint(
            "retired_at IS NULL OR retired_at > commissioned_at", name=op.f("ck_machines_life")
        ),
        sa.CheckConstraint("setup_minutes >= 0", name=op.f("ck_machines_setup")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_machines_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machines")),
        sa.UniqueConstraint("code", name=op.f("uq_machines_code")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("machines", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_machines_site_id_kind"), ["site_id", "kind"], unique=False
        )

    op.create_table(
        "memberships",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'member')", name=op.f("ck_memberships_role")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_memberships_business_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("user_id", "business_id", name=op.f("pk_memberships")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_memberships_business_id"), ["business_id"], unique=False
        )

    op.create_table(
        "products",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("allergens", packhouse.db.Json(), nullable=False),
        sa.Column("aroma", sa.String(), nullable=False),
        sa.Column("wet", sa.Boolean(), nullable=False),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("archived_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint("lane IN ('halal', 'non_halal')", name=op.f("ck_products_lane")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_products_business_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_products_business_id"), ["business_id"], unique=False)

    op.create_table(
        "server_sessions",
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("seen_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_server_sessions_user_id")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_server_sessions")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("server_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_server_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "shifts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("from_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("to_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("operators", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_shifts_period")),
        sa.CheckConstraint("operators >= 0", name=op.f("ck_shifts_operators")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_shifts_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_shifts_site_id_from_at"), ["site_id", "from_at"], unique=False
        )

    op.create_table(
        "site_hours",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.BigInteger(), nullable=False),
        sa.Column("opens", sa.BigInteger(), nullable=False),
        sa.Column("closes", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "0 <= opens AND opens < closes AND closes <= 1440", name=op.f("ck_site_hours_minutes")
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_site_hours_weekday")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_site_hours_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_hours")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("site_hours", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_hours_site_id"), ["site_id"], unique=False)

    op.create_table(
        "user_sites",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_user_sites_site_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_sites_user_id")),
        sa.PrimaryKeyConstraint("user_id", "site_id", name=op.f("pk_user_sites")),
        sqlite_strict=True,
    )
    op.create_table(
        "demands",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("business_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("machine_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("pack", sa.String(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("wanted_from", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("wanted_to", packhouse.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_demands_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_demands_machine_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_demands_product_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_demands_site_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_demands_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demands")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("demands", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_demands_at"), ["at"], unique=False)

    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_jobs_quantity")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_jobs_business_id")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_jobs_created_by")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_jobs_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("code", name=op.f("uq_jobs_code")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_business_id"), ["business_id"], unique=False)

    op.create_table(
        "machine_packs",
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("rate_per_minute", sa.Double(), nullable=True),
        sa.CheckConstraint(
            "rate_per_minute IS NULL OR rate_per_minute > 0", name=op.f("ck_machine_packs_rate")
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_machine_packs_machine_id")
        ),
        sa.PrimaryKeyConstraint("machine_id", "pack", name=op.f("pk_machine_packs")),
        sqlite_strict=True,
    )
    op.create_table(
        "occupations",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("from_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("to_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("attended_from", packhouse.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('booking', 'hold', 'offer', 'maintenance', 'breakdown')",
            name=op.f("ck_occupations_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('live', 'done', 'released')", name=op.f("ck_occupations_status")
        ),
        sa.CheckConstraint(
            "attended_from IS NULL OR (from_at <= attended_from AND attended_from < to_at AND attended_from % 300 = 0)",
            name=op.f("ck_occupations_attended"),
        ),
        sa.CheckConstraint(
            "from_at % 300 = 0 AND to_at % 300 = 0", name=op.f("ck_occupations_grid")
        ),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_occupations_period")),
        sa.CheckConstraint("to_at - from_at <= 4838400", name=op.f("ck_occupations_length")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_occupations_machine_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_occupations_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupations")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("occupations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_occupations_blocks",
            ["machine_id", "to_at"],
            unique=False,
            sqlite_where=sa.text("kind <> 'booking' AND status = 'live'"),
            postgresql_where=sa.text("kind <> 'booking' AND status = 'live'"),
        )
        batch_op.create_index("ix_occupations_machine_id", ["machine_id", "from_at"], unique=False)
        batch_op.create_index("ix_occupations_site_id", ["site_id", "from_at"], unique=False)

    op.create_table(
        "tariffs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("per_hour", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("legal_basis", sa.String(), nullable=False),
        sa.CheckConstraint("per_hour >= 0", name=op.f("ck_tariffs_amount")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_tariffs_machine_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariffs")),
        sa.UniqueConstraint(
            "machine_id", "valid_from", name=op.f("uq_tariffs_machine_id_valid_from")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("occupation_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("ends_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("cleaning_level", sa.BigInteger(), nullable=False),
        sa.Column("changeover_minutes", sa.BigInteger(), nullable=False),
        sa.Column("setup_minutes", sa.BigInteger(), nullable=False),
        sa.Column("run_minutes", sa.BigInteger(), nullable=False),
        sa.Column("break_minutes", sa.BigInteger(), nullable=False),
        sa.Column("closing_minutes", sa.BigInteger(), nullable=False),
        sa.Column("tariff_per_hour", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("decide_by", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("cancelled_late", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint("quantity > 0 OR source = 'paper'", name=op.f("ck_bookings_quantity")),
        sa.CheckConstraint(
            "source = 'paper' OR (business_id IS NOT NULL AND product_id IS NOT NULL AND job_id IS NOT NULL)",
            name=op.f("ck_bookings_owner"),
        ),
        sa.CheckConstraint(
            "source IN ('online', 'desk', 'walk_in', 'paper')", name=op.f("ck_bookings_source")
        ),
        sa.CheckConstraint(
            "state <> 'requested' OR decide_by IS NOT NULL", name=op.f("ck_bookings_deadline")
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'confirmed', 'rejected', 'expired', 'arrived', 'running', 'finished', 'cancelled', 'no_show', 'displaced')",
            name=op.f("ck_bookings_state"),
        ),
        sa.CheckConstraint("price >= 0 AND tariff_per_hour >= 0", name=op.f("ck_bookings_price")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_bookings_period")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_bookings_business_id")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_bookings_created_by")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_bookings_job_id")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_bookings_machine_id")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupations.id"], name=op.f("fk_bookings_occupation_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_bookings_product_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_bookings_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("code", name=op.f("uq_bookings_code")),
        sa.UniqueConstraint("occupation_id", name=op.f("uq_bookings_occupation_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("bookings", schema=None) as batch_op:
        batch_op.create_index("ix_bookings_business_id", ["business_id", "starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_bookings_job_id"), ["job_id"], unique=False)
        batch_op.create_index("ix_bookings_machine_id", ["machine_id", "starts_at"], unique=False)
        batch_op.create_index(
            "ix_bookings_open",
            ["state", "starts_at"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('requested', 'confirmed', 'arrived', 'running', 'displaced')"
            ),
            postgresql_where=sa.text(
                "state IN ('requested', 'confirmed', 'arrived', 'running', 'displaced')"
            ),
        )
        batch_op.create_index("ix_bookings_site_id", ["site_id", "starts_at"], unique=False)

    op.create_table(
        "breakdowns",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("started_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("expected_back_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("reported_by", sa.BigInteger(), nullable=True),
        sa.Column("occupation_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at > started_at", name=op.f("ck_breakdowns_period")
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_breakdowns_machine_id")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupations.id"], name=op.f("fk_breakdowns_occupation_id")
        ),
        sa.ForeignKeyConstraint(
            ["reported_by"], ["users.id"], name=op.f("fk_breakdowns_reported_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breakdowns")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("breakdowns", schema=None) as batch_op:
        batch_op.create_index(
            "ix_breakdowns_machine_id", ["machine_id", "started_at"], unique=False
        )
        batch_op.create_index(
            "uq_breakdowns_open",
            ["machine_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "claims",
        sa.Column("machine_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("occupation_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupations.id"], name=op.f("fk_claims_occupation_id")
        ),
        sa.PrimaryKeyConstraint("machine_id", "slot", name=op.f("pk_claims")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_claims_occupation_id"), ["occupation_id"], unique=False
        )

    op.create_table(
        "maintenances",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("occupation_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("planned_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_maintenances_machine_id")
        ),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["occupations.id"], name=op.f("fk_maintenances_occupation_id")
        ),
        sa.ForeignKeyConstraint(
            ["planned_by"], ["users.id"], name=op.f("fk_maintenances_planned_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenances")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("maintenances", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_maintenances_machine_id"), ["machine_id"], unique=False
        )

    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_version", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("payload", packhouse.db.Json(), nullable=False),
        sa.Column("due_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("not_after", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("lease_until", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("lease_token", sa.String(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("finished_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("read_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint("channel IN ('in_app', 'email')", name=op.f("ck_messages_channel")),
        sa.CheckConstraint(
            "state IN ('due', 'sending', 'sent', 'unknown', 'expired', 'cancelled', 'suppressed', 'dead')",
            name=op.f("ck_messages_state"),
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_messages_booking_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_messages_site_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_messages_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_messages_dedupe_key")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_booking_id", ["booking_id"], unique=False)
        batch_op.create_index(
            "ix_messages_open",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('due', 'sending', 'unknown')"),
            postgresql_where=sa.text("state IN ('due', 'sending', 'unknown')"),
        )
        batch_op.create_index("ix_messages_user_id", ["user_id", "channel", "due_at"], unique=False)

    op.create_table(
        "moves",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("old_machine_id", sa.BigInteger(), nullable=False),
        sa.Column("old_starts_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("old_ends_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("new_machine_id", sa.BigInteger(), nullable=False),
        sa.Column("new_starts_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("new_ends_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_moves_actor_id")),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_moves_booking_id")),
        sa.ForeignKeyConstraint(
            ["new_machine_id"], ["machines.id"], name=op.f("fk_moves_new_machine_id")
        ),
        sa.ForeignKeyConstraint(
            ["old_machine_id"], ["machines.id"], name=op.f("fk_moves_old_machine_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moves")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("moves", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_moves_booking_id"), ["booking_id"], unique=False)

    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("operator_id", sa.BigInteger(), nullable=True),
        sa.Column("started_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("good", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("planned_rate", sa.Double(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at > started_at", name=op.f("ck_runs_period")
        ),
        sa.CheckConstraint("good >= 0 AND rejected >= 0", name=op.f("ck_runs_counts")),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_runs_booking_id")),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name=op.f("fk_runs_machine_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["users.id"], name=op.f("fk_runs_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_runs_booking_id"), ["booking_id"], unique=False)
        batch_op.create_index("ix_runs_machine_id", ["machine_id", "started_at"], unique=False)
        batch_op.create_index(
            "uq_runs_open",
            ["machine_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "state_intervals",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("starts_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("ends_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "ends_at IS NULL OR ends_at > starts_at", name=op.f("ck_state_intervals_period")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_state_intervals_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_state_intervals_machine_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_state_intervals_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state_intervals")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("state_intervals", schema=None) as batch_op:
        batch_op.create_index(
            "ix_state_intervals_machine_id", ["machine_id", "starts_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_state_intervals_run_id"), ["run_id"], unique=False)
        batch_op.create_index(
            "uq_state_intervals_open",
            ["machine_id"],
            unique=True,
            sqlite_where=sa.text("ends_at IS NULL"),
            postgresql_where=sa.text("ends_at IS NULL"),
        )

    fill()


def downgrade() -> None:
    with op.batch_alter_table("state_intervals", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_state_intervals_open",
            sqlite_where=sa.text("ends_at IS NULL"),
            postgresql_where=sa.text("ends_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_state_intervals_run_id"))
        batch_op.drop_index("ix_state_intervals_machine_id")

    op.drop_table("state_intervals")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_runs_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_runs_machine_id")
        batch_op.drop_index(batch_op.f("ix_runs_booking_id"))

    op.drop_table("runs")
    with op.batch_alter_table("moves", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_moves_booking_id"))

    op.drop_table("moves")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_user_id")
        batch_op.drop_index(
            "ix_messages_open",
            sqlite_where=sa.text("state IN ('due', 'sending', 'unknown')"),
            postgresql_where=sa.text("state IN ('due', 'sending', 'unknown')"),
        )
        batch_op.drop_index("ix_messages_booking_id")

    op.drop_table("messages")
    with op.batch_alter_table("maintenances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_maintenances_machine_id"))

    op.drop_table("maintenances")
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claims_occupation_id"))

    op.drop_table("claims")
    with op.batch_alter_table("breakdowns", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_breakdowns_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_breakdowns_machine_id")

    op.drop_table("breakdowns")
    with op.batch_alter_table("bookings", schema=None) as batch_op:
        batch_op.drop_index("ix_bookings_site_id")
        batch_op.drop_index(
            "ix_bookings_open",
            sqlite_where=sa.text(
                "state IN ('requested', 'confirmed', 'arrived', 'running', 'displaced')"
            ),
            postgresql_where=sa.text(
                "state IN ('requested', 'confirmed', 'arrived', 'running', 'displaced')"
            ),
        )
        batch_op.drop_index("ix_bookings_machine_id")
        batch_op.drop_index(batch_op.f("ix_bookings_job_id"))
        batch_op.drop_index("ix_bookings_business_id")

    op.drop_table("bookings")
    op.drop_table("tariffs")
    with op.batch_alter_table("occupations", schema=None) as batch_op:
        batch_op.drop_index("ix_occupations_site_id")
        batch_op.drop_index("ix_occupations_machine_id")
        batch_op.drop_index(
            "ix_occupations_blocks",
            sqlite_where=sa.text("kind <> 'booking' AND status = 'live'"),
            postgresql_where=sa.text("kind <> 'booking' AND status = 'live'"),
        )

    op.drop_table("occupations")
    op.drop_table("machine_packs")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_business_id"))

    op.drop_table("jobs")
    with op.batch_alter_table("demands", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_demands_at"))

    op.drop_table("demands")
    op.drop_table("user_sites")
    with op.batch_alter_table("site_hours", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_site_hours_site_id"))

    op.drop_table("site_hours")
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shifts_site_id_from_at"))

    op.drop_table("shifts")
    with op.batch_alter_table("server_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_server_sessions_user_id"))

    op.drop_table("server_sessions")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_products_business_id"))

    op.drop_table("products")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_memberships_business_id"))

    op.drop_table("memberships")
    with op.batch_alter_table("machines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_machines_site_id_kind"))

    op.drop_table("machines")
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
    op.drop_table("cooperative_members")
    with op.batch_alter_table("closures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_closures_site_id_day_from"))

    op.drop_table("closures")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entries_subject")

    op.drop_table("audit_entries")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_tokens_user_id"))

    op.drop_table("api_tokens")
    op.drop_table("users")
    op.drop_table("sites")
    with op.batch_alter_table("sign_in_failures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_failures_who_at"))

    op.drop_table("sign_in_failures")
    op.drop_table("operator_load")
    op.drop_table("numbers")
    op.drop_table("heartbeats")
    with op.batch_alter_table("businesses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_businesses_regency_code"))

    op.drop_table("businesses")
    op.drop_table("booking_transitions")
    op.drop_table("audit_heads")
