import pytest
from flask import Flask

from packhouse.channels.render import LINKS, letter, plain, render
from packhouse.channels.words import WORDS
from packhouse.domain.reminders import MessageKind

FACTS = {
    "code": "PK-7", "machine": "Sealer 2", "starts_at": 1795654800, "ends_at": 1795659900,
    "answer_by": 1795640000, "decide_by": 1795640000, "was": 1795654500, "paper": "pirt",
    "day": "2026-12-08", "business": 27, "into": "UD Sari", "old": 12, "merged": "sari",
    "moved": {"products": 2, "people": 1}, "phone": "+625617350000",
}  # fmt: skip


def test_every_kind_of_message_has_words() -> None:
    assert set(WORDS) == set(MessageKind)


@pytest.mark.parametrize("locale", ["id", "en"])
@pytest.mark.parametrize("kind", list(MessageKind))
def test_every_message_can_be_said_in_both_languages(
    context: Flask, kind: MessageKind, locale: str
) -> None:
    said = render(kind, facts=FACTS, site_name="Rumah", zone="Asia/Pontianak", locale=locale)
    text = letter(said, name="Aminah", url="http://127.0.0.1/messages", locale=locale)

    booking = ("PK-7", "Sealer 2", "Rumah", said.when) if said.when else ()
    assert kind in LINKS or any(each in said.subject for each in ("PK-7", "P-IRT", "UD Sari"))
    assert "%" not in said.subject + said.opening + text
    for fact in ("Aminah", said.opening, "http://127.0.0.1/messages", *booking):
        assert fact in text


@pytest.mark.parametrize(
    ("zone", "locale", "when"),
    [
        ("Asia/Pontianak", "id", "Kamis, 26 November 2026, 08.00–09.25 WIB"),
        ("Asia/Makassar", "id", "Kamis, 26 November 2026, 09.00–10.25 WITA"),
        ("Asia/Jayapura", "id", "Kamis, 26 November 2026, 10.00–11.25 WIT"),
        ("Asia/Pontianak", "en", "Thursday, 26 November 2026, 08:00–09:25 WIB"),
    ],
)
def test_times_are_those_of_the_site_and_written_as_her_language_does(
    context: Flask, zone: str, locale: str, when: str
) -> None:
    said = render(
        MessageKind.REMINDER_1_DAY, facts=FACTS, site_name="Rumah", zone=zone, locale=locale
    )

    assert said.when == when


def test_the_reminders_say_that_it_is_safe_to_set_out_and_the_others_to_stay(
    context: Flask,
) -> None:
    def opening(kind: MessageKind) -> str:
        return render(
            kind, facts=FACTS, site_name="Rumah", zone="Asia/Pontianak", locale="id"
        ).opening

    assert "Aman berangkat" in opening(MessageKind.REMINDER_1_DAY)
    assert "Aman berangkat" in opening(MessageKind.REMINDER_2_HOURS)
    for kind in (
        MessageKind.BOOKING_CANCELLED,
        MessageKind.REQUEST_REJECTED,
        MessageKind.REQUEST_EXPIRED,
        MessageKind.BOOKING_DISPLACED,
    ):
        assert "Jangan berangkat" in opening(kind)


def test_a_refusal_tells_its_reason(context: Flask) -> None:
    said = render(
        MessageKind.REQUEST_REJECTED,
        facts=FACTS | {"reason": "Mesin\ndipakai pelatihan"},
        site_name="Rumah",
        zone="Asia/Pontianak",
        locale="id",
    )

    assert "Alasan: Mesin dipakai pelatihan\n" in letter(said, name="A", url="x", locale="id")


def test_a_missing_fact_is_an_error_and_not_a_hole_in_the_text(context: Flask) -> None:
    with pytest.raises(KeyError):
        render(
            MessageKind.NO_SHOW,
            facts={"code": "PK-AAAA"},
            site_name="Rumah",
            zone="Asia/Pontianak",
            locale="id",
        )


def test_owners_hear_which_business_is_the_one_now_what_moved_and_whom_to_ask(
    context: Flask,
) -> None:
    def said(**other: object) -> str:
        return render(
            MessageKind.BUSINESS_MERGED,
            facts=FACTS | other,
            site_name="Rumah",
            zone="",
            locale="id",
        ).opening

    assert "UD Sari, nomor 27" in said()
    assert "nomor 12" in said()
    assert "Produk (2), Orang yang boleh memesan (1)" in said()
    assert "Rumah, +625617350000" in said()
    assert "Yang berpindah: tidak ada." in said(moved={}, phone="")


def test_control_characters_become_spaces() -> None:
    assert plain(" a\r\nb\0c\u2028d ") == "a b c d"


def test_a_message_whose_text_was_forgotten_says_what_it_was_about(context: Flask) -> None:
    told = render(
        MessageKind.BOOKING_CONFIRMED,
        facts={},
        site_name="Rumah",
        zone="Asia/Pontianak",
        locale="id",
    )

    assert "90 hari" in told.opening
    assert (told.code, told.when) == ("", "")


@pytest.mark.parametrize(("more", "told"), [(0, False), (3, True)])
def test_a_mail_says_for_how_many_others_it_speaks(context: Flask, more: int, told: bool) -> None:
    facts = {"code": "PK-AAAA", "machine": "M3", "starts_at": 0, "ends_at": 3600, "more": more}
    said = render(
        MessageKind.BOOKING_CONFIRMED,
        facts=facts, site_name="Rumah", zone="Asia/Pontianak", locale="id",
    )  # fmt: skip

    assert ("3 reservasi lain" in letter(said, name="A", url="x", locale="id")) == told
