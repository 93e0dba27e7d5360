"""Wishes, and the offers that hold a time for them.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")
ALIVE = sa.text("state IN ('open', 'offered')")


def upgrade() -> None:
    op.create_table(
        "wishes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=False),
        sa.Column("part_of_day", sa.String(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("same_day", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("size", sa.String(), nullable=False),
        sa.Column("regency_code", sa.String(), nullable=False),
        sa.Column("silent", sa.BigInteger(), nullable=False),
        sa.Column("preferred_at", sa.BigInteger(), nullable=True),
        sa.Column("look_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('offer', 'notify')", name=op.f("ck_wishes_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'offered', 'served', 'withdrawn', 'lapsed')",
            name=op.f("ck_wishes_state"),
        ),
        sa.CheckConstraint("source IN ('online', 'desk')", name=op.f("ck_wishes_source")),
        sa.CheckConstraint(
            "part_of_day IN ('any', 'morning', 'afternoon')", name=op.f("ck_wishes_part_of_day")
        ),
        sa.CheckConstraint("1 <= least AND least <= quantity", name=op.f("ck_wishes_quantity")),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_wishes_period")),
        sa.CheckConstraint(
            "(state IN ('open', 'offered')) = (closed_at IS NULL)", name=op.f("ck_wishes_closed")
        ),
        sa.CheckConstraint("kind = 'offer' OR state <> 'offered'", name=op.f("ck_wishes_told")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_wishes_business_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_wishes_product_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_wishes_site_id")),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_wishes_booking_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_wishes_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wishes")),
        sqlite_strict=True,
    )
    op.create_index("ix_wishes_business_id", "wishes", ["business_id"])
    for name, column, where in (
        ("ix_wishes_alive", "product_id", ALIVE),
        ("ix_wishes_look_at", "look_at", OPEN),
        ("ix_wishes_to_at", "to_at", OPEN),
    ):
        op.create_index(name, "wishes", [column], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "offers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("wish_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("occupation_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'declined', 'expired', 'withdrawn')",
            name=op.f("ck_offers_state"),
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_offers_period")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_offers_quantity")),
        sa.CheckConstraint("answer_by <= starts_at", name=op.f("ck_offers_answer_by")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_offers_ended")),
        sa.CheckConstraint(
            "(state = 'accepted') = (booking_id IS NOT NULL)", name=op.f("ck_offers_booking")
        ),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_offers_{column}"))
            for column, target in (
                ("wish_id", "wishes.id"),
                ("product_id", "products.id"),
                ("site_id", "sites.id"),
                ("machine_id", "machines.id"),
                ("occupation_id", "occupations.id"),
                ("booking_id", "bookings.id"),
                ("ended_by", "users.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint("occupation_id", name=op.f("uq_offers_occupation_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_offers_wish_id_open",
        "offers",
        ["wish_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_offers_wish_id", "offers", ["wish_id"])
    op.create_index(
        "ix_offers_open", "offers", ["answer_by"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("ix_offers_made_at", "offers", ["made_at"])
    op.create_table(
        "freed_times",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_freed_times_machine_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freed_times")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_freed_times_machine_id"), "freed_times", ["machine_id"])
    op.create_table(
        "wish_reorders",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("wish_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("to_front", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_wish_reorders_reason")),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_wish_reorders_actor_id")),
        sa.ForeignKeyConstraint(["wish_id"], ["wishes.id"], name=op.f("fk_wish_reorders_wish_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish_reorders")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_wish_reorders_wish_id"), "wish_reorders", ["wish_id"])


def downgrade() -> None:
    for table in ("wish_reorders", "freed_times", "offers", "wishes"):
        op.drop_table(table)
