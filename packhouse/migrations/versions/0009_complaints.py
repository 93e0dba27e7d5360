"""Complaints with a ticket number and a clock; how a house is reached.

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TOPICS = "('schedule', 'machine', 'cleanness', 'privacy', 'fees', 'other', 'staff', 'integrity')"


def upgrade() -> None:
    for name in ("phone", "directions"):
        column: sa.Column[str] = sa.Column(name, sa.String(), nullable=False, server_default="")
        op.add_column("sites", column)
    op.create_table(
        "complaints",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("booking_code", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("filed_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("asked_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("due_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("answered_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("closed_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("was_late", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"topic IN {TOPICS}", name=op.f("ck_complaints_topic")),
        sa.CheckConstraint(
            "state IN ('received', 'answered', 'reopened', 'closed')",
            name=op.f("ck_complaints_state"),
        ),
        sa.CheckConstraint(
            "due_at > asked_at AND asked_at >= filed_at", name=op.f("ck_complaints_clock")
        ),
        sa.CheckConstraint(
            "(state = 'received') = (answered_at IS NULL)", name=op.f("ck_complaints_answered")
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_complaints_closed")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_complaints_site_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_complaints_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("number", name=op.f("uq_complaints_number")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_complaints_site_id_state_due_at", "complaints", ["site_id", "state", "due_at"]
    )
    op.create_index("ix_complaints_user_id", "complaints", ["user_id"])
    op.create_table(
        "complaint_entries",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("complaint_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('answer', 'reopening')", name=op.f("ck_complaint_entries_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'answer') = (author_id IS NOT NULL)", name=op.f("ck_complaint_entries_author")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_complaint_entries_complaint_id")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_complaint_entries_author_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_entries")),
        sqlite_strict=True,
    )
    op.create_index("ix_complaint_entries_complaint_id", "complaint_entries", ["complaint_id"])


def downgrade() -> None:
    op.drop_index("ix_complaint_entries_complaint_id", "complaint_entries")
    op.drop_table("complaint_entries")
    op.drop_index("ix_complaints_user_id", "complaints")
    op.drop_index("ix_complaints_site_id_state_due_at", "complaints")
    op.drop_table("complaints")
    for name in ("directions", "phone"):
        op.drop_column("sites", name)
