"""What can go wrong, as facts. Services raise these; web and api turn them into answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: a code that has a text in i18n/messages, and the facts the text needs."""

    code: str
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def told_in(self, zone: str) -> "Problem":
        """Return the same problem, whose times are told in a house's zone."""
        return Problem(self.code, {**self.facts, "zone": zone})


class PackhouseError(Exception):
    """Base of everything packhouse raises on purpose."""

    code = "error"

    def __init__(self, code: str | None = None, /, **facts: object) -> None:
        self.problems: tuple[Problem, ...] = (Problem(code or self.code, facts),)
        super().__init__(self.problems[0].code)


class Malformed(PackhouseError):
    """The input cannot be read as what it should be."""

    code = "malformed"


class NotFound(PackhouseError):
    """There is no such thing, or it is not this person's to see."""

    code = "not_found"


class NotAllowed(PackhouseError):
    """The person is known but may not do this."""

    code = "not_allowed"


class Conflict(PackhouseError):
    """The world is not, or no longer, as the command supposed."""

    code = "conflict"


class SlotTaken(Conflict):
    """Somebody else holds the machine's time; up to three other times are offered."""

    code = "slot_taken"

    def __init__(self, alternatives: Sequence[object] = (), /, **facts: object) -> None:
        super().__init__(None, **facts)
        self.alternatives = tuple(alternatives)


class Stale(Conflict):
    """The thing was changed since the person looked at it."""

    code = "stale"


class WrongState(Conflict):
    """The state of the thing does not allow this step."""

    code = "wrong_state"


class KeyReused(Conflict):
    """An idempotency key came back with a different command."""

    code = "key_reused"


class RuleBroken(PackhouseError):
    """One or more rules refuse the command; all of them are listed at once."""

    code = "rule_broken"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self.problems = tuple(problems)


class TooMany(PackhouseError):
    """Too many attempts in too short a time."""

    code = "too_many"


class Unavailable(PackhouseError):
    """The database cannot answer now: no space left, too busy, or gone. Nothing was changed."""

    code = "unavailable"
