"""Every setting of packhouse, and the only reader of the environment.

A setting ``X`` is read from ``PACKHOUSE_X``, from the process or from ``.env`` beside this file
(the process wins). `.env.example` describes them all, and a test compares the two.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import time, timedelta
from pathlib import Path
from typing import Any, ClassVar, get_type_hints
from urllib.parse import urlsplit

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent
PREFIX = "PACKHOUSE_"
SECRET_BYTES = 32
# Keys people copy from examples: anybody could sign a session with them.
KNOWN_SECRETS = ("dev", "secret", "changeme", "change-me", "password", "your-secret-key")

CHOICES: Mapping[str, tuple[str, ...]] = {
    "LOCALE": ("id", "en"),
    "LOG_LEVEL": ("DEBUG", "INFO", "WARNING", "ERROR"),
    "MAIL_SECURITY": ("starttls", "tls", "none"),
    # Indonesia has three times; Jakarta and Pontianak share the first.
    "ZONE": ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"),
}
LIMITS = {"PROXY_HOPS": (0, 5), "MAIL_PORT": (1, 65535), "TRIAL_PIECES": (1, 1_000_000)}


class BadSetting(ValueError):
    """A setting has a value that packhouse will not start with."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{PREFIX}{name}: {reason}")


@dataclass(frozen=True, kw_only=True)
class Config:
    """What the application is told from outside; its names are those of ``app.config``."""

    INSTANCE: Path = ROOT / "instance"
    DATABASE_URL: str = field(default="", repr=False)
    SECRET_KEY: str = field(default="", repr=False)
    PUBLIC_URL: str = "http://127.0.0.1:8000"
    TRUSTED_HOSTS: tuple[str, ...] | None = None
    PROXY_HOPS: int = 0
    LOG_LEVEL: str = "INFO"
    DEMO: bool = True

    LOCALE: str = "id"
    ZONE: str = "Asia/Pontianak"
    RATELIMIT: bool = True
    DPO_CONTACT: str = ""
    COMPLAINTS_URL: str = "https://www.lapor.go.id/"
    TRIAL_PIECES: int = 200

    MAIL_HOST: str = ""
    MAIL_PORT: int = 587
    MAIL_SECURITY: str = "starttls"
    MAIL_USER: str = ""
    MAIL_PASSWORD: str = field(default="", repr=False)
    MAIL_FROM: str = "packhouse@localhost"
    QUIET_FROM: time = time(20)
    QUIET_TO: time = time(7)

    # Fixed, because no house has a reason to differ.
    MAX_CONTENT_LENGTH: ClassVar[int] = 6 * 1024 * 1024
    SESSION_COOKIE_HTTPONLY: ClassVar[bool] = True
    SESSION_COOKIE_SAMESITE: ClassVar[str] = "Lax"
    WTF_CSRF_TIME_LIMIT: ClassVar[None] = None  # A form may stay open all day; the session ends it.
    BOOTSTRAP_SERVE_LOCAL: ClassVar[bool] = True
    COMPRESS_ALGORITHM: ClassVar[tuple[str, ...]] = ("br", "gzip")
    COMPRESS_MIN_SIZE: ClassVar[int] = 500
    # Files are streamed: brotli at 6 makes a fifth less of the styles than what comes by itself.
    COMPRESS_ALGORITHM_STREAMING: ClassVar[tuple[str, ...]] = ("br", "deflate")
    COMPRESS_BR_LEVEL: ClassVar[int] = 6
    RATELIMIT_HEADERS_ENABLED: ClassVar[bool] = True
    SEND_FILE_MAX_AGE_DEFAULT: ClassVar[timedelta] = timedelta(days=365)
    SQLALCHEMY_TRACK_MODIFICATIONS: ClassVar[bool] = False
    TEMPLATES_AUTO_RELOAD: ClassVar[bool] = False
    TESTING: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse what could only fail later, or worse, not fail."""
        refuse_weak(self.SECRET_KEY)
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise BadSetting(name, f"use one of {', '.join(allowed)}")
        for name, (least, most) in LIMITS.items():
            if not least <= getattr(self, name) <= most:
                raise BadSetting(name, f"use a number from {least} to {most}")
        if urlsplit(self.PUBLIC_URL).scheme not in ("http", "https"):
            raise BadSetting("PUBLIC_URL", "use an address that begins with http:// or https://")

    @property
    def SQLALCHEMY_DATABASE_URI(self) -> str:  # noqa: N802  (named by Flask-SQLAlchemy)
        """The database: SQLite in the instance directory unless another one is named."""
        return database_url(self.DATABASE_URL or f"sqlite:///{self.INSTANCE / 'packhouse.db'}")

    @property
    def SESSION_COOKIE_SECURE(self) -> bool:  # noqa: N802  (named by Flask)
        """Keep the cookie off plain HTTP once the public address is HTTPS."""
        return urlsplit(self.PUBLIC_URL).scheme == "https"

    @property
    def SESSION_COOKIE_NAME(self) -> str:  # noqa: N802  (named by Flask)
        """With __Host- no neighbouring host can plant a cookie; browsers want HTTPS for it."""
        return "__Host-packhouse" if self.SESSION_COOKIE_SECURE else "packhouse"

    @property
    def BABEL_DEFAULT_LOCALE(self) -> str:  # noqa: N802  (named by Flask-Babel)
        """The language of people who have not chosen one."""
        return self.LOCALE

    @property
    def RATELIMIT_ENABLED(self) -> bool:  # noqa: N802  (named by Flask-Limiter)
        """Whether too many requests are refused."""
        return self.RATELIMIT

    @property
    def MAIL_DIRECTORY(self) -> Path:  # noqa: N802  (beside its MAIL_ sisters)
        """Where messages are written as files while no mail host is named."""
        return self.INSTANCE / "mail"


class Production(Config):
    """A house at work."""


class Development(Config):
    """Somebody changing packhouse: templates are read again on every request."""

    TEMPLATES_AUTO_RELOAD: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Testing(Config):
    """A test: no limits, no CSRF to fetch first, and a mail host that cannot exist."""

    SECRET_KEY: str = field(default="only-for-tests-" + "0" * SECRET_BYTES, repr=False)
    RATELIMIT: bool = False
    MAIL_HOST: str = "you-forgot-to-fake-mail.invalid"

    __test__: ClassVar[bool] = False  # Pytest takes any Test… for a class of tests.
    TESTING: ClassVar[bool] = True
    WTF_CSRF_ENABLED: ClassVar[bool] = False


KINDS: Mapping[str, type[Config]] = {"production": Production, "development": Development}


def from_environment(environ: Mapping[str, str] | None = None) -> Config:
    """Return the settings of this process; make the instance directory and its secret.

    Raises BadSetting with the name of the variable and what to write instead.
    """
    given = environ if environ is not None else _process_and_dotenv()
    kind = KINDS.get(given.get(PREFIX + "ENV", "production"))
    if kind is None:
        raise BadSetting("ENV", f"use one of {', '.join(KINDS)}")
    values = _read(kind, given)
    instance: Path = values.get("INSTANCE", kind.INSTANCE).absolute()
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = values.get("SECRET_KEY") or stored_secret(instance)
    values.setdefault("PUBLIC_URL", f"http://127.0.0.1:{given.get('PORT') or 8000}")
    return kind(**values | {"INSTANCE": instance, "SECRET_KEY": secret})


def database_url(url: str) -> str:
    """Return the URL with the driver that is installed; accept the short spellings people know."""
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def refuse_weak(secret: str) -> None:
    """Refuse a secret that is short or known to everybody."""
    if secret.lower().strip() in KNOWN_SECRETS:
        raise BadSetting("SECRET_KEY", "this is a sample; leave it empty to have one made")
    if len(secret.encode()) < SECRET_BYTES or len(set(secret)) < SECRET_BYTES // 4:
        raise BadSetting("SECRET_KEY", f"at least {SECRET_BYTES} unpredictable bytes are needed")


def stored_secret(instance: Path) -> str:
    """Return the secret kept in the instance directory; the first process to ask makes it."""
    path = instance / "secret_key"
    draft = instance / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
    if not path.exists():
        # Written aside and linked: a second process sees the whole key or none, never half of it.
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _process_and_dotenv() -> Mapping[str, str]:
    written = dotenv_values(ROOT / ".env")
    return {name: value for name, value in written.items() if value is not None} | dict(os.environ)


def _read(kind: type[Config], given: Mapping[str, str]) -> dict[str, Any]:
    types = get_type_hints(kind)
    values: dict[str, Any] = {}
    for setting in fields(kind):
        text = given.get(PREFIX + setting.name, "").strip()
        if not text:
            continue
        try:
            values[setting.name] = PARSERS[types[setting.name]](text)
        except ValueError as error:
            raise BadSetting(setting.name, str(error)) from error
    return values


def _boolean(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in known:
        raise ValueError("use 1 or 0")
    return known[text.lower()]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


PARSERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    int: int,
    bool: _boolean,
    Path: Path,
    time: time.fromisoformat,
    tuple[str, ...] | None: _words,
}
