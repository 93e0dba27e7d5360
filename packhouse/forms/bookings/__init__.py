"""Forms that make, repeat, move, cancel and decide bookings, and that look for them."""

from packhouse.forms.bookings.booking import (
    LARGEST,
    LONGEST_REASON,
    BookForm,
    CancelForm,
    ChosenForm,
    FindForm,
    InstantField,
    MoveForm,
    RejectForm,
    StartForm,
    VersionedForm,
)

__all__ = [
    "LARGEST",
    "LONGEST_REASON",
    "BookForm",
    "CancelForm",
    "ChosenForm",
    "FindForm",
    "InstantField",
    "MoveForm",
    "RejectForm",
    "StartForm",
    "VersionedForm",
]
