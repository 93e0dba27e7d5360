"""Forms that make, move, cancel and decide bookings, and that look for them."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from packhouse.domain.bookings import State
from packhouse.errors import Malformed
from packhouse.forms import BaseForm, IdempotentForm, WholeNumberField
from packhouse.forms.slots import DAY_FORMATS, MOST_PIECES, AddressForm
from packhouse.i18n.formats import machine_time
from packhouse.i18n.names import name_of
from packhouse.services.bookings import Wish

LARGEST = 2**63 - 1
LONGEST_REASON = 500


class InstantField(StringField):
    """An instant as programs write it, ISO 8601 with an offset; its data is aware UTC."""

    widget = HiddenInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the instant."""
        if not valuelist:
            return
        try:
            instant = datetime.fromisoformat(valuelist[0])
            if instant.tzinfo is None:
                raise ValueError
            self.data: Any = instant.astimezone(UTC)
        except (ValueError, OverflowError):
            self.data = None
            raise ValueError(str(_l("Waktu ini tidak terbaca."))) from None

    def _value(self) -> str:
        return machine_time(self.data) if isinstance(self.data, datetime) else ""


class BookForm(IdempotentForm):
    """What was chosen; every value comes from a link or a button, nothing is typed again."""

    product = WholeNumberField(
        validators=[InputRequired(), NumberRange(min=1, max=LARGEST)], widget=HiddenInput()
    )
    quantity = WholeNumberField(
        validators=[InputRequired(), NumberRange(min=1, max=MOST_PIECES)], widget=HiddenInput()
    )
    machine = HiddenField(validators=[InputRequired(), Length(max=80)])
    starts_at = InstantField(validators=[InputRequired()])
    override = StringField(
        _l("Alasan pengecualian dari batas pemakaian"), [Optional(), Length(max=LONGEST_REASON)]
    )

    @property
    def wish(self) -> Wish:
        """What was chosen, once the form is valid."""
        chosen: dict[str, Any] = self.data
        return Wish(chosen["product"], chosen["quantity"], chosen["machine"], chosen["starts_at"])


class ChosenForm(BookForm):
    """The same, read from the address of the page that asks for the last tap."""

    class Meta(BookForm.Meta):
        """Read, never written."""

        csrf = False


class VersionedForm(BaseForm):
    """A change of a booking, with the version of it that the person looked at."""

    version = WholeNumberField(validators=[Optional()], widget=HiddenInput())


class StartForm(VersionedForm, IdempotentForm):
    """When something is to begin instead, in the local time of its house."""

    day = DateField(_l("Tanggal"), [InputRequired()], format=DAY_FORMATS)
    time = TimeField(_l("Jam mulai"), [InputRequired()], format=["%H:%M", "%H.%M", "%H:%M:%S"])

    def instant(self, zone: str) -> datetime:
        """Return what was chosen as an instant; Malformed where no calendar holds it."""
        chosen: dict[str, Any] = self.data
        local = datetime.combine(chosen["day"], chosen["time"], tzinfo=ZoneInfo(zone))
        try:
            return local.astimezone(UTC)
        except OverflowError:
            raise Malformed from None


class MoveForm(StartForm):
    """Where a booking is to go."""

    machine = SelectField(_l("Mesin"))


class CancelForm(VersionedForm):
    """Why a booking is called off, if she cares to say."""

    reason = TextAreaField(_l("Alasan"), [Optional(), Length(max=LONGEST_REASON)])


class FindForm(AddressForm):
    """How the staff look for bookings."""

    q = StringField(_l("Kode atau nama usaha"), [Optional(), Length(max=100)])
    state = SelectField(
        _l("Keadaan"),
        [Optional()],
        choices=lambda: [
            ("", _l("Semua keadaan")),
            *((str(state), name_of("state", state)) for state in State),
        ],
    )
    day = DateField(_l("Tanggal"), [Optional()], format=DAY_FORMATS)

    def filters(self, zone: str) -> dict[str, Any]:
        """Return what is asked for as ``bookings_page`` takes it; a day is that of the zone."""
        asked: dict[str, Any] = self.data
        found = {
            "search": asked["q"] or "",
            "state": State(asked["state"]) if asked["state"] else None,
            "newest_first": asked["day"] is None,
        }
        if asked["day"] is not None and 1970 <= asked["day"].year < 9999:
            starts_at = datetime.combine(asked["day"], time(), tzinfo=ZoneInfo(zone))
            found |= {"from_at": starts_at, "to_at": starts_at + timedelta(days=1)}
        return found
