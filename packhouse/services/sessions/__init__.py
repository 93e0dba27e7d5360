"""Who one is, and what proves it: passwords, sessions, and secrets that count once."""

from packhouse.services.sessions.guessing import failure_keys, note_failure, refuse_if_waiting
from packhouse.services.sessions.one_time import mail_link, reached_by, spend
from packhouse.services.sessions.signing_in import (
    SESSION_LIFETIME,
    SeveralPeople,
    SignedIn,
    change_contact,
    change_password,
    drop_sessions,
    end_sessions,
    open_session,
    set_password,
    sign_in,
    sign_out,
    touch_session,
    vouch,
)

__all__ = [
    "SESSION_LIFETIME",
    "SeveralPeople",
    "SignedIn",
    "change_contact",
    "change_password",
    "drop_sessions",
    "end_sessions",
    "failure_keys",
    "mail_link",
    "note_failure",
    "open_session",
    "reached_by",
    "refuse_if_waiting",
    "set_password",
    "sign_in",
    "sign_out",
    "spend",
    "touch_session",
    "vouch",
]
