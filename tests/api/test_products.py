"""Products over HTTP."""

from packhouse.domain.users import Role
from tests.api.conftest import House, ProgramOf, codes
from tests.factories import Make

PRODUCT = {
    "id", "name", "business", "business_name", "pack", "lane", "allergens", "aroma", "wet",
}  # fmt: skip


def test_a_product_is_added_and_found_again(house: House) -> None:
    wish = {
        "name": "Keripik pisang", "pack": "pouch_250", "lane": "halal",
        "allergens": ["milk", "gluten"], "aroma": "durian", "wet": False,
    }  # fmt: skip

    made = house.producer.post("products", wish, key="p1")
    again = house.producer.post("products", wish, key="p1")

    assert made.status_code == 201
    assert made.json.keys() == PRODUCT
    assert made.json["allergens"] == ["gluten", "milk"]
    assert (again.status_code, again.json) == (201, made.json)
    assert made.headers["Location"] == f"/api/v1/products/{made.json['id']}"
    assert house.producer.get(f"products/{made.json['id']}").json == made.json
    listed = house.producer.get("products").json["items"]
    assert [each["name"] for each in listed] == ["Amplang ikan", "Keripik pisang"]


def test_a_product_needs_little_and_its_pack_may_be_new(house: House) -> None:
    made = house.producer.post("products", {"name": "Madu", "pack": "botol_madu"})

    assert made.status_code == 201
    assert (made.json["lane"], made.json["allergens"], made.json["aroma"], made.json["wet"]) == (
        "halal",
        [],
        "none",
        False,
    )


def test_what_is_wrong_with_a_product_is_told(house: House) -> None:
    odd = house.producer.post(
        "products", {"name": "X", "pack": "jar", "allergens": ["fish", "batu"], "wet": 1}
    )
    shape = house.producer.post("products", {"name": " ", "pack": "Botol Madu"})

    assert odd.status_code == 400
    assert {each["facts"]["field"] for each in odd.json["problems"]} == {"allergens.1", "wet"}
    assert (shape.status_code, shape.json["code"]) == (422, "rule_broken")
    assert set(codes(shape)) == {"name_missing", "pack_malformed"}


def test_who_acts_for_many_businesses_says_for_which(house: House, make: Make) -> None:
    wish = {"name": "Dodol", "pack": "jar"}
    other = make.business()
    both = house.program(make.user(businesses=(house.business, other)))

    assert codes(both.post("products", wish)) == ["field_missing"]
    assert both.post("products", wish | {"business": other}).json["business"] == other
    assert house.operator.post("products", wish | {"business": other}).status_code == 201
    assert house.producer.post("products", wish | {"business": other}).status_code == 404


def test_products_are_seen_by_their_people_the_front_desk_and_the_auditor(
    house: House, make: Make
) -> None:
    path = f"products/{house.product}"
    seen = [house.producer, house.operator, house.program(make.user(Role.AUDITOR))]
    unseen = [house.stranger(), house.program(make.user(Role.REVIEWER))]

    for each in seen:
        assert each.get(path).status_code == 200
        assert len(each.get("products").json["items"]) == 1
    for each in unseen:
        assert each.get(path).status_code == 404
        assert each.get("products").json["items"] == []


def test_products_are_listed_by_page(house: House, make: Make) -> None:
    second, third = make.product(house.business), make.product(house.business)

    page = house.producer.get("products", limit=1).json
    rest = house.producer.get("products", cursor=page["next"]).json

    assert [each["id"] for each in page["items"]] == [house.product]
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([second, third], None)


def test_the_licences_of_a_product_come_with_what_to_know_before_packing(
    house: House, program: ProgramOf, make: Make
) -> None:
    product = house.producer.get("products").json["items"][0]

    told = house.producer.get(f"products/{product['id']}/licences")

    assert told.status_code == 200
    assert told.json["items"] == []
    assert all(each["text"] for each in told.json["warnings"])
    assert (
        "label_unlicensed" in {each["code"] for each in told.json["warnings"]}
        or told.json["warnings"]
    )
    stranger = program(make.producer())
    assert stranger.get(f"products/{product['id']}/licences").status_code == 404
