"""Forms of wishes that come back."""

from datetime import UTC, date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from packhouse.domain.bookings import MOST_DATES, Every, Rule, day_on, minute_of
from packhouse.errors import Malformed
from packhouse.forms import BaseForm, IdempotentForm
from packhouse.forms.bookings.booking import LONGEST_REASON, BookForm
from packhouse.forms.slots import DAY_FORMATS
from packhouse.i18n.formats import weekday
from packhouse.i18n.locale import current_locale
from packhouse.services.bookings import ChosenDate, SeriesWish

EVERY = {
    Every.WEEK.value: _l("Setiap pekan"),
    Every.FORTNIGHT.value: _l("Setiap dua pekan"),
    Every.MONTH.value: _l("Setiap bulan, pada hari dan pekan yang sama"),
}


def _weekday(text: object) -> int:
    number = int(str(text)[:2])
    if str(number) != str(text):
        raise ValueError
    return number


class ChecklistField(SelectMultipleField):
    """Several of a list, as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RepeatForm(BookForm):
    """A booking that comes back; its first time comes from a link, the rule is chosen here."""

    every = SelectField(
        _l("Seberapa sering"),
        choices=lambda: list(EVERY.items()),
        default=Every.WEEK.value,
    )
    weekdays = ChecklistField(
        _l("Hari"),
        [Optional()],
        coerce=_weekday,
        choices=lambda: [(day, weekday(day, locale=current_locale())) for day in range(7)],
        description=_l("Kosongkan bila sama dengan hari pertama."),
    )
    last_day = DateField(_l("Sampai tanggal"), [InputRequired()], format=DAY_FORMATS)
    chosen = SelectMultipleField(validate_choice=False)

    def first_day(self, zone: str) -> date:
        """Return the local day of the first time."""
        return day_on(self.wish.starts_at, zone)

    def repeated(self, zone: str) -> SeriesWish:
        """Return what is wanted, once the form is valid. Raises Malformed for a rule that is none.

        The places of a monthly rule are those of the first day; weekdays say nothing there.
        """
        asked: dict[str, Any] = self.data
        wish, every = self.wish, Every(asked["every"])
        weekdays = () if every is Every.MONTH else tuple(asked["weekdays"] or ())
        try:
            rule = Rule(every, self.first_day(zone), asked["last_day"], weekdays)
        except OverflowError:
            raise Malformed from None
        minute = minute_of(wish.starts_at, zone)
        return SeriesWish(wish.product_id, wish.quantity, wish.machine, minute, rule)

    @property
    def ticked(self) -> list[ChosenDate]:
        """What was ticked; each box holds day, machine and instant. Raises Malformed."""
        texts: list[str] = self.chosen.data or []
        if len(texts) > MOST_DATES * 2:
            raise Malformed
        return [_chosen(text) for text in texts]


class AskRepeatForm(RepeatForm):
    """The same, read from the address of the page that shows what fits."""

    class Meta(RepeatForm.Meta):
        """Read, never written."""

        csrf = False


class DateForm(IdempotentForm):
    """A date of a series that is put back, with the time chosen for it."""

    chosen = SelectMultipleField(validate_choice=False)
    override = StringField(
        _l("Alasan pengecualian dari batas pemakaian"), [Optional(), Length(max=LONGEST_REASON)]
    )

    @property
    def date(self) -> ChosenDate:
        """What was chosen. Raises Malformed."""
        texts: list[str] = self.chosen.data or []
        if len(texts) != 1:
            raise Malformed
        return _chosen(texts[0])


class ScopeForm(BaseForm):
    """From which date on a series changes; that date and all later ones."""

    from_day = SelectField(_l("Mulai dari"), coerce=str)

    def offer(self, days: list[tuple[date, str]]) -> None:
        """Offer these dates."""
        self.from_day.choices = [(day.isoformat(), text) for day, text in days]

    @property
    def day(self) -> date:
        """The date, once the form is valid."""
        return date.fromisoformat(str(self.from_day.data))


class MoveSeriesForm(ScopeForm, IdempotentForm):
    """The new time of day."""

    time = TimeField(_l("Jam mulai baru"), [InputRequired()], format=["%H:%M", "%H.%M"])

    @property
    def minute(self) -> int:
        """Minutes after midnight, once the form is valid."""
        asked: dict[str, Any] = self.data
        return int(asked["time"].hour * 60 + asked["time"].minute)


class CancelSeriesForm(ScopeForm):
    """Why they are called off, if she cares to say."""

    reason = TextAreaField(_l("Alasan"), [Optional(), Length(max=LONGEST_REASON)])


def _chosen(text: str) -> ChosenDate:
    day, _, rest = text.partition("|")
    machine, _, instant = rest.partition("|")
    try:
        starts_at = datetime.fromisoformat(instant)
        if starts_at.tzinfo is None or not machine or len(machine) > 80:
            raise ValueError
        return ChosenDate(date.fromisoformat(day), machine, starts_at.astimezone(UTC))
    except (ValueError, OverflowError):
        raise Malformed from None
