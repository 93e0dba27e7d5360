"""The audit trail, and commands that are carried out once however often they are sent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from packhouse.db import before_commit
from packhouse.domain.audit import GENESIS, Link, fingerprint, seal
from packhouse.domain.users import Actor
from packhouse.errors import KeyReused
from packhouse.models.audit import AuditEntry, AuditHead, IdempotencyKey


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing an entry is about; ``chain`` is its site's id, or 0."""

    kind: str
    id: int
    chain: int = 0


def record(
    session: Session, *, actor: Actor, now: datetime, action: str, subject: Subject, **facts: Any
) -> None:
    """Note who did what. The entry is sealed as the last thing before the commit.

    Sealing last keeps the chain's row locked for as short as can be. ``facts`` must be JSON.
    """
    entry = Link(
        chain=subject.chain,
        seq=0,
        at=int(now.timestamp()),
        actor_id=actor.id,
        action=action,
        subject_kind=subject.kind,
        subject_id=subject.id,
        facts=facts,
    )
    session.info.setdefault("audit", []).append((entry, now))
    before_commit(session, "audit", _seal_entries)


def _seal_entries(session: Session) -> None:
    entries: list[tuple[Link, datetime]] = session.info.pop("audit", [])
    for chain in sorted({entry.chain for entry, _ in entries}):
        head = _locked_head(session, chain)
        for entry, at in entries:
            if entry.chain != chain:
                continue
            head.seq += 1
            link = Link(
                chain, head.seq, entry.at, entry.actor_id, entry.action,
                entry.subject_kind, entry.subject_id, entry.facts,
            )  # fmt: skip
            previous, head.hash = head.hash, seal(link, head.hash)
            session.add(
                AuditEntry(
                    chain=chain,
                    seq=link.seq,
                    at=at,
                    actor_id=link.actor_id,
                    action=link.action,
                    subject_kind=link.subject_kind,
                    subject_id=link.subject_id,
                    facts=link.facts,
                    previous_hash=previous,
                    hash=head.hash,
                )
            )
    session.flush()


def _locked_head(session: Session, chain: int) -> AuditHead:
    query = select(AuditHead).where(AuditHead.chain == chain).with_for_update()
    head = session.scalar(query)
    if head is None:
        # Two first entries of a chain may race: one inserts, the other waits and then finds it.
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.execute(
            insert(AuditHead).values(chain=chain, seq=0, hash=GENESIS).on_conflict_do_nothing()
        )
        head = session.scalar(query)
    assert head is not None
    return head


@dataclass(frozen=True, slots=True)
class Once:
    """The promise to carry out a command once: its key, its name and what it was told."""

    key: str
    command: str
    request: dict[str, Any]


def answer_once(
    session: Session, *, actor: Actor, now: datetime, once: Once | None, act: Callable[[], Any]
) -> Any:
    """Carry out ``act`` and keep its JSON answer under the key; on a repeat, give that answer.

    Raises KeyReused when the key came before with another command. Must be the outermost step
    of a use case, so that answer and effect share its transaction.
    """
    if once is None or actor.id is None:
        return act()
    request_hash = fingerprint(once.command, once.request)
    query = select(IdempotencyKey).where(
        IdempotencyKey.user_id == actor.id, IdempotencyKey.key == once.key
    )
    kept = session.scalar(query)
    if kept is None and session.get_bind().dialect.name != "sqlite":
        # Two copies of one request at once: the second waits here for the first one's commit.
        inserted = session.execute(
            postgresql.insert(IdempotencyKey)
            .values(
                user_id=actor.id,
                key=once.key,
                command=once.command,
                request_hash=request_hash,
                answer={},
                created_at=now,
            )
            .on_conflict_do_nothing()
            .returning(IdempotencyKey.key)
        ).first()
        kept = session.scalar(query)
        if inserted and kept is not None:
            kept.answer = act()
            return kept.answer
    if kept is not None:
        if kept.request_hash != request_hash:
            raise KeyReused
        return kept.answer
    answer = act()
    session.add(
        IdempotencyKey(
            user_id=actor.id,
            key=once.key,
            command=once.command,
            request_hash=request_hash,
            answer=answer,
            created_at=now,
        )
    )
    return answer
