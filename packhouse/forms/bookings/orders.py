"""The form of a cooperative's order: rows ticked or pasted, new products, and the last tap."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, Optional

from packhouse.errors import Malformed, Problem
from packhouse.forms import IdempotentForm
from packhouse.forms.bookings.booking import LONGEST_REASON
from packhouse.forms.products import ProductForm
from packhouse.forms.slots import DAY_FORMATS, MOST_PIECES, known_id
from packhouse.queries.bookings.orders import Member, MemberProduct
from packhouse.services.bookings import OrderRow
from packhouse.services.bookings.cooperative import MOST_ROWS
from packhouse.services.products import LONGEST_NAME

LONGEST_PASTE = 20_000
HEADINGS = {"anggota", "nama anggota", "nama", "member", "usaha"}
COLUMNS = 3
# Whole numbers as people here write them: 1.200 and 1 200 are the same as 1200.
NUMBER = re.compile(r"\d{1,9}|\d{1,3}(?:[. ]\d{3})+", re.ASCII)
KEY = re.compile(r"\d{1,19}-[0-9a-f]{10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row as it was understood; without ``product_id`` it asks for a new product, ``key``."""

    place: str
    member: Member
    product_name: str
    quantity: int
    product_id: int | None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the row of a place."""

    place: str
    problem: Problem


class NewProductForm(ProductForm):
    """A product that a pasted row names and its member does not have yet."""

    class Meta(ProductForm.Meta):
        """A part of the order's form, which has the key against forgery."""

        csrf = False

    idempotency_key = None  # type: ignore[assignment]
    business = None  # type: ignore[assignment]


class OrderForm(IdempotentForm):
    """What a cooperative wants packed, where, and from when on."""

    cooperative = SelectField(_l("Koperasi"), coerce=known_id)
    site = SelectField(_l("Rumah kemasan"), [InputRequired()])
    day = DateField(_l("Mulai tanggal"), [InputRequired()], format=DAY_FORMATS)
    time = TimeField(_l("Paling pagi pukul"), [InputRequired()], format=["%H:%M", "%H.%M"])
    machines = SelectField(
        _l("Paling banyak mesin bersamaan"),
        choices=lambda: [(each, each) for each in "1234"],
        default="2",
    )
    pasted = TextAreaField(
        _l("Tempel baris"),
        [Length(max=LONGEST_PASTE)],
        description=_l(
            "Satu baris satu pesanan: anggota; produk; jumlah. Boleh disalin dari lembar"
            " hitung, atau dipisah titik koma atau koma."
        ),
    )
    ticked = SelectMultipleField(validate_choice=False)
    placed = SelectMultipleField(validate_choice=False)
    override = StringField(
        _l("Alasan pengecualian dari batas pemakaian"), [Optional(), Length(max=LONGEST_REASON)]
    )

    def instant(self, zone: str) -> datetime:
        """Return the wanted start as an instant; Malformed where no calendar holds it."""
        asked: dict[str, Any] = self.data
        try:
            local = datetime.combine(asked["day"], asked["time"], tzinfo=ZoneInfo(zone))
            return local.astimezone(UTC)
        except OverflowError:
            raise Malformed from None


# --- rows read ----------------------------------------------------------------------------------


def read_rows(
    form: OrderForm, given: Mapping[str, str], members: Sequence[Member]
) -> tuple[list[AskedRow], list[Fault]]:
    """Return the rows that were ticked and pasted, and what is wrong with the others."""
    rows: list[AskedRow] = []
    faults: list[Fault] = []
    ticked: set[str] = set(form.ticked.data or ())
    readers = [*_ticked(ticked, given, members), *_pasted(str(form.pasted.data or ""), members)]
    for place, read in readers:
        try:
            rows.append(read())
        except Malformed as wrong:
            faults += [Fault(place, each) for each in wrong.problems]
    if not readers:
        faults.append(Fault("", Problem("rows_missing")))
    if len(readers) > MOST_ROWS:
        return [], [Fault("", Problem("rows_out_of_range", {"most": MOST_ROWS}))]
    return rows, faults


Reader = tuple[str, Callable[[], AskedRow]]


def _ticked(
    ticked: set[str], given: Mapping[str, str], members: Iterable[Member]
) -> Iterable[Reader]:
    for member in members:
        for product in member.products:
            text = given.get(f"quantity-{product.id}", "").strip()
            if text or str(product.id) in ticked:
                place = f"{member.name}, {product.name}"
                yield (
                    place,
                    lambda p=place, m=member, made=product, t=text: AskedRow(  # type: ignore[misc]
                        p, m, made.name, _quantity(t), made.id
                    ),
                )


