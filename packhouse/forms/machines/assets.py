"""Forms about machines as assets: place, condition, lane, spare parts, and learned rates."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from packhouse.domain.machines import WAITS, Condition, Move, Part, PlacementKind
from packhouse.forms import TEXTS, BaseForm
from packhouse.forms.machines.machine import read_rate
from packhouse.forms.sites import likely_day
from packhouse.forms.slots import DAY_FORMATS, AddressForm
from packhouse.i18n.names import name_of

LONGEST = 200
FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST_NOTE = 500


class RegisterForm(AddressForm):
    """Which part of the register."""

    site = SelectField(_l("Rumah kemasan"), [Optional()])
    condition = SelectField(
        _l("Kondisi"),
        [Optional()],
        choices=lambda: [
            ("", _l("Semua")),
            *((str(each), name_of("condition", each)) for each in Condition),
        ],
    )


class MoveForm(BaseForm):
    """Where a machine is to stand from now on."""

    site = SelectField(_l("Rumah kemasan"), [InputRequired()])
    room = StringField(
        _l("Ruang atau posisi"),
        [Optional(), Length(max=LONGEST)],
        description=_l("Misalnya: Ruang 2, meja dekat jendela."),
    )
    kind = RadioField(
        _l("Untuk apa?"),
        [InputRequired()],
        choices=lambda: [(str(each), name_of("placement", each)) for each in PlacementKind],
        default=str(PlacementKind.OWN),
    )
    due_on = DateField(_l("Dipinjamkan sampai"), [Optional(), likely_day], format=DAY_FORMATS)
    reason = StringField(_l("Alasan"), [InputRequired(), Length(max=LONGEST)])
    document = StringField(
        _l("Nomor berita acara"),
        [Optional(), Length(max=LONGEST)],
        description=_l("Wajib bila mesin dipinjamkan atau pindah rumah kemasan."),
    )

    def move(self) -> Move:
        """Return the move as it is meant."""
        lent = self.kind.data == PlacementKind.LOAN
        return Move(
            site=self.site.data or "",
            room=self.room.data or "",
            reason=self.reason.data or "",
            document=self.document.data or "",
            kind=self.kind.data or "",
            due_on=self.due_on.data if lent else None,
        )


class ConditionForm(BaseForm):
    """In which shape a machine was found."""

    condition = RadioField(
        _l("Kondisi sekarang"),
        [InputRequired()],
        choices=lambda: [(str(each), name_of("condition", each)) for each in Condition],
    )
    note = TextAreaField(_l("Catatan"), [Optional(), Length(max=LONGEST_NOTE)])


class ConvertForm(BaseForm):
    """The document by which a machine changes its lane for good."""

    document = StringField(
        _l("Nomor dokumen"),
        [InputRequired(), Length(max=LONGEST)],
        description=_l("Berita acara penyucian dengan saksi, atau keputusan yang menetapkannya."),
    )


class PartForm(BaseForm):
    """A spare part that is awaited, and when the machine is back."""

    part = StringField(
        _l("Suku cadang"),
        [InputRequired(), Length(max=LONGEST)],
        description=_l("Misalnya: elemen pemanas 220 V."),
    )
    eta = DateField(_l("Perkiraan tiba"), [Optional(), likely_day], format=DAY_FORMATS)
    back = RadioField(
        _l("Mesin kembali"),
        [Optional()],
        choices=[],
        validate_choice=False,
        description=_l("Reservasi sebelum hari itu kehilangan waktunya dan diberi tahu."),
    )
    back_on = DateField(
        _l("Mesin kembali tanggal lain"), [Optional(), likely_day], format=DAY_FORMATS
    )
    ordered_from = StringField(_l("Dipesan dari"), [Optional(), Length(max=LONGEST)])
    ordered_on = DateField(_l("Dipesan tanggal"), [Optional(), likely_day], format=DAY_FORMATS)
    note = StringField(_l("Catatan"), [Optional(), Length(max=LONGEST_NOTE)])

    def awaited(self) -> Part:
        """Return the part."""
        return Part(
            part=self.part.data or "",
            ordered_from=self.ordered_from.data or "",
            ordered_on=self.ordered_on.data,
            eta=self.eta.data,
            note=self.note.data or "",
        )

    @property
    def returns_on(self) -> date | None:
        """The day on which the machine is to work again, if somebody said so."""
        day: date | None = self.back_on.data
        if day is not None:
            return day
        return _day_of(self.back.data)

    def validate_back(self, field: Any) -> None:
        """Refuse what was not offered, be it a day."""
        if field.data and _day_of(field.data) is None:
            raise ValidationError(str(TEXTS["Not a valid choice."]))

    def offer_days(self, days: Iterable[tuple[str, str]]) -> None:
        """List the days on which it may come back, beside not knowing."""
        self.back.choices = [("", str(_l("Belum tahu"))), *days]
        self.back.data = self.back.data or ""


def _day_of(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


class RateForm(BaseForm):
    """The answer to a suggested rate: the rate she was shown is sent along."""

    pack = HiddenField(validators=[InputRequired(), Length(max=40)])
    rate = HiddenField(validators=[InputRequired(), Length(max=20)])
    wait = SelectField(
        _l("Tanya lagi setelah"),
        choices=lambda: [(str(each), _l("%(count)s pekerjaan", count=each)) for each in WAITS],
        validators=[Optional()],
    )

    def shown(self) -> Any:
        """Return the rate she was shown. Raises ValueError."""
        return read_rate(self.rate.data or "")
