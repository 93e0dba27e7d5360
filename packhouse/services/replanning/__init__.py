"""New times for bookings that lost theirs: proposed, revised, applied, and answered."""

from packhouse.services.replanning.answering import answer, note_call
from packhouse.services.replanning.applying import apply_plan
from packhouse.services.replanning.marks import Change, Mark
from packhouse.services.replanning.proposing import discard, propose, revise

__all__ = [
    "Change",
    "Mark",
    "answer",
    "apply_plan",
    "discard",
    "note_call",
    "propose",
    "revise",
]
