"""Forms of re-planning: decisions about a plan, answers to a new time, and calls."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TimeField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from packhouse.domain.replanning.answers import CallResult
from packhouse.errors import Malformed
from packhouse.forms import BaseForm, IdempotentForm, WholeNumberField
from packhouse.forms.slots import DAY_FORMATS
from packhouse.i18n.names import name_of
from packhouse.services.replanning import Change, Mark

LONGEST_REMARK = 500


class ApplyForm(IdempotentForm):
    """Carrying a plan out, in the version that was looked at."""

    version = WholeNumberField(validators=[Optional()], widget=HiddenInput())


class ReviseForm(BaseForm):
    """One decision about one booking of a plan; none at all solves it again."""

    version = WholeNumberField(validators=[Optional()], widget=HiddenInput())
    booking = HiddenField(validators=[Optional(), Length(max=80)])
    mark = HiddenField(validators=[Optional(), Length(max=40)])
    machine = SelectField(_l("Mesin"), [Optional()], validate_choice=False)
    day = DateField(_l("Tanggal"), [Optional()], format=DAY_FORMATS)
    time = TimeField(_l("Jam mulai"), [Optional()], format=["%H:%M", "%H.%M", "%H:%M:%S"])

    def change(self, zone: str) -> Change | None:
        """Return the decision, once the form is valid. Raises Malformed for one nobody knows."""
        told: dict[str, Any] = self.data
        if not told["booking"]:
            return None
        if told["mark"] not in set(Mark):
            raise Malformed("code_unknown", field="mark", value=told["mark"])
        mark = Mark(told["mark"])
        if mark is not Mark.PIN or not (told["machine"] and told["day"] and told["time"]):
            return Change(told["booking"], mark)
        local = datetime.combine(told["day"], told["time"], tzinfo=ZoneInfo(zone))
        try:
            return Change(told["booking"], mark, told["machine"], local.astimezone(UTC))
        except OverflowError:
            raise Malformed from None


class AnswerForm(BaseForm):
    """What somebody says to her new time."""

    answer = HiddenField(validators=[InputRequired(), Length(max=40)])


class CallForm(BaseForm):
    """What came of a call."""

    result = RadioField(
        _l("Hasilnya"),
        [InputRequired()],
        choices=lambda: [(each.value, name_of("call_result", each)) for each in CallResult],
    )
    remark = StringField(_l("Catatan"), [Optional(), Length(max=LONGEST_REMARK)])
