"""Forms of the waitlist."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, RadioField, SelectField, SelectMultipleField
from wtforms import StringField as TextField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from packhouse.domain.machines import MachineKind
from packhouse.domain.waitlist import PartOfDay, WishKind
from packhouse.errors import Malformed
from packhouse.forms import IdempotentForm, WholeNumberField
from packhouse.forms.slots import DAY_FORMATS, MOST_PIECES, known_id
from packhouse.i18n.names import name_of
from packhouse.services.waitlist import Wanted

LONGEST_REASON = 500
FIRST, LAST = date(1970, 1, 2), date(9998, 12, 30)


class WishForm(IdempotentForm):
    """What somebody would take, and when."""

    product = SelectField(_l("Produk"), [InputRequired()], coerce=known_id)
    quantity = WholeNumberField(
        _l("Jumlah kemasan"), [InputRequired(), NumberRange(min=1, max=MOST_PIECES)]
    )
    least = WholeNumberField(
        _l("Paling sedikit"), [Optional(), NumberRange(min=1, max=MOST_PIECES)]
    )
    site = SelectField(_l("Rumah kemasan"), [Optional()])
    from_day = DateField(_l("Dari tanggal"), [InputRequired()], format=DAY_FORMATS)
    to_day = DateField(_l("Sampai tanggal"), [InputRequired()], format=DAY_FORMATS)
    part_of_day = RadioField(_l("Waktu"), default=PartOfDay.ANY.value)
    kinds = SelectMultipleField(
        _l("Jenis mesin"),
        [Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    same_day = BooleanField(_l("Saya bisa datang pada hari yang sama"))
    kind = RadioField(_l("Bila ada waktu kosong"), default=WishKind.OFFER.value)
    version = WholeNumberField(validators=[Optional()], widget=HiddenInput())

    def offer_choices(self, kinds: set[str]) -> None:
        """Offer the parts of the day, what to do, and the kinds of machines there are."""
        self.part_of_day.choices = [
            (each.value, name_of("part_of_day", each)) for each in PartOfDay
        ]
        self.kind.choices = [(each.value, name_of("wish_kind", each)) for each in WishKind]
        self.kinds.choices = [
            (each.value, name_of("kind", each)) for each in MachineKind if each.value in kinds
        ]

    def wanted(self, zone: str) -> Wanted:
        """Return what was filled in, once the form is valid; days are those of the zone."""
        told: dict[str, Any] = self.data
        return Wanted(
            product_id=told["product"],
            quantity=told["quantity"],
            from_at=_midnight(told["from_day"], zone),
            to_at=_midnight(told["to_day"], zone, days=1),
            least=told["least"],
            site=told["site"] or None,
            part_of_day=PartOfDay(told["part_of_day"]),
            kinds=tuple(told["kinds"] or ()),
            same_day=bool(told["same_day"]),
            kind=WishKind(told["kind"]),
        )


class ReorderForm(IdempotentForm):
    """Why the staff puts a wish first, or back."""

    reason = TextField(_l("Alasan"), [InputRequired(), Length(max=LONGEST_REASON)])


def _midnight(day: date, zone: str, *, days: int = 0) -> datetime:
    if not FIRST <= day <= LAST:
        raise Malformed("day_malformed")
    local = datetime.combine(day + timedelta(days=days), time(), tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)
