"""The form of a reduction by rule."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from packhouse.domain.tariffs import MOST_PERCENT, ReductionKind
from packhouse.forms import BaseForm, WholeNumberField
from packhouse.forms.sites import likely_day
from packhouse.forms.slots import DAY_FORMATS
from packhouse.i18n.names import name_of


class ReductionForm(BaseForm):
    """For whom the tariff is lower, by how much, where, since when and by which decree."""

    kind = SelectField(_l("Untuk siapa"), [InputRequired()])
    percent = WholeNumberField(
        _l("Keringanan"), [InputRequired(), NumberRange(min=1, max=MOST_PERCENT)]
    )
    site = SelectField(_l("Rumah kemasan"))
    valid_from = DateField(_l("Berlaku mulai"), [InputRequired(), likely_day], format=DAY_FORMATS)
    legal_basis = StringField(_l("Dasar hukum"), [InputRequired(), Length(max=200)])

    def offer(self, places: list[tuple[str, str]]) -> None:
        """Fill in what can be chosen."""
        self.kind.choices = [(each.value, name_of("reduction", each)) for each in ReductionKind]
        self.site.choices = places
