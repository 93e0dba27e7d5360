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

__all__ = [
    "activate_user",
    "change_locale",
    "create_token",
    "create_user",
    "deactivate_user",
    "invite",
    "reset_password",
]
