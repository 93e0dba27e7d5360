"""What a person answers about her data."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired

from packhouse.forms import BaseForm


class PurposeForm(BaseForm):
    """A yes or no to one purpose; two buttons send it."""

    purpose = StringField()
    given = StringField()


class CloseForm(BaseForm):
    """The last question before an account is closed for good."""

    sure = BooleanField(_l("Saya mengerti bahwa ini tidak dapat dibatalkan."), [InputRequired()])
