"""Forms of the operator's day: the count of a run, and a customer who simply came."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from packhouse.domain.runs import PAUSE_REASONS, Reason
from packhouse.forms import BaseForm, IdempotentForm, WholeNumberField
from packhouse.forms.slots import MOST_PIECES, AddressForm
from packhouse.i18n.names import name_of
from packhouse.services.runs import Counts

MOST_COUNTED = 10_000_000
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


class PauseForm(BaseForm):
    """Why a run is interrupted; the button that was pressed says it."""

    reason = HiddenField(validators=[InputRequired(), Length(max=40)])


class FinishForm(IdempotentForm):
    """What a run made. Nothing is filled in beforehand: a count is counted."""

    good = WholeNumberField(
        _l("Kemasan baik"), [InputRequired(), NumberRange(min=0, max=MOST_COUNTED)]
    )
    rejected = WholeNumberField(
        _l("Kemasan gagal"), [InputRequired(), NumberRange(min=0, max=MOST_COUNTED)]
    )
    sure = BooleanField(_l("Ya, jumlah ini benar"))

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


class WalkInForm(AddressForm):
    """Who came, with what, and where it can be packed now."""

    q = StringField(_l("Nama usaha atau produk"), [Optional(), Length(max=100)])
    product = SelectField(_l("Produk"), coerce=int, validate_choice=True)
    quantity = WholeNumberField(
        _l("Jumlah kemasan"), [InputRequired(), NumberRange(min=1, max=MOST_PIECES)]
    )
    machine = SelectField(_l("Mesin"), default="")
