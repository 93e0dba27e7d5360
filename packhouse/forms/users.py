"""Forms about people: only shape and presence; what is a good password, the domain says."""

import re
from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import (
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from packhouse.domain.businesses import REGENCIES
from packhouse.domain.passwords import PASSWORD_MAXIMUM
from packhouse.domain.users import LONGEST_NAME, Role
from packhouse.forms import BaseForm, IdempotentForm, WholeNumberField
from packhouse.forms.machines import by_catalogue
from packhouse.i18n.names import name_of
from packhouse.queries.machines import PackItem
from packhouse.services.registration import MOST_PIECES, Newcomer

LONGEST_EMAIL = 254


class SignInForm(BaseForm):
    """Who signs in, and where she was going."""

    email = StringField(_l("Surel atau nomor HP"), [InputRequired(), Length(max=LONGEST_EMAIL)])
    password = PasswordField(_l("Kata sandi"), [InputRequired(), Length(max=PASSWORD_MAXIMUM)])
    who = RadioField(_l("Anda yang mana?"), [Optional()], choices=(), validate_choice=False)
    next = HiddenField()

    def chosen(self) -> int | None:
        """Return who of those with one telephone she says she is."""
        told = str(self.who.data or "")
        return int(told) if re.fullmatch(r"[0-9]{1,18}", told) else None


class SignUpForm(IdempotentForm):
    """A first visit: nine fields at most, and nothing asked that can wait."""

    name = StringField(_l("Nama Anda"), [InputRequired(), Length(max=LONGEST_NAME)])
    phone = TelField(
        _l("Nomor HP (WhatsApp)"),
        [InputRequired(), Length(max=60)],
        description=_l("Boleh dipakai bersama keluarga. Contoh: 0812 3456 7890"),
    )
    village = StringField(_l("Desa atau kelurahan"), [InputRequired(), Length(max=120)])
    regency = SelectField(
        _l("Kabupaten/kota"),
        [InputRequired()],
        choices=lambda: [
            ("", _l("Pilih kabupaten/kota")),
            *((code, each.name) for code, each in REGENCIES.items()),
        ],
    )
    product = StringField(
        _l("Produk yang mau dikemas"),
        [InputRequired(), Length(max=LONGEST_NAME)],
        description=_l("Seperti Anda menyebutnya, misalnya Madu hutan."),
    )
    pack = SelectField(_l("Kemasan"), [InputRequired()])
    quantity = WholeNumberField(
        _l("Jumlah kemasan"), [InputRequired(), NumberRange(min=1, max=MOST_PIECES)]
    )
    password = PasswordField(
        _l("Kata sandi"),
        [InputRequired(), Length(max=PASSWORD_MAXIMUM)],
        description=_l("Sedikitnya 10 huruf, misalnya tiga kata yang tidak berhubungan."),
    )
    nib = StringField(
        _l("NIB"),
        [Optional(), Length(max=30)],
        description=_l("13 angka. Belum punya NIB? Boleh uji coba, tidak untuk dijual."),
    )

    def offer_packs(self, packs: Iterable[PackItem]) -> None:
        """List what can be asked for."""
        named = [(each.code, name_of("pack", each.code)) for each in by_catalogue(packs)]
        self.pack.choices = [("", _l("Pilih kemasan")), *named]

    def newcomer(self, lane: str) -> Newcomer:
        """Return what was told; the lane is told by the button that sent it."""
        names = ("name", "phone", "village", "regency", "product", "pack", "nib")
        return Newcomer(
            quantity=self.quantity.data,
            lane=lane,
            **{name: str(self[name].data or "") for name in names},
        )


class AskLinkForm(BaseForm):
    """Whom a link to a new password is for."""

    contact = StringField(_l("Surel atau nomor HP"), [InputRequired(), Length(max=LONGEST_EMAIL)])


class NewPasswordForm(BaseForm):
    """The password that replaces a forgotten one."""

    password = PasswordField(
        _l("Kata sandi baru"),
        [InputRequired(), Length(max=PASSWORD_MAXIMUM)],
        description=_l("Sedikitnya 10 huruf, misalnya tiga kata yang tidak berhubungan."),
    )


class CodeForm(NewPasswordForm):
    """A code of the front desk, and whose it is."""

    contact = StringField(_l("Surel atau nomor HP"), [InputRequired(), Length(max=LONGEST_EMAIL)])
    code = StringField(_l("Kode dari petugas"), [InputRequired(), Length(max=30)])


class ContactForm(BaseForm):
    """How one is reached; changing it takes the password."""

    phone = TelField(_l("Nomor HP (WhatsApp)"), [Optional(), Length(max=60)])
    email = StringField(
        _l("Surel"),
        [Optional(), Length(max=LONGEST_EMAIL)],
        description=_l("Dengan surel Anda dapat membuat kata sandi baru sendiri."),
    )
    confirm = PasswordField(
        _l("Kata sandi sekarang"), [InputRequired(), Length(max=PASSWORD_MAXIMUM)]
    )


class FindPersonForm(BaseForm):
    """Whom the front desk has before it; only asks, so no key against forgery is needed."""

    class Meta(BaseForm.Meta):
        """Read, never written."""

        csrf = False

    q = StringField(_l("Nama atau nomor HP"), [InputRequired(), Length(min=3, max=120)])


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
