"""People: their accounts, the tokens of their programs, and the way back in."""

from packhouse.services.users.accounts import (
    activate_user,
    change_locale,
    create_token,
    create_user,
    deactivate_user,
    invite,
    reset_password,
)
from packhouse.services.users.recovery import (
    ask_for_link,
    confirm_email,
    issue_code,
    set_password_by_code,
    set_password_by_link,
)

__all__ = [
    "activate_user",
    "ask_for_link",
    "change_locale",
    "confirm_email",
    "create_token",
    "create_user",
    "deactivate_user",
    "invite",
    "issue_code",
    "reset_password",
    "set_password_by_code",
    "set_password_by_link",
]
