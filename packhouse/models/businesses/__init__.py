"""Businesses as they are kept: people, members, papers, and which two were one."""

from packhouse.models.businesses.tables import (
    Business,
    CooperativeMember,
    DismissedPair,
    Document,
    Invitation,
    Membership,
    Merger,
    Verification,
    load_lanes,
    load_level,
    load_papers,
    paper_of,
)

__all__ = [
    "Business",
    "CooperativeMember",
    "DismissedPair",
    "Document",
    "Invitation",
    "Membership",
    "Merger",
    "Verification",
    "load_lanes",
    "load_level",
    "load_papers",
    "paper_of",
]
