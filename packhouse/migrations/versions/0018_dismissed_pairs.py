"""Businesses that look like one and are not.

Revision 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dismissed_pairs",
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("second_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_dismissed_pairs_order")),
        sa.ForeignKeyConstraint(
            ["first_id"], ["businesses.id"], name=op.f("fk_dismissed_pairs_first_id")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["businesses.id"], name=op.f("fk_dismissed_pairs_second_id")
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["users.id"], name=op.f("fk_dismissed_pairs_actor_id")
        ),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_dismissed_pairs")),
        sqlite_strict=True,
    )
    op.create_index("ix_dismissed_pairs_second_id", "dismissed_pairs", ["second_id"])


def downgrade() -> None:
    op.drop_index("ix_dismissed_pairs_second_id", "dismissed_pairs")
    op.drop_table("dismissed_pairs")
