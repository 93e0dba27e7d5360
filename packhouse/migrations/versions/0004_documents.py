"""Papers of businesses and licences of products, checked once, with their expiry.

Revision 0004, after 0003.

Columns are added in plain SQL: a batch would rebuild the table on SQLite and lose its checks.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = {
    "size_basis": "DEFAULT 'stated' CONSTRAINT ck_businesses_size_basis"
    " CHECK (size_basis IN ('sales', 'capital', 'stated'))",
    "seen_level": "DEFAULT 'trial' CONSTRAINT ck_businesses_seen_level"
    " CHECK (seen_level IN ('trial', 'nib', 'market_ready'))",
    "village": "DEFAULT ''",
    "phone": "DEFAULT ''",
}


def upgrade() -> None:
    kind = "TEXT" if op.get_bind().dialect.name == "sqlite" else "VARCHAR"
    for name, rules in COLUMNS.items():
        op.execute(f"ALTER TABLE businesses ADD COLUMN {name} {kind} NOT NULL {rules}")
    # Whatever tier a business has, an officer saw its originals.
    op.execute("UPDATE businesses SET seen_level = level")
    _documents()
    _verifications()
    _invitations()


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("warned_days", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("checked_by", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('nib', 'halal', 'pirt', 'md', 'other')", name=op.f("ck_documents_kind")
        ),
        sa.CheckConstraint(
            "state IN ('unchecked', 'verified', 'refused', 'withdrawn', 'removed')",
            name=op.f("ck_documents_state"),
        ),
        sa.CheckConstraint(
            "state <> 'verified' OR checked_at IS NOT NULL", name=op.f("ck_documents_checked")
        ),
        sa.CheckConstraint("product_id IS NULL OR kind <> 'nib'", name=op.f("ck_documents_owner")),
        *_references("documents", business_id="businesses", product_id="products"),
        *_references("documents", created_by="users", checked_by="users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sqlite_strict=True,
    )
    for name in ("business_id", "product_id", "expires_on"):
        op.create_index(op.f(f"ix_documents_{name}"), "documents", [name])
    op.create_index(
        "ix_documents_unchecked",
        "documents",
        ["created_at"],
        sqlite_where=sa.text("state = 'unchecked'"),
        postgresql_where=sa.text("state = 'unchecked'"),
    )


def _verifications() -> None:
    op.create_table(
        "verifications",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('verified', 'refused', 'withdrawn')",
            name=op.f("ck_verifications_verdict"),
        ),
        sa.CheckConstraint(
            "(document_id IS NULL) <> (level IS NULL)", name=op.f("ck_verifications_subject")
        ),
        sa.CheckConstraint(
            "level IN ('trial', 'nib', 'market_ready')", name=op.f("ck_verifications_level")
        ),
        *_references("verifications", business_id="businesses", document_id="documents"),
        *_references("verifications", officer_id="users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_verifications_business_id"), "verifications", ["business_id"])


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("accepted_by", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'member')", name=op.f("ck_invitations_role")),
        sa.CheckConstraint(
            "(accepted_by IS NULL) = (accepted_at IS NULL)", name=op.f("ck_invitations_accepted")
        ),
        sa.CheckConstraint(
            "accepted_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_invitations_ended")
        ),
        *_references("invitations", business_id="businesses"),
        *_references("invitations", created_by="users", accepted_by="users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_invitations_business_id"), "invitations", ["business_id"])


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"))
        for name, other in columns.items()
    ]


def downgrade() -> None:
    for table in ("invitations", "verifications", "documents"):
        op.drop_table(table)
    for name in COLUMNS:
        op.execute(f"ALTER TABLE businesses DROP COLUMN {name}")
