from datetime import datetime

from packhouse.domain.users import SYSTEM, Actor, Role
from packhouse.queries.users import (
    actor_for_session,
    actor_for_token,
    my_account,
    people,
    workplaces,
)
from packhouse.services.users import create_token
from tests.factories import Make
from tests.support.queries import CountQueries


def test_finding_out_who_asks_takes_one_query(
    make: Make, now: datetime, count_queries: CountQueries
) -> None:
    sites, businesses = (make.site(), make.site()), (make.business(), make.business())
    actor = make.user(Role.OPERATOR, email="op@contoh.example", sites=sites, businesses=businesses)
    secret = make.session(actor)
    token = create_token(email="op@contoh.example", actor=SYSTEM, now=now)

    with count_queries() as by_session:
        live = actor_for_session(secret=secret, now=now)
    with count_queries() as by_token:
        told = actor_for_token(secret=token, now=now)

    assert live is not None
    assert live.actor == told == actor
    assert (by_session.total, by_token.total) == (1, 1)


def test_the_administrator_sees_everybody_and_where_they_work(
    make: Make, count_queries: CountQueries
) -> None:
    site = make.site()
    operator: Actor = make.user(Role.OPERATOR, sites=(site,), name="Budi")
    make.user(name="Ani", is_active=False)

    with count_queries() as counted:
        listed = people()

    assert [person.name for person in listed] == ["Budi", "Ani"]
    assert listed[0].id == operator.id
    assert len(listed[0].sites) == 1
    assert counted.total == 2


def test_there_is_no_account_of_nobody(make: Make) -> None:
    assert my_account(user_id=999_999) is None


def test_every_house_can_be_found(make: Make) -> None:
    make.site(code="PTK", is_demo=True)
    make.site(code="SBS")

    assert [(place.code, place.is_demo) for place in workplaces()] == [
        ("PTK", True),
        ("SBS", False),
    ]
