"""The audit trail, and commands that are carried out once however often they are sent."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, insert, select, update
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
        seq, last = _locked_head(session, chain)
        rows = []
        for entry, at in entries:
            if entry.chain != chain:
                continue
            seq += 1
            link = replace(entry, seq=seq)
            previous, last = last, seal(link, last)
            told = {name: getattr(link, name) for name in Link.__slots__}
            rows.append(told | {"at": at, "previous_hash": previous, "hash": last})
        session.execute(_ENTER, rows)
        session.execute(_ADVANCE, {"of": chain, "seq": seq, "hash": last})


def _locked_head(session: Session, chain: int) -> tuple[int, str]:
    head = session.execute(_HEAD, {"of": chain}).first()
    if head is None:
        # Two first entries of a chain may race: one inserts, the other waits and then finds it.
        first = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.execute(
            first(AuditHead).values(chain=chain, seq=0, hash=GENESIS).on_conflict_do_nothing()
        )
        head = session.execute(_HEAD, {"of": chain}).one()
    return head.seq, head.hash


# Plain tables and built once: they run with every change.
_HEADS = AuditHead.__table__
_HEAD = (
    select(_HEADS.c.seq, _HEADS.c.hash).where(_HEADS.c.chain == bindparam("of")).with_for_update()
)
_ADVANCE = (
    update(_HEADS)  # type: ignore[arg-type]
    .where(_HEADS.c.chain == bindparam("of"))
    .values(seq=bindparam("seq"), hash=bindparam("hash"))
)
_ENTER = insert(AuditEntry.__table__)  # type: ignore[arg-type]


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
    mine = {"of": actor.id, "under": once.key}
    # Two copies of one request at once: the second waits here for the first one's commit.
    new = session.execute(
        _promise(session.get_bind().dialect.name),
        {
            "user_id": actor.id,
            "key": once.key,
            "command": once.command,
            "request_hash": request_hash,
            "answer": {},
            "created_at": now,
        },
    ).first()
    if new is None:
        kept = session.execute(_KEPT, mine).one()
        if kept.request_hash != request_hash:
            raise KeyReused
        return kept.answer
    answer = act()
    session.execute(_KEEP, mine | {"answer": answer})
    return answer


@cache
def _promise(dialect: str) -> Executable:
    insert_ = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert_(_KEYS).on_conflict_do_nothing().returning(_KEYS.c.key)  # type: ignore[arg-type]


_KEYS = IdempotencyKey.__table__
_MINE = (_KEYS.c.user_id == bindparam("of")) & (_KEYS.c.key == bindparam("under"))
_KEPT = select(_KEYS.c.request_hash, _KEYS.c.answer).where(_MINE)
_KEEP = update(_KEYS).where(_MINE).values(answer=bindparam("answer"))  # type: ignore[arg-type]
