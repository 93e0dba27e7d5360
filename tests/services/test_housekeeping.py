from datetime import datetime, timedelta

from sqlalchemy import func, select

from packhouse.db import transaction
from packhouse.domain.time_range import slot_of
from packhouse.models.audit import IdempotencyKey
from packhouse.models.complaints import Complaint
from packhouse.models.reminders import Heartbeat, Message
from packhouse.models.slots import Occupation, OperatorLoad
from packhouse.models.users import ServerSession, SignInFailure
from packhouse.queries.audit import verify
from packhouse.services.housekeeping import forget_texts, note_duty, prune
from tests.factories import Make


def rows(model: type[object]) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_duty_is_noted_over_its_last_note(make: Make, now: datetime) -> None:
    note_duty(duty="prune", now=now, done=3, error=None)
    note_duty(duty="prune", now=now + timedelta(hours=1), done=0, error="x" * 900)

    with transaction() as session:
        beat = session.scalars(select(Heartbeat)).one()
        assert (beat.at, beat.done) == (now + timedelta(hours=1), 0)
        assert beat.error == "x" * 500


def test_what_has_served_its_time_is_deleted_and_the_rest_kept(make: Make, now: datetime) -> None:
    user = make.user()
    with transaction() as session:
        for days, key in ((31, "old"), (29, "new")):
            at = now - timedelta(days=days)
            session.add(
                IdempotencyKey(
                    user_id=user.id,
                    key=key,
                    command="c",
                    request_hash="h",
                    answer={},
                    created_at=at,
                )
            )
        for hours in (-1, 1):
            at = now + timedelta(hours=hours)
            session.add(
                ServerSession(
                    id_hash=str(hours), user_id=user.id, created_at=now, seen_at=now, expires_at=at
                )
            )
            session.add(SignInFailure(who="x", at=now + timedelta(hours=hours - 24)))

    assert prune(now=now) == 3
    assert prune(now=now) == 0
    assert [rows(m) for m in (IdempotencyKey, ServerSession, SignInFailure)] == [1, 1, 1]


def test_operator_counts_stay_while_anything_live_may_still_count_them_down(
    make: Make, now: datetime
) -> None:
    site_id = make.site()
    done, live = (make.machine(site_id, attended=True) for _ in range(2))
    start = now - timedelta(days=3)
    with transaction() as session:
        occupations = [
            Occupation(
                site_id=site_id,
                machine_id=machine_id,
                kind="booking",
                attended_from=start,
                from_at=start,
                to_at=start + timedelta(hours=hours),
            )
            for machine_id, hours in ((done, 3), (live, 1))
        ]
        session.add_all(occupations)
        session.flush()
        ids = [each.id for each in occupations]
        session.get_one(Occupation, ids[0]).status = "done"

    prune(now=now)

    with transaction() as session:
        kept = list(session.scalars(select(OperatorLoad.slot).order_by(OperatorLoad.slot)))
        assert kept == list(range(slot_of(start), slot_of(start) + 12))
        session.get_one(Occupation, ids[1]).status = "released"
    prune(now=now)
    assert rows(OperatorLoad) == 0


def test_what_messages_said_is_emptied_after_ninety_days_and_their_fate_stays(
    make: Make, now: datetime
) -> None:
    user = make.user()
    said = {"code": "PK-AAAA", "question": "berapa botol?"}

    def message(days: int, state: str, key: str) -> Message:
        at = now - timedelta(days=days)
        done = None if state == "due" else at
        return Message(
            dedupe_key=key, user_id=user.id, kind="booking_asked", channel="in_app", payload=said,
            due_at=at, not_after=at, next_at=at, state=state, created_at=at, finished_at=done,
            last_error="550 orang@contoh.example" if state == "dead" else None,
        )  # fmt: skip

    with transaction() as session:
        session.add_all(
            message(days, state, f"{days}{state}")
            for days, state in ((91, "sent"), (91, "dead"), (89, "sent"), (200, "due"))
        )

    assert forget_texts(now=now) == 2
    assert forget_texts(now=now) == 0

    with transaction() as session:
        left = session.scalars(select(Message).order_by(Message.id)).all()
        assert [each.payload for each in left] == [{}, {}, said, said]
        assert [each.state for each in left] == ["sent", "dead", "sent", "due"]
        assert left[1].last_error is None


def test_the_auditor_finds_texts_and_complainers_kept_too_long(make: Make, now: datetime) -> None:
    site, user, long_ago = make.site(), make.user(), now - timedelta(days=800)
    with transaction() as session:
        session.add_all(
            [
                Message(
                    dedupe_key="lama", user_id=user.id, kind="booking_confirmed", channel="email",
                    payload={"code": "PK-AAAA"}, due_at=long_ago, not_after=long_ago,
                    next_at=long_ago, state="sent", created_at=long_ago, finished_at=long_ago,
                ),
                Complaint(
                    site_id=site, number="ADU-1", secret_hash="x", topic="other", text="Lama.",
                    name="Ibu Rahasia", state="closed", filed_at=long_ago, asked_at=long_ago,
                    due_at=long_ago + timedelta(days=1), answered_at=long_ago, closed_at=long_ago,
                ),
            ]
        )  # fmt: skip
    rules = {
        "what messages said is forgotten after its time",
        "who complained is forgotten after its time",
    }

    assert rules <= {each.rule for each in verify(now=now)}

    forget_texts(now=now)
    prune(now=now)

    assert not rules & {each.rule for each in verify(now=now)}
