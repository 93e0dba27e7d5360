"""People, their sessions on the server, their tokens, and failed sign-ins."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from packhouse.db import STRICT, Base, UtcDateTime

ROLES = "('producer', 'operator', 'manager', 'reviewer', 'auditor', 'admin')"


class User(Base):
    """A person who signs in."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint(f"role IN {ROLES}", name="role"),
        Index(None, "phone"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None]  # Many have none; a telephone number may be that of several people.
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    role: Mapped[str]
    locale: Mapped[str] = mapped_column(default="id")
    password_hash: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UserSite(Base):
    """A site that an operator or manager works at."""

    __tablename__ = "user_sites"
    __table_args__ = (STRICT,)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)


class ServerSession(Base):
    """A signed-in browser. The cookie carries a random number; only its hash is kept."""

    __tablename__ = "server_sessions"
    __table_args__ = (Index(None, "user_id"), STRICT)

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiToken(Base):
    """A token for programs; only its hash is kept."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index(None, "user_id"), STRICT)

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInFailure(Base):
    """One failed sign-in, so that guessing slows down in all processes alike."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index(None, "who", "at"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class OneTimeSecret(Base):
    """What opens an account once: a link that was mailed, or a code told at the desk."""

    __tablename__ = "one_time_secrets"
    __table_args__ = (
        UniqueConstraint("secret_hash"),
        CheckConstraint("kind IN ('password_link', 'email_link', 'desk_code')", name="kind"),
        CheckConstraint("tries >= 0", name="tries"),
        Index(None, "user_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    secret_hash: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignUp(Base):
    """A first visit under the key of its form, so that a second click makes no second account."""

    __tablename__ = "sign_ups"
    __table_args__ = (STRICT,)

    key_hash: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
