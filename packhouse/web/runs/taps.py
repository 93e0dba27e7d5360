"""Taps as a phone kept them: carried out once each, in their order, and answered one by one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from packhouse import clock
from packhouse.domain.bookings import State
from packhouse.domain.runs import DeviceClock
from packhouse.domain.users import Actor
from packhouse.errors import (
    Malformed,
    PackhouseError,
    Stale,
    TooMany,
    Unavailable,
    WrongState,
)
from packhouse.i18n.formats import local_time
from packhouse.i18n.locale import current_locale
from packhouse.i18n.messages import problem_text
from packhouse.i18n.names import name_of
from packhouse.queries.runs import TapItem, changes_since
from packhouse.services import runs
from packhouse.services.runs import Counts, Tapped
from packhouse.web.access import Access, allow, current_actor
from packhouse.web.runs.frame import bp, zone_of

MOST_TAPS = 200
MOST_LETTERS = 200
LAST_MS = 253_402_300_000_000  # The year 9999.
AHEAD_MS = 100 * 366 * 86_400_000


@dataclass(frozen=True, slots=True)
class Told:
    """One tap of a batch; ``seen`` is None where it follows another of the same batch."""

    key: str
    code: str
    action: str
    reason: str
    counts: tuple[int, int]
    tapped: Tapped


@bp.post("/taps")
@allow(Access.STAFF)
def taps() -> ResponseReturnValue:
    """Carry out what a phone kept; each tap is a transaction of its own."""
    batch = _batch(request.get_json(silent=True) if request.is_json else None)
    actor, now = current_actor(), clock.now()
    known: dict[str, int | None] = {}
    answers = []
    for each in batch:
        if each.code in known and known[each.code] is None:
            answers.append({"key": each.key, "state": "held"})
            continue
        told = each
        if each.tapped.seen is None and each.code in known:
            told = replace(each, tapped=replace(each.tapped, seen=known[each.code]))
        answer = _carry_out(told, actor, now)
        answers.append(answer)
        if each.action != "clean":
            known[each.code] = answer.get("tap")
    return jsonify(now=int(now.timestamp() * 1000), answers=answers)


def _carry_out(told: Told, actor: Actor, now: datetime) -> dict[str, Any]:
    try:
        answer = ACTIONS[told.action](told, actor, now)
    except (Unavailable, TooMany):
        raise  # Nothing is known of this one: the phone sends it again.
    except Stale:
        seen = told.tapped.seen or 0
        changes = changes_since(code=told.code, seen=seen, actor=actor)
        zone = zone_of(told.code, actor)
        said = [_said(each, zone) for each in changes]
        return {"key": told.key, "state": "changed", "changes": said}
    except PackhouseError as refused:
        problems = [problem_text(each.code, each.facts) for each in refused.problems]
        return {"key": told.key, "state": "refused", "problems": problems or [_("Ditolak.")]}
    return {"key": told.key, "state": "done", "tap": answer.get("tap")}


def _said(tap: TapItem, zone: str) -> str:
    """Return one tap of another device as a sentence: what, when, by whom."""
    at = local_time(tap.at, zone, locale=current_locale(), named=False)
    what = name_of("tap", tap.action)
    if tap.action == "pause":
        what = f"{what} ({name_of('reason', tap.reason)})"
    return f"{at} {what}, {tap.by}" if tap.by else f"{at} {what}"


def _start(told: Told, actor: Actor, now: datetime) -> Mapping[str, Any]:
    """Start a run; who was marked as absent while the phone had no signal was there after all."""

    def start() -> Mapping[str, Any]:
        return runs.start(
            code=told.code, actor=actor, now=now, tapped=told.tapped, unclean=told.reason
        )

    try:
        return start()
    except WrongState as refused:
        if refused.problems[0].facts.get("state") != State.NO_SHOW:
            raise
        runs.came_after_all(code=told.code, actor=actor, now=now)
        return start()


Carry = Callable[[Told, Actor, datetime], Mapping[str, Any]]
ACTIONS: dict[str, Carry] = {
    "start": _start,
    "pause": lambda told, actor, now: runs.pause(
        code=told.code, reason=told.reason, actor=actor, now=now, tapped=told.tapped
    ),
    "resume": lambda told, actor, now: runs.resume(
        code=told.code, actor=actor, now=now, tapped=told.tapped
    ),
    "finish": lambda told, actor, now: runs.finish(
        code=told.code, counts=Counts(*told.counts), actor=actor, now=now, tapped=told.tapped
    ),
    "undo": lambda told, actor, now: runs.undo(
        code=told.code, actor=actor, now=now, tapped=told.tapped
    ),
    "clean": lambda told, actor, now: runs.sign_clean(
        code=told.code, actor=actor, now=now, tapped=replace(told.tapped, seen=None)
    ),
}


# --- what a phone may say -----------------------------------------------------------------------


def _batch(body: object) -> list[Told]:
    if not isinstance(body, dict) or not isinstance(body.get("taps"), list):
        raise Malformed
    if len(body["taps"]) > MOST_TAPS:
        raise Malformed
    sent_at = _instant(body.get("sent_at"))
    device = _text(body.get("device", ""), 40)
    return [_told(each, sent_at, device) for each in body["taps"]]


def _told(given: object, sent_at: datetime, device: str) -> Told:
    if not isinstance(given, dict):
        raise Malformed
    ahead = given.get("ahead")
    device_clock = DeviceClock(
        _instant(given.get("at")),
        sent_at,
        None if ahead is None else timedelta(milliseconds=_number(ahead, -AHEAD_MS, AHEAD_MS)),
    )
    action = _text(given.get("action"), 20)
    if action not in ACTIONS:
        raise Malformed
    seen = given.get("seen")
    key = _text(given.get("key"), 100)
    if not key:
        raise Malformed
    return Told(
        key=key,
        code=_text(given.get("code"), 40),
        action=action,
        reason=_text(given.get("reason", ""), MOST_LETTERS),
        counts=(
            _number(given.get("good", 0), 0, runs.MOST_PIECES),
            _number(given.get("rejected", 0), 0, runs.MOST_PIECES),
        ),
        tapped=Tapped(
            key=key,
            clock=device_clock,
            device=device,
            seen=None if seen is None else _number(seen, 0, 2**31),
        ),
    )


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise Malformed
    return value


def _number(value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Malformed
    return value


def _instant(value: object) -> datetime:
    return datetime.fromtimestamp(_number(value, 0, LAST_MS) / 1000, UTC)
