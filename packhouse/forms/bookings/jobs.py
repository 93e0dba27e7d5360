"""Forms of jobs in several parts."""

from datetime import UTC, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from packhouse.errors import Malformed
from packhouse.forms import IdempotentForm, WholeNumberField
from packhouse.forms.bookings.booking import LARGEST, LONGEST_REASON, CancelForm
from packhouse.forms.slots import MOST_PIECES
from packhouse.i18n.formats import machine_time
from packhouse.services.bookings import MOST_PARTS, Part


class JobForm(IdempotentForm):
    """What was chosen: a product, its pieces, and where each part goes; nothing is typed."""

    product = WholeNumberField(
        validators=[InputRequired(), NumberRange(min=1, max=LARGEST)], widget=HiddenInput()
    )
    quantity = WholeNumberField(
        validators=[InputRequired(), NumberRange(min=1, max=MOST_PIECES)], widget=HiddenInput()
    )
    part = SelectMultipleField(validate_choice=False)
    override = StringField(
        _l("Alasan pengecualian dari batas pemakaian"), [Optional(), Length(max=LONGEST_REASON)]
    )

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts, each sent as machine, instant and pieces. Raises Malformed."""
        texts: list[str] = self.part.data or []
        if not 1 <= len(texts) <= MOST_PARTS:
            raise Malformed("parts_out_of_range", most=MOST_PARTS)
        return tuple(_part(text) for text in texts)


class ChosenJobForm(JobForm):
    """The same, read from the address of the page that asks for the last tap."""

    class Meta(JobForm.Meta):
        """Read, never written."""

        csrf = False


class CancelJobForm(CancelForm):
    """Why a job, or ``only`` one part of it, is called off."""

    only = HiddenField(validators=[Optional(), Length(max=40)])


def part_text(machine: str, starts_at: datetime, quantity: int) -> str:
    """Return a part as a form or an address sends it."""
    return f"{machine}|{machine_time(starts_at)}|{quantity}"


def _part(text: str) -> Part:
    fields: list[Any] = text.split("|")
    try:
        machine, instant, pieces = fields
        starts_at = datetime.fromisoformat(instant)
        if starts_at.tzinfo is None or not 1 <= len(machine) <= 80 or len(pieces) > 7:
            raise ValueError
        quantity = int(pieces)
        if not 1 <= quantity <= MOST_PIECES or str(quantity) != pieces:
            raise ValueError
        return Part(machine, starts_at.astimezone(UTC), quantity)
    except (ValueError, OverflowError):
        raise Malformed from None


class CancelOrderForm(CancelJobForm):
    """Why an order, or one row of it, is called off; rows change on their own, so no version."""

    version = None  # type: ignore[assignment]  # WTForms leaves out a field set to None.
