"""Check-in and the board of the day.

Revision 0014, after 0013.

Columns are added in plain SQL: a batch would rebuild the table on SQLite and lose its checks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

POLICY = (("absence_minutes", 5), ("delay_minutes", 30))


def upgrade() -> None:
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for name, usual in POLICY:
        op.execute(
            f"ALTER TABLE sites ADD COLUMN {name} {kind} NOT NULL DEFAULT {usual}"
            f" CONSTRAINT ck_sites_{name} CHECK ({name} >= 0)"
        )
    op.add_column("sites", sa.Column("wall_key", sa.String(), nullable=False, server_default=""))
    op.execute("INSERT INTO booking_transitions VALUES ('no_show', 'arrived')")


def downgrade() -> None:
    op.execute(
        "DELETE FROM booking_transitions WHERE old_state = 'no_show' AND new_state = 'arrived'"
    )
    for name in ("wall_key", *(name for name, _usual in POLICY)):
        op.execute(f"ALTER TABLE sites DROP COLUMN {name}")
