from datetime import datetime, timedelta

from sqlalchemy import func, select

from packhouse.db import transaction
from packhouse.domain.time_range import slot_of
from packhouse.models.audit import IdempotencyKey
from packhouse.models.reminders import Heartbeat
from packhouse.models.slots import Occupation, OperatorLoad
from packhouse.models.users import ServerSession, SignInFailure
from packhouse.services.housekeeping import note_duty, prune
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