def _pasted(text: str, members: Sequence[Member]) -> Iterable[Reader]:
    by_name: dict[str, list[Member]] = {}
    for member in members:
        for name in {_plain(member.name), str(member.id), member.nib} - {""}:
            by_name.setdefault(name, []).append(member)
    for number, line in enumerate(text.splitlines(), start=1):
        cells = _cells(line)
        if not any(cells) or (number == 1 and _plain(cells[0]) in HEADINGS):
            continue
        place = gettext("Baris %(row)s", row=number)
        yield place, lambda p=place, c=cells: _row(p, c, by_name)  # type: ignore[misc]


def _cells(line: str) -> list[str]:
    mark = next((each for each in "\t;" if each in line), ",")
    return [cell.strip() for cell in line.split(mark)]


def _row(place: str, cells: Sequence[str], by_name: Mapping[str, Sequence[Member]]) -> AskedRow:
    cells = [*cells]
    while len(cells) > COLUMNS and not cells[-1]:
        cells.pop()
    if len(cells) != COLUMNS:
        raise Malformed("row_columns")
    who, what, many = cells
    found = by_name.get(_plain(who), ())
    if not found:
        raise Malformed("row_member_unknown", value=who)
    if len(found) > 1:
        raise Malformed("row_member_ambiguous", value=who)
    if not what:
        raise Malformed("row_product_missing")
    if len(what) > LONGEST_NAME:
        raise Malformed("name_long", maximum=LONGEST_NAME)
    quantity, member = _quantity(many), found[0]
    product = _product(member, what)
    if product is not None:
        return AskedRow(place, member, product.name, quantity, product.id)
    return AskedRow(place, member, what, quantity, None, _key(member, what))


def _product(member: Member, name: str) -> MemberProduct | None:
    found = [each for each in member.products if _plain(each.name) == _plain(name)]
    if len(found) > 1:
        raise Malformed("row_product_ambiguous", value=name)
    return found[0] if found else None


def _quantity(text: str) -> int:
    plain = " ".join(text.split())
    if not NUMBER.fullmatch(plain) or not int(plain.replace(".", "").replace(" ", "")):
        raise Malformed("row_quantity_unreadable", value=text or "–")
    quantity = int(plain.replace(".", "").replace(" ", ""))
    if quantity > MOST_PIECES:
        raise Malformed("row_quantity_too_large", most=MOST_PIECES)
    return quantity


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _key(member: Member, name: str) -> str:
    """Name a new product in the fields of the form, wherever its row stands."""
    return f"{member.id}-{sha256(_plain(name).encode()).hexdigest()[:10]}"


# --- new products, and the last tap -------------------------------------------------------------


def new_product(key: str, name: str, given: MultiDict[str, str]) -> NewProductForm:
    """Return the fields of a new product as they were filled, empty the first time."""
    prefix = f"new-{key}-"
    told = given if f"{prefix}pack" in given else None
    return NewProductForm(told, prefix=prefix, data={"name": name})


def placed_text(row: AskedRow, machine: str, starts_at: str) -> str:
    """Write a row with its time as the hidden value that the last tap sends."""
    product = row.product_id or ""
    return f"{row.member.id}|{product}|{row.key}|{row.quantity}|{machine}|{starts_at}"


def placed_rows(form: OrderForm, recipes: Callable[[str], NewProductForm]) -> list[OrderRow]:
    """Return the rows with their times as they were shown. Raises Malformed."""
    texts: list[str] = form.placed.data or []
    if not 1 <= len(texts) <= MOST_ROWS:
        raise Malformed("rows_out_of_range", most=MOST_ROWS)
    return [_placed(text, recipes) for text in texts]


def _placed(text: str, recipes: Callable[[str], NewProductForm]) -> OrderRow:
    try:
        member, product, key, quantity, machine, instant = text.split("|")
        starts_at = datetime.fromisoformat(instant)
        if (
            starts_at.tzinfo is None
            or len(machine) > 80
            or (not product and not KEY.fullmatch(key))
        ):
            raise ValueError
        fresh = None if product else recipes(key)
        if fresh is not None and not fresh.validate():
            raise ValueError
        return OrderRow(
            _whole(member),
            _whole(quantity, MOST_PIECES),
            machine,
            starts_at.astimezone(UTC),
            product_id=_whole(product) if product else None,
            recipe=fresh.recipe() if fresh is not None else None,
        )
    except (ValueError, OverflowError):
        raise Malformed from None


def _whole(text: str, most: int = 2**63 - 1) -> int:
    if not re.fullmatch(r"\d{1,19}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise ValueError
    return int(text)
