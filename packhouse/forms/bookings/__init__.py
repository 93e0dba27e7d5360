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
    StartForm,
    VersionedForm,
)
from packhouse.forms.bookings.requests import AnswerForm, ApproveForm, AskForm, RejectForm

__all__ = [
    "LARGEST",
    "LONGEST_REASON",
    "AnswerForm",
    "ApproveForm",
    "AskForm",
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
