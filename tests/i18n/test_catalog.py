"""The English catalog says everything the pages say, with the same facts."""

import re
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ROOT = Path(__file__).parent.parent.parent
CATALOG = ROOT / "packhouse" / "i18n" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
FOLDERS = ("packhouse", "templates")
ONE, MANY, IN_CONTEXT = None, (1, 2), ((1, "c"), 2)
CALLS = {
    "_": ONE,
    "_l": ONE,
    "gettext": ONE,
    "lazy_gettext": ONE,
    "ngettext": MANY,
    "_ngettext": MANY,
    "pgettext": IN_CONTEXT,
    "_lp": IN_CONTEXT,
}
# A text as the sources have it, after its context: "banyak" for many, "tombol" for a button.
Text = str | tuple[str, ...]
Said = tuple[str, Text]
FACT = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|&\w+;")
INDONESIAN = re.compile(
    r"\b(yang|dan|tidak|ini|itu|sudah|untuk|dengan|Anda|belum|dari|pada|mesin|usaha|rumah)\b",
    re.IGNORECASE,
)


def key_of(text: Text | list[str]) -> str:
    """Return the Indonesian text that stands for a message: the one for a single thing."""
    return text if isinstance(text, str) else text[0]


def name_of(message: Message) -> tuple[str, str]:
    """Return what a message is found by: its context and its Indonesian text."""
    return message.context or "", key_of(message.id)


def texts_of(message: Message) -> list[str]:
    """Return the English texts of a message: one, or one for each number."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def entries(catalog: Catalog) -> list[Message]:
    """Return the messages of a catalog without its header."""
    return [each for each in catalog if each.id]


@pytest.fixture(scope="module")
def spoken() -> list[Said]:
    """Every text of the package and its pages, as Babel finds them by ``babel.cfg``."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    tops = [ROOT / folder for folder in FOLDERS]
    found = extract_from_dir(
        ROOT,
        methods,
        options,
        CALLS,
        directory_filter=lambda path: any(Path(path).is_relative_to(top) for top in tops),
    )
    return [(context or "", text) for _path, _line, text, _comments, context in found if text]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The committed English texts."""
    with CATALOG.open("rb") as file:
        return read_po(file, locale="en")


def test_every_text_has_its_english(catalog: Catalog, spoken: list[Said]) -> None:
    said = {name_of(each) for each in entries(catalog) if all(texts_of(each) or [""])}

    assert len(spoken) > 1000
    assert sorted({(context, key_of(text)) for context, text in spoken} - said) == []


def test_no_english_text_is_left_over_or_guessed(catalog: Catalog, spoken: list[Said]) -> None:
    kept = {name_of(each) for each in entries(catalog)}

    assert sorted(kept - {(context, key_of(text)) for context, text in spoken}) == []
    assert [key_of(each.id) for each in entries(catalog) if each.fuzzy] == []
    assert not catalog.obsolete


def test_an_english_text_names_the_same_facts(catalog: Catalog) -> None:
    for each in entries(catalog):
        named = Counter(FACT.findall(key_of(each.id)))
        for text in texts_of(each):
            assert Counter(FACT.findall(text)) == named, key_of(each.id)


def test_no_indonesian_is_left_in_the_english_texts(catalog: Catalog) -> None:
    left = [text for each in entries(catalog) for text in texts_of(each) if INDONESIAN.search(text)]

    assert left == []


def test_english_tells_one_from_many(catalog: Catalog) -> None:
    assert catalog.plural_expr == "(n != 1)"
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    english = Translations(compiled)
    days = "%(num)d hari"

    assert [english.gettext("Mesin"), english.pgettext("banyak", "Mesin")] == [
        "Machine",
        "Machines",
    ]
    assert [english.ngettext(days, days, count) for count in (0, 1, 2)] == [
        "%(num)d days",
        "%(num)d day",
        "%(num)d days",
    ]


def test_indonesian_says_one_and_many_alike(spoken: list[Said]) -> None:
    # Indonesian has no plural, so a source with two texts would show the wrong one of them.
    pairs = [text[:2] for _context, text in spoken if not isinstance(text, str)]
    indonesian = NullTranslations()

    assert pairs
    for one, many in pairs:
        assert one == many
        assert indonesian.ngettext(one, many, 1) == indonesian.ngettext(one, many, 5) == one


def test_a_text_is_never_both_plain_and_counted(spoken: list[Said]) -> None:
    plain = {text for context, text in spoken if isinstance(text, str) and not context}
    counted = {text[0] for _context, text in spoken if not isinstance(text, str)}

    assert plain & counted == set()
