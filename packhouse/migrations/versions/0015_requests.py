"""Requests asked back, exceptions with a reason; working time.

Revision 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

import packhouse.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LOAD = {"sqlite_strict": True, "sqlite_with_rowid": False}


def upgrade() -> None:
    op.create_table(
        "request_questions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint("question <> ''", name=op.f("ck_request_questions_question")),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answer = '')", name=op.f("ck_request_questions_answer")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_request_questions_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["users.id"], name=op.f("fk_request_questions_asked_by")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["users.id"], name=op.f("fk_request_questions_answered_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_questions")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_request_questions_booking_id_open",
        "request_questions",
        ["booking_id"],
        unique=True,
        sqlite_where=sa.text("answered_at IS NULL"),
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.create_index("ix_request_questions_booking_id", "request_questions", ["booking_id"])
    op.create_table(
        "exceptions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("beyond", packhouse.db.Json(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("wish_id", sa.BigInteger(), nullable=True),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('booked', 'approved', 'put_first', 'put_back')",
            name=op.f("ck_exceptions_kind"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_exceptions_reason")),
        sa.CheckConstraint(
            "(booking_id IS NULL) <> (wish_id IS NULL)", name=op.f("ck_exceptions_subject")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_exceptions_site_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_exceptions_actor_id")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_exceptions_booking_id")
        ),
        sa.ForeignKeyConstraint(["wish_id"], ["wishes.id"], name=op.f("fk_exceptions_wish_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exceptions")),
        sqlite_strict=True,
    )
    op.create_index("ix_exceptions_site_id", "exceptions", ["site_id", "at"])
    op.create_index("ix_exceptions_booking_id", "exceptions", ["booking_id"])
    # What was put out of the published order before has had its reason too.
    op.execute(
        "INSERT INTO exceptions (site_id, kind, reason, beyond, actor_id, wish_id, at)"
        " SELECT w.site_id, CASE WHEN r.to_front THEN 'put_first' ELSE 'put_back' END, r.reason,"
        " '[]', r.actor_id, r.wish_id, r.at"
        " FROM wish_reorders r JOIN wishes w ON w.id = r.wish_id ORDER BY r.id"
    )
    op.create_table(
        "hours_changes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("at", packhouse.db.UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("before", packhouse.db.Json(), nullable=False),
        sa.Column("after", packhouse.db.Json(), nullable=False),
        sa.Column("undone_at", packhouse.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(undone_at IS NULL) OR (undone_at >= at)", name=op.f("ck_hours_changes_undone")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_hours_changes_site_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_hours_changes_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_changes")),
        sqlite_strict=True,
    )
    op.create_index("ix_hours_changes_site_id", "hours_changes", ["site_id"])
    with op.batch_alter_table("operator_load", table_kwargs=LOAD) as batch_op:
        batch_op.add_column(
            sa.Column("promised", sa.BigInteger(), nullable=False, server_default="0")
        )
        batch_op.drop_constraint(op.f("ck_operator_load_capacity"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_operator_load_capacity"), "0 <= used AND used <= capacity + promised"
        )
        batch_op.create_check_constraint(op.f("ck_operator_load_promised"), "0 <= promised")


def downgrade() -> None:
    # More people than there are: the older rule knows no promise.
    op.execute("UPDATE operator_load SET capacity = capacity + promised WHERE promised > 0")
    with op.batch_alter_table("operator_load", table_kwargs=LOAD) as batch_op:
        batch_op.drop_constraint(op.f("ck_operator_load_promised"), type_="check")
        batch_op.drop_constraint(op.f("ck_operator_load_capacity"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_operator_load_capacity"), "0 <= used AND used <= capacity"
        )
        batch_op.drop_column("promised")
    op.drop_index("ix_hours_changes_site_id", "hours_changes")
    op.drop_table("hours_changes")
    op.drop_index("ix_exceptions_booking_id", "exceptions")
    op.drop_index("ix_exceptions_site_id", "exceptions")
    op.drop_table("exceptions")
    op.drop_index("ix_request_questions_booking_id", "request_questions")
    op.drop_index("uq_request_questions_booking_id_open", "request_questions")
    op.drop_table("request_questions")
