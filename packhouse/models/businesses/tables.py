"""Businesses, the people who act for them, and the members of cooperatives."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from packhouse.db import STRICT, Base, Json, UtcDateTime
from packhouse.domain.businesses import Level, Paper, PaperKind, PaperState, level_of
from packhouse.models.products import Product


class Business(Base):
    """A small producer or a cooperative.

    ``level`` is what domain.businesses.level_of makes of ``seen_level``, the tier for which an
    officer saw the originals, and of the papers; it is kept because every list is filtered by it.
    """

    __tablename__ = "businesses"
    __table_args__ = (
        UniqueConstraint("nib"),
        CheckConstraint("kind IN ('umkm', 'cooperative')", name="kind"),
        CheckConstraint("size IN ('mikro', 'kecil', 'menengah')", name="size"),
        CheckConstraint("level IN ('trial', 'nib', 'market_ready')", name="level"),
        CheckConstraint("seen_level IN ('trial', 'nib', 'market_ready')", name="seen_level"),
        CheckConstraint("size_basis IN ('sales', 'capital', 'stated')", name="size_basis"),
        Index(None, "regency_code"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="umkm")
    regency_code: Mapped[str]
    size: Mapped[str]
    size_rule: Mapped[str] = mapped_column(default="PP 7/2021")
    size_basis: Mapped[str] = mapped_column(default="stated")
    level: Mapped[str] = mapped_column(default="trial")
    seen_level: Mapped[str] = mapped_column(default="trial")
    nib: Mapped[str | None]
    village: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Membership(Base):
    """A person who may act for a business."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'member')", name="role"),
        Index(None, "business_id"),
        STRICT,
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    business_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    role: Mapped[str] = mapped_column(default="member")


class CooperativeMember(Base):
    """A business that a cooperative books for."""

    __tablename__ = "cooperative_members"
    __table_args__ = (CheckConstraint("cooperative_id <> member_id", name="self"), STRICT)

    cooperative_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"), primary_key=True)


PAPER_STATES = "('unchecked', 'verified', 'refused', 'withdrawn', 'removed')"


class Document(Base):
    """A paper of a business or of one of its products, as told and as an officer found it.

    ``warned_days`` is the last warning of its end that was given. A removed one is kept: what an
    officer once saw stays on record.
    """

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("kind IN ('nib', 'halal', 'pirt', 'md', 'other')", name="kind"),
        CheckConstraint(f"state IN {PAPER_STATES}", name="state"),
        CheckConstraint("state <> 'verified' OR checked_at IS NOT NULL", name="checked"),
        CheckConstraint("product_id IS NULL OR kind <> 'nib'", name="owner"),
        Index(None, "business_id"),
        Index(None, "product_id"),
        Index(
            "ix_documents_unchecked",
            "created_at",
            sqlite_where=text("state = 'unchecked'"),
            postgresql_where=text("state = 'unchecked'"),
        ),
        Index(None, "expires_on"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    business_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    kind: Mapped[str]
    number: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    issued_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(default="unchecked")
    remark: Mapped[str] = mapped_column(default="")
    warned_days: Mapped[int | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Verification(Base):
    """What an officer said of a paper, or of a tier without noting each paper, and when."""

    __tablename__ = "verifications"
    __table_args__ = (
        CheckConstraint("verdict IN ('verified', 'refused', 'withdrawn')", name="verdict"),
        CheckConstraint("(document_id IS NULL) <> (level IS NULL)", name="subject"),
        CheckConstraint("level IN ('trial', 'nib', 'market_ready')", name="level"),
        Index(None, "business_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    business_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    level: Mapped[str | None]
    verdict: Mapped[str]
    remark: Mapped[str] = mapped_column(default="")
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Invitation(Base):
    """A way into a business that its owner hands to one person; it opens once."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'member')", name="role"),
        CheckConstraint("(accepted_by IS NULL) = (accepted_at IS NULL)", name="accepted"),
        CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="ended"),
        Index(None, "business_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    business_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"))
    role: Mapped[str] = mapped_column(default="member")
    name: Mapped[str] = mapped_column(default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Merger(Base):
    """Two records that were one business: the first is kept empty, the second goes on.

    ``moved`` counts what went over, by table. Append-only: it cannot be undone.
    """

    __tablename__ = "mergers"
    __table_args__ = (
        CheckConstraint("merged_id <> into_id", name="self"),
        CheckConstraint("reason <> ''", name="reason"),
        Index(None, "into_id"),
        STRICT,
    )

    merged_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str]
    moved: Mapped[Any] = mapped_column(Json, default=dict)


class DismissedPair(Base):
    """Two records that look like one business and are not, as somebody found out."""

    __tablename__ = "dismissed_pairs"
    __table_args__ = (
        CheckConstraint("first_id < second_id", name="order"),
        Index(None, "second_id"),
        STRICT,
    )

    first_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    second_id: Mapped[int] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def paper_of(row: Document) -> Paper:
    """Return a paper as the rules see it."""
    return Paper(
        PaperKind(row.kind), PaperState(row.state), row.number, row.product_id, row.expires_on
    )


def load_papers(session: Session, business_id: int) -> list[Paper]:
    """Return every paper of a business and its products that was not removed."""
    rows = session.scalars(
        select(Document)
        .where(Document.business_id == business_id, Document.state != PaperState.REMOVED)
        .order_by(Document.id)
    )
    return [paper_of(row) for row in rows]


def load_lanes(session: Session, business_id: int) -> dict[int, str]:
    """Return the lanes of the products in use of a business."""
    rows = session.execute(
        select(Product.id, Product.lane).where(
            Product.business_id == business_id, Product.archived_at.is_(None)
        )
    )
    return {row.id: row.lane for row in rows}


def load_level(session: Session, business: Business, today: date) -> Level:
    """Return the tier of a business by what is verified of it on a local day."""
    return level_of(
        seen=Level(business.seen_level),
        papers=load_papers(session, business.id),
        lanes=load_lanes(session, business.id),
        today=today,
    )
