"""What first visits, forgotten passwords and shared phones need.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STRICT = {"sqlite_strict": True}  # SQLite rebuilds the table, and its reflection does not tell.


def upgrade() -> None:
    with op.batch_alter_table("users", table_kwargs=STRICT) as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(), nullable=True)
        batch_op.create_index(batch_op.f("ix_users_phone"), ["phone"], unique=False)
    op.create_table(
        "one_time_secrets",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("used_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('password_link', 'email_link', 'desk_code')",
            name=op.f("ck_one_time_secrets_kind"),
        ),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_one_time_secrets_tries")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_one_time_secrets_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"], ["users.id"], name=op.f("fk_one_time_secrets_issued_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_secrets")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_one_time_secrets_secret_hash")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("one_time_secrets") as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_secrets_user_id"), ["user_id"], unique=False)
    op.create_table(
        "sign_ups",
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_ups_user_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_sign_ups_product_id")
        ),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_sign_ups")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("sign_ups")
    op.drop_table("one_time_secrets")
    # An address must be there again: who has none gets one that no mail host will take.
    op.execute(
        "UPDATE users SET email = 'user-' || id || '@no-address.invalid' WHERE email IS NULL"
    )
    with op.batch_alter_table("users", table_kwargs=STRICT) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_phone"))
        batch_op.alter_column("email", existing_type=sa.String(), nullable=False)
