"""Forms about machines that do not work: broken now, or to be worked on later."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField, StringField, TimeField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import TextInput

from packhouse.domain.runs import Reason
from packhouse.errors import Malformed
from packhouse.forms import BaseForm
from packhouse.forms.bookings import InstantField
from packhouse.forms.slots import DAY_FORMATS
from packhouse.i18n.names import name_of

TIME_FORMATS = ["%H:%M", "%H.%M", "%H:%M:%S"]
LONGEST_NOTE = 500
FAULTS = (Reason.BREAKDOWN, Reason.WAITING_TECHNICIAN, Reason.WAITING_PARTS)
PLANNED = (Reason.MAINTENANCE, Reason.CALIBRATION, Reason.TRIAL, Reason.INSTALLATION)


def _named(reasons: tuple[Reason, ...]) -> list[tuple[str, str]]:
    return [(str(reason), name_of("reason", reason)) for reason in reasons]


def instant_of(day: Any, time: Any, zone: str) -> datetime:
    """Return a local day and time as an instant; Malformed where no calendar holds it."""
    try:
        return datetime.combine(day, time, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        raise Malformed from None


class BreakdownForm(BaseForm):
    """What is wrong, and until when: a button has the time with it, or day and time are chosen."""

    reason = RadioField(_l("Apa yang terjadi?"), [InputRequired()], choices=lambda: _named(FAULTS))
    note = StringField(_l("Catatan untuk teknisi"), [Optional(), Length(max=LONGEST_NOTE)])
    # The buttons carry it; as a hidden field it would be sent too, empty, and first.
    back_at = InstantField(validators=[Optional()], widget=TextInput())
    day = DateField(_l("Tanggal"), [Optional()], format=DAY_FORMATS)
    time = TimeField(_l("Jam"), [Optional()], format=TIME_FORMATS)

    def expected_back(self, zone: str) -> datetime | None:
        """Return until when the machine is expected to be broken; None where nobody said."""
        chosen: dict[str, Any] = self.data
        if chosen["back_at"] is not None:
            return chosen["back_at"]  # type: ignore[no-any-return]
        if chosen["day"] is None or chosen["time"] is None:
            return None
        return instant_of(chosen["day"], chosen["time"], zone)


class MaintenanceForm(BaseForm):
    """When a machine is kept for planned work, in the local time of its house."""

    reason = RadioField(_l("Pekerjaan"), [InputRequired()], choices=lambda: _named(PLANNED))
    from_day = DateField(_l("Mulai tanggal"), [InputRequired()], format=DAY_FORMATS)
    from_time = TimeField(_l("Mulai jam"), [InputRequired()], format=TIME_FORMATS)
    to_day = DateField(_l("Sampai tanggal"), [InputRequired()], format=DAY_FORMATS)
    to_time = TimeField(_l("Sampai jam"), [InputRequired()], format=TIME_FORMATS)
    note = StringField(_l("Catatan"), [Optional(), Length(max=LONGEST_NOTE)])

    def period(self, zone: str) -> tuple[datetime, datetime]:
        """Return when the work begins and ends."""
        chosen: dict[str, Any] = self.data
        return (
            instant_of(chosen["from_day"], chosen["from_time"], zone),
            instant_of(chosen["to_day"], chosen["to_time"], zone),
        )
