"""Businesses: who is registered, who acts for them, and how far their papers have come."""

from packhouse.services.businesses.apart import dismiss_pair, restore_pair
from packhouse.services.businesses.expiry import warn_of_expiry
from packhouse.services.businesses.merging import merge_businesses, move_stragglers
from packhouse.services.businesses.papers import (
    Told,
    check_paper,
    note_paper,
    remove_paper,
    verify_business,
    withdraw_verification,
)
from packhouse.services.businesses.people import (
    accept_invitation,
    add_cooperative_member,
    add_person,
    change_role,
    invite_person,
    remove_cooperative_member,
    remove_person,
    withdraw_invitation,
)
from packhouse.services.businesses.records import (
    Papers,
    add_business,
    create_business,
    edit_business,
)
from packhouse.services.businesses.steps import note_business, problems_with_tier

__all__ = [
    "Papers",
    "Told",
    "accept_invitation",
    "add_business",
    "add_cooperative_member",
    "add_person",
    "change_role",
    "check_paper",
    "create_business",
    "dismiss_pair",
    "edit_business",
    "invite_person",
    "merge_businesses",
    "move_stragglers",
    "note_business",
    "note_paper",
    "problems_with_tier",
    "remove_cooperative_member",
    "remove_paper",
    "remove_person",
    "restore_pair",
    "verify_business",
    "warn_of_expiry",
    "withdraw_invitation",
    "withdraw_verification",
]
