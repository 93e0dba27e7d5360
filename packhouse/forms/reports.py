"""What a report is asked for. It is read from the address, so that it can be shared."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField
from wtforms.validators import InputRequired, Optional

from packhouse.forms.slots import DAY_FORMATS, AddressForm
from packhouse.i18n.reports import GROUP_NAMES

GROUPS = ("machine", "site", "kind", "day")


class PeriodForm(AddressForm):
    """Local days, both included, of one house or of all."""

    from_day = DateField(_l("Dari tanggal"), [InputRequired()], format=DAY_FORMATS, name="from")
    to_day = DateField(_l("Sampai tanggal"), [InputRequired()], format=DAY_FORMATS, name="to")
    site = SelectField(_l("Rumah kemasan"), [Optional()])


class UtilizationForm(PeriodForm):
    """The figures of machines, houses, kinds or days."""

    by = SelectField(
        _l("Rinci menurut"), choices=lambda: [(by, str(GROUP_NAMES[by])) for by in GROUPS]
    )
