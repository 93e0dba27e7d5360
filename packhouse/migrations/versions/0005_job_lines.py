"""What a cooperative books at once for its members: an order, and the jobs it consists of.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("cooperative_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cooperative_id"], ["businesses.id"], name=op.f("fk_orders_cooperative_id")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_orders_created_by")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_orders_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("code", name=op.f("uq_orders_code")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_cooperative_id"), ["cooperative_id"])
    op.create_table(
        "job_lines",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_code", sa.String(), nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_job_lines_position")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_lines_job_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_job_lines_order_id")),
        sa.PrimaryKeyConstraint("order_id", "position", name=op.f("pk_job_lines")),
        sa.UniqueConstraint("job_id", name=op.f("uq_job_lines_job_id")),
        sa.UniqueConstraint("lot_code", name=op.f("uq_job_lines_lot_code")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("job_lines")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_orders_cooperative_id"))
    op.drop_table("orders")
