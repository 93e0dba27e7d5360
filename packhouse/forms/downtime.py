"""Forms about machines that do not work: broken, without power, or to be worked on."""

from datetime import UTC, date, datetime
from datetime import time as Clock  # noqa: N812  (a form has a field of its name)
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField, SelectMultipleField, StringField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from packhouse.domain.downtime import Basis, Utility
from packhouse.domain.runs import Reason
from packhouse.errors import Malformed
from packhouse.forms import BaseForm, IdempotentForm, WholeNumberField
from packhouse.forms.slots import DAY_FORMATS
from packhouse.i18n.names import name_of

TIME_FORMATS = ["%H:%M", "%H.%M", "%H:%M:%S"]
LONGEST_NOTE = 500
FAULTS = (Reason.BREAKDOWN, Reason.WAITING_TECHNICIAN, Reason.WAITING_PARTS)
PLANNED = (Reason.MAINTENANCE, Reason.CALIBRATION, Reason.TRIAL, Reason.INSTALLATION)
NOW, PICKED = "now", "picked"


def _named(family: str, codes: Any) -> list[tuple[str, str]]:
    return [(str(code), name_of(family, code)) for code in codes]


def utility_choices(needed: list[Utility]) -> list[tuple[str, str]]:
    """Return what may be out as a form has it; all where no machine needs anything."""
    return _named("utility", needed or Utility)


def instant_of(day: Any, clock: Any, zone: str) -> datetime:
    """Return a local day and time as an instant; Malformed where no calendar holds it."""
    try:
        return datetime.combine(day, clock, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        raise Malformed from None


class UntilForm(IdempotentForm):
    """Until when something lasts: one of the quick choices, or a day and a time."""

    # The quick choices are instants: they depend on the hours of the house.
    back = RadioField(_l("Kembali kapan?"), validate_choice=False)
    day = DateField(_l("Tanggal"), [Optional()], format=DAY_FORMATS)
    time = TimeField(_l("Jam"), [Optional()], format=TIME_FORMATS)
    note = StringField(_l("Catatan"), [Optional(), Length(max=LONGEST_NOTE)])

    def until(self, zone: str, *, opens: Clock) -> datetime | None:
        """Return the instant that was chosen, None where nobody said.

        Who picks a day alone means when the house opens. A day beside another choice is asked
        about: nobody knows which of the two she means.
        """
        day, clock = self.day.data, self.time.data
        if self.back.data in (None, "", PICKED):
            return instant_of(day, clock or opens, zone) if isinstance(day, date) else None
        if day is not None:
            self.day.errors = [_("Pilih tanggal ini, atau salah satu waktu di atas.")]
            return None
        try:
            chosen = datetime.fromisoformat(self.back.data or "")
            return chosen.astimezone(UTC) if chosen.tzinfo is not None else None
        except (ValueError, OverflowError):
            return None


class BreakdownForm(UntilForm):
    """What is wrong, and until when."""

    reason = RadioField(
        _l("Apa yang terjadi?"), [InputRequired()], choices=lambda: _named("reason", FAULTS)
    )


class OutageForm(UntilForm):
    """What is out, now or from when, and until when."""

    utility = RadioField(
        _l("Apa yang mati?"), [InputRequired()], choices=lambda: _named("utility", Utility)
    )
    from_day = DateField(_l("Mulai tanggal"), [Optional()], format=DAY_FORMATS)
    from_time = TimeField(_l("Mulai jam"), [Optional()], format=TIME_FORMATS)

    def begins(self, zone: str) -> datetime | None:
        """Return from when on; None for now."""
        day, clock = self.from_day.data, self.from_time.data
        if day is None and clock is None:
            return None
        if day is None or clock is None:
            raise Malformed("outage_begin_unclear")
        return instant_of(day, clock, zone)


class MaintenanceForm(BaseForm):
    """When a machine is kept for planned work, in the local time of its house."""

    reason = RadioField(
        _l("Pekerjaan"), [InputRequired()], choices=lambda: _named("reason", PLANNED)
    )
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


class ScheduleForm(BaseForm):
    """Work that comes back, and what is counted until it does."""

    reason = RadioField(
        _l("Pekerjaan"), [InputRequired()], choices=lambda: _named("reason", PLANNED[:2])
    )
    note = StringField(
        _l("Apa yang dikerjakan"), [Optional(), Length(max=LONGEST_NOTE)],
        description=_l("Misalnya: ganti sabuk pemanas, lumasi rantai."),
    )  # fmt: skip
    every = WholeNumberField(_l("Setiap"), [InputRequired(), NumberRange(min=1)])
    basis = RadioField(
        _l("Dihitung menurut"), [InputRequired()], choices=lambda: _named("basis", Basis)
    )
    minutes = WholeNumberField(_l("Lama pengerjaan"), [InputRequired(), NumberRange(min=5)])
    lead_days = WholeNumberField(
        _l("Direncanakan berapa hari sebelumnya"), [InputRequired(), NumberRange(min=0)]
    )
    done_on = DateField(
        _l("Terakhir dikerjakan"), [Optional()], format=DAY_FORMATS,
        description=_l("Kosongkan bila hitungan mulai hari ini."),
    )  # fmt: skip

    def counts_from(self, zone: str, now: datetime) -> datetime | None:
        """Return when the count begins: with the day the work was done last."""
        day = self.done_on.data
        if day is None:
            return None
        begins = instant_of(day, Clock(0), zone)
        return min(begins, now) if day == now.astimezone(ZoneInfo(zone)).date() else begins


class UtilitiesForm(BaseForm):
    """What a machine cannot work without."""

    utilities = SelectMultipleField(
        _l("Yang dibutuhkan mesin ini"),
        choices=lambda: _named("utility", Utility),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
