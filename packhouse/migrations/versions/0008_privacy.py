"""Consent, closed accounts, calendar feeds, and reductions by rule.

Revision 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PURPOSES = "('whatsapp', 'facilitator', 'story', 'directory', 'news')"


def upgrade() -> None:
    op.create_table(
        "reductions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("valid_to", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("legal_basis", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('trial', 'cooperative', 'micro', 'everyone')",
            name=op.f("ck_reductions_kind"),
        ),
        sa.CheckConstraint("percent BETWEEN 1 AND 100", name=op.f("ck_reductions_percent")),
        sa.CheckConstraint("legal_basis <> ''", name=op.f("ck_reductions_basis")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_reductions_period")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_reductions_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reductions")),
        sqlite_strict=True,
    )
    op.create_table(
        "booking_reductions",
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("reduction_id", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("percent BETWEEN 1 AND 100", name=op.f("ck_booking_reductions_percent")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_booking_reductions_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["reduction_id"], ["reductions.id"], name=op.f("fk_booking_reductions_reduction_id")
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_booking_reductions")),
        sqlite_strict=True,
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"purpose IN {PURPOSES}", name=op.f("ck_consents_purpose")),
        sa.CheckConstraint("version > 0", name=op.f("ck_consents_version")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_consents_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sqlite_strict=True,
    )
    op.create_index("ix_consents_user_id_purpose", "consents", ["user_id", "purpose"])
    op.create_table(
        "closed_accounts",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_closed_accounts_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_closed_accounts")),
        sqlite_strict=True,
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_calendar_feeds_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_calendar_feeds_secret_hash")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("calendar_feeds")
    op.drop_table("closed_accounts")
    op.drop_index("ix_consents_user_id_purpose", "consents")
    op.drop_table("consents")
    op.drop_table("booking_reductions")
    op.drop_table("reductions")
