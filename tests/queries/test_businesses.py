from dataclasses import replace
from typing import Any

import pytest

from packhouse.db import db
from packhouse.domain.users import SYSTEM, Role
from packhouse.errors import Malformed, NotAllowed, NotFound
from packhouse.models.users import User
from packhouse.queries.businesses import business_detail, businesses_page, my_businesses
from packhouse.services.businesses import add_cooperative_member, add_person
from tests.factories import Make
from tests.support.queries import CountQueries


def names(page: object) -> list[str]:
    return [each.name for each in page.items]  # type: ignore[attr-defined]


def test_the_front_desk_finds_businesses_by_name_nib_place_and_level(make: Make) -> None:
    clerk = make.user(Role.OPERATOR)
    make.business(name="Amplang Bu Sari", regency_code="61.04", nib="0123456789012")
    make.business(name="Keripik 100%", level="trial")

    assert names(businesses_page(actor=clerk)) == ["Keripik 100%", "Amplang Bu Sari"]
    assert names(businesses_page(actor=clerk, search=" bu sari ")) == ["Amplang Bu Sari"]
    assert names(businesses_page(actor=clerk, search="0123456789012")) == ["Amplang Bu Sari"]
    assert names(businesses_page(actor=clerk, search="%")) == ["Keripik 100%"]
    assert names(businesses_page(actor=clerk, search="_")) == []
    assert names(businesses_page(actor=clerk, regency="61.04")) == ["Amplang Bu Sari"]
    assert names(businesses_page(actor=clerk, level="trial")) == ["Keripik 100%"]


def test_businesses_come_page_by_page(make: Make) -> None:
    clerk = make.user(Role.MANAGER)
    for number in range(5):
        make.business(name=str(number))

    first = businesses_page(actor=clerk, limit=3)
    second = businesses_page(actor=clerk, limit=3, cursor=first.next)

    assert names(first) + names(second) == ["4", "3", "2", "1", "0"]
    assert second.next is None
    with pytest.raises(Malformed):
        businesses_page(actor=clerk, cursor="x")


@pytest.mark.parametrize("role", [Role.PRODUCER, Role.REVIEWER, Role.AUDITOR])
def test_the_list_of_all_businesses_is_for_the_front_desk(make: Make, role: Role) -> None:
    with pytest.raises(NotAllowed):
        businesses_page(actor=make.user(role))


def test_a_business_is_shown_with_its_people_and_members(
    make: Make, count_queries: CountQueries
) -> None:
    cooperative = make.business(name="Koperasi", kind="cooperative")
    owner = make.producer(cooperative)
    for number in range(3):
        person = make.user()
        email = db.session.get_one(User, person.id).email or ""
        given: dict[str, Any] = {"actor": SYSTEM, "now": make.now}
        add_person(business_id=cooperative, email=email, is_owner=number == 2, **given)
        add_cooperative_member(
            cooperative_id=cooperative, member_id=make.business(name=f"Anggota {number}"), **given
        )

    with count_queries() as counted:
        found = business_detail(business_id=cooperative, actor=owner)

    assert counted.total == 4
    assert [each.role for each in found.people] == ["owner", "member", "member", "member"]
    assert [each.name for each in found.members] == ["Anggota 0", "Anggota 1", "Anggota 2"]
    member = business_detail(business_id=found.members[0].id, actor=SYSTEM)
    assert [each.name for each in member.cooperatives] == ["Koperasi"]


def test_foreign_businesses_do_not_exist(make: Make) -> None:
    business = make.business()

    for stranger in (make.producer(), make.user(Role.REVIEWER)):
        with pytest.raises(NotFound):
            business_detail(business_id=business, actor=stranger)
    with pytest.raises(NotFound):
        business_detail(business_id=10**9, actor=SYSTEM)
    assert business_detail(business_id=business, actor=make.user(Role.AUDITOR)).people == ()


def test_a_producer_has_her_own_businesses_only(make: Make) -> None:
    mine = make.business(name="Punya saya")
    make.business()

    assert [each.name for each in my_businesses(actor=make.producer(mine))] == ["Punya saya"]
    assert my_businesses(actor=replace(make.user(), business_ids=frozenset())) == ()
    assert my_businesses(actor=make.user(Role.ADMIN)) == ()
