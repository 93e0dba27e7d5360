"""The seal of the audit trail: each entry's hash covers the entry and the hash before it."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """What is sealed of one entry; ``at`` is in epoch seconds."""

    chain: int
    seq: int
    at: int
    actor_id: int | None
    action: str
    subject_kind: str
    subject_id: int
    facts: Any


def seal(link: Link, previous_hash: str) -> str:
    """Return the SHA-256 (hex) over the previous hash and the entry's canonical JSON."""
    # asdict() would copy the facts, entry by entry: that is most of the auditor's time.
    told = {name: getattr(link, name) for name in Link.__slots__}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous_hash}\n{text}".encode()).hexdigest()


def fingerprint(command: str, request: Any) -> str:
    """Return the SHA-256 (hex) of a command and its input, to recognise the same one again."""
    text = json.dumps([command, request], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
