"""Forms about people: only shape and presence; what is a good password, the domain says."""

from flask_babel import lazy_gettext as _l
from wtforms import (
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from packhouse.domain.passwords import PASSWORD_MAXIMUM
from packhouse.domain.users import Role
from packhouse.forms import BaseForm
from packhouse.i18n.names import name_of

LONGEST_EMAIL = 254


class SignInForm(BaseForm):
    """Who signs in, and where she was going."""

    email = StringField(_l("Surel"), [InputRequired(), Length(max=LONGEST_EMAIL)])
    password = PasswordField(_l("Kata sandi"), [InputRequired(), Length(max=PASSWORD_MAXIMUM)])
    next = HiddenField()


class PasswordForm(BaseForm):
    """A new password for oneself."""

    old = PasswordField(_l("Kata sandi sekarang"), [InputRequired(), Length(max=PASSWORD_MAXIMUM)])
    new = PasswordField(_l("Kata sandi baru"), [InputRequired(), Length(max=PASSWORD_MAXIMUM)])


class PersonForm(BaseForm):
    """A new person; her first password is made for her."""

    name = StringField(_l("Nama"), [InputRequired(), Length(max=120)])
    email = StringField(_l("Surel"), [InputRequired(), Length(max=LONGEST_EMAIL)])
    phone = TelField(_l("Nomor ponsel"), [Optional(), Length(max=30)])
    role = SelectField(
        _l("Peran"),
        choices=lambda: [(str(role), name_of("role", role)) for role in Role],
    )
    sites = SelectMultipleField(
        _l("Tempat bertugas"),
        [Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=_l("Untuk operator dan pengelola."),
    )
