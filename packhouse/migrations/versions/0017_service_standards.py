"""What a house promises in its own words, with each version of it.

Revision 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_standards",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name=op.f("fk_service_standards_site_id")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_service_standards_author_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_standards")),
        sqlite_strict=True,
    )
    op.create_index("ix_service_standards_site_id", "service_standards", ["site_id"])


def downgrade() -> None:
    op.drop_index("ix_service_standards_site_id", "service_standards")
    op.drop_table("service_standards")
