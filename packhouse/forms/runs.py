"""Forms of the operator's day: the count of a run, and a customer who simply came."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    TelField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from packhouse.domain.runs import PAUSE_REASONS, Reason
from packhouse.domain.users import LONGEST_NAME
from packhouse.forms import BaseForm, IdempotentForm, WholeNumberField
from packhouse.forms.slots import DAY_FORMATS, MOST_PIECES, AddressForm
from packhouse.i18n.names import name_of
from packhouse.services.registration import Newcomer
from packhouse.services.runs import Counts, Tapped

MOST_COUNTED = 10_000_000
MOST_LETTERS = 200
MOST_LABELS = 48
LONGEST_COUNT = 10
# Beyond this many times the plan a count is more likely a slip of the thumb than a good day.
UNUSUAL_TIMES = 2
# What an operator meets most often comes first; the rest follows in the order of its name.
COMMON_PAUSES = (Reason.NO_MATERIAL, Reason.WAITING_CUSTOMER, Reason.NO_OPERATOR, Reason.CLEANING)
# A breakdown has a button of its own, which also tells whom it hits; the rest is no interruption.
OTHER_BUTTONS = {Reason.BREAKDOWN, Reason.SETUP, Reason.CHANGEOVER}


def pause_reasons() -> list[tuple[str, str]]:
    """Return what may interrupt a run, as code and name."""
    rest = sorted(PAUSE_REASONS - set(COMMON_PAUSES) - OTHER_BUTTONS)
    return [(str(reason), name_of("reason", reason)) for reason in (*COMMON_PAUSES, *rest)]


class TapForm(BaseForm):
    """One tap: its key, the last tap its screen knew, and where one is asked for, a reason."""

    idempotency_key = HiddenField()
    seen = HiddenField()
    reason = HiddenField(validators=[Length(max=MOST_LETTERS)])

    @property
    def tapped(self) -> Tapped:
        """How it came, once the form is valid."""
        return tapped_by(self.idempotency_key.data, self.seen.data)


def tapped_by(key: str | None, seen: str | None) -> Tapped:
    """Read how a tap came by a form; a screen that says nothing knows nothing."""
    seen = seen or ""
    known = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < LONGEST_COUNT else None
    return Tapped(key=(key or "")[:MOST_LETTERS] or None, seen=known)


class ColleagueForm(BaseForm):
    """Who else looked at a clean, and what proves on this phone that it is she."""

    contact = StringField(_l("Surel atau nomor telepon rekan"), [InputRequired(), Length(max=200)])
    password = PasswordField(_l("Kata sandi rekan"), [InputRequired(), Length(max=200)])


class FinishForm(IdempotentForm):
    """What a run made. Nothing is filled in beforehand: a count is counted."""

    good = WholeNumberField(
        _l("Kemasan baik"), [InputRequired(), NumberRange(min=0, max=MOST_COUNTED)]
    )
    rejected = WholeNumberField(
        _l("Kemasan gagal"), [InputRequired(), NumberRange(min=0, max=MOST_COUNTED)]
    )
    sure = BooleanField(_l("Ya, jumlah ini benar"))
    seen = HiddenField()

    @property
    def counts(self) -> Counts:
        """What was counted, once the form is valid."""
        chosen: dict[str, Any] = self.data
        return Counts(chosen["good"], chosen["rejected"])

    def is_unusual(self, planned: int) -> bool:
        """Say whether the count is far from the plan; a slip of the thumb would spoil the rates."""
        counts = self.counts
        made = counts.good + counts.rejected
        return made == 0 or made > planned * UNUSUAL_TIMES


class RecountForm(FinishForm):
    """Counts that were wrong, and why."""

    reason = StringField(_l("Mengapa diperbaiki?"), [InputRequired(), Length(max=MOST_LETTERS)])


class WalkInForm(AddressForm):
    """Who came, with what, and where it can be packed now."""

    q = StringField(_l("Nama usaha atau produk"), [Optional(), Length(max=100)])
    product = SelectField(_l("Produk"), coerce=int, validate_choice=True)
    quantity = WholeNumberField(
        _l("Jumlah kemasan"), [InputRequired(), NumberRange(min=1, max=MOST_PIECES)]
    )
    machine = SelectField(_l("Mesin"), default="")


class NewcomerForm(IdempotentForm):
    """Somebody new at the desk, in a queue: what is needed for a trial, and no more."""

    name = StringField(_l("Nama usaha atau orangnya"), [InputRequired(), Length(max=LONGEST_NAME)])
    phone = TelField(_l("Nomor HP (WhatsApp)"), [InputRequired(), Length(max=60)])
    product = StringField(
        _l("Produk yang mau dikemas"), [InputRequired(), Length(max=LONGEST_NAME)]
    )
    pack = SelectField(_l("Kemasan"), [InputRequired()])
    quantity = WholeNumberField(
        _l("Jumlah kemasan"), [InputRequired(), NumberRange(min=1, max=MOST_PIECES)]
    )
    lane = SelectField(
        _l("Jalur"),
        choices=lambda: [(lane, name_of("lane", lane)) for lane in ("halal", "non_halal")],
    )

    def offer_packs(self, packs: Iterable[str]) -> None:
        """List what the machines of the house can fill."""
        named = [(code, name_of("pack", code)) for code in packs]
        self.pack.choices = [("", _l("Pilih kemasan")), *named]

    def newcomer(self, regency: str) -> Newcomer:
        """Return what was told; she lives in the regency of the house until she says more."""
        return Newcomer(
            name=str(self.name.data or ""),
            phone=str(self.phone.data or ""),
            village="",
            regency=regency,
            product=str(self.product.data or ""),
            pack=str(self.pack.data or ""),
            quantity=self.quantity.data,
            lane=str(self.lane.data or ""),
        )


class LabelForm(AddressForm):
    """What the producer says of her packs, and how many labels are printed."""

    net = StringField(_l("Isi bersih"), [Optional(), Length(max=40)])
    expiry = StringField(_l("Baik digunakan sebelum"), [Optional(), Length(max=40)])
    ingredients = StringField(_l("Daftar bahan"), [Optional(), Length(max=300)])
    copies = WholeNumberField(
        _l("Jumlah label"), [Optional(), NumberRange(min=1, max=MOST_LABELS)], default=12
    )


class LotsForm(AddressForm):
    """Which lots: those of a machine and a period, or those behind one lot."""

    lot = StringField(_l("Kode lot atau kode reservasi"), [Optional(), Length(max=60)])
    machine = StringField(_l("Kode mesin"), [Optional(), Length(max=60)])
    from_day = DateField(_l("Dari tanggal"), [Optional()], format=DAY_FORMATS, name="from")
    to_day = DateField(_l("Sampai tanggal"), [Optional()], format=DAY_FORMATS, name="to")
