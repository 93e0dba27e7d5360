"""Businesses merged, complaints counted, service standard edited.

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mergers",
        sa.Column("merged_id", sa.BigInteger(), nullable=False),
        sa.Column("into_id", sa.BigInteger(), nullable=False),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("moved", packhouse.db.Json(), nullable=False),
        sa.CheckConstraint("merged_id <> into_id", name=op.f("ck_mergers_self")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_mergers_reason")),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["businesses.id"], name=op.f("fk_mergers_merged_id")
        ),
        sa.ForeignKeyConstraint(["into_id"], ["businesses.id"], name=op.f("fk_mergers_into_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_mergers_actor_id")),
        sa.PrimaryKeyConstraint("merged_id", name=op.f("pk_mergers")),
        sqlite_strict=True,
    )
    op.create_index("ix_mergers_into_id", "mergers", ["into_id"])
    op.create_index(
        "ix_messages_told",
        "messages",
        ["finished_at"],
        sqlite_where=sa.text("payload <> '{}'"),
        postgresql_where=sa.text("payload <> '{}'"),
    )


def downgrade() -> None:
    op.drop_index("ix_messages_told", "messages", if_exists=True)
    op.drop_index("ix_mergers_into_id", "mergers")
    op.drop_table("mergers")
