"""Forms that ask for machine time. They are read from the address, so that it can be shared."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from packhouse.forms import LONGEST_NUMBER, BaseForm, WholeNumberField

MOST_PIECES = 1_000_000
DAY_FORMATS = ["%Y-%m-%d", "%d/%m/%Y"]


def known_id(text: object) -> int | str:
    """Read the id of a choice; the choice that stands for none is empty."""
    if text == "":
        return ""
    number = int(str(text)[:LONGEST_NUMBER])
    if str(number) != str(text):
        raise ValueError
    return number


class AddressForm(BaseForm):
    """A form that only asks and changes nothing: no key against forgery is needed."""

    class Meta(BaseForm.Meta):
        """Read, never written."""

        csrf = False


class QuoteForm(AddressForm):
    """What is packed and how many; where and when only as far as she cares."""

    product = SelectField(_l("Produk"), [InputRequired()], coerce=known_id)
    quantity = WholeNumberField(
        _l("Jumlah kemasan"), [InputRequired(), NumberRange(min=1, max=MOST_PIECES)]
    )
    site = SelectField(_l("Rumah kemasan"), [Optional()])
    from_day = DateField(_l("Mulai tanggal"), [Optional()], format=DAY_FORMATS, name="from")


class SearchForm(AddressForm):
    """A part of the name of a product or of its business."""

    q = StringField(_l("Nama produk atau usaha"), [Optional(), Length(max=100)])


class DayForm(AddressForm):
    """A day of one machine."""

    quantity = WholeNumberField(
        _l("Jumlah kemasan"), [InputRequired(), NumberRange(min=1, max=MOST_PIECES)]
    )
    machine = SelectField(_l("Mesin"))
    day = DateField(_l("Tanggal"), [Optional()], format=DAY_FORMATS)
