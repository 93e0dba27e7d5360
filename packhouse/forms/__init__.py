"""The base of every form: Indonesian messages, trimmed text, a key that makes a retry safe."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from flask import request
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _ngettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, IntegerField, PasswordField, StringField

from packhouse.errors import Problem
from packhouse.i18n.messages import problem_text

# WTForms and Flask-WTF speak English and have no Indonesian catalog: their texts are keys here,
# and ours, like every text for people, are Indonesian and translated by our own catalog.
TEXTS: Mapping[str, LazyString] = {
    "This field is required.": _l("Wajib diisi."),
    "Invalid input.": _l("Isian ini tidak sesuai."),
    "Invalid field name '%s'.": _l("Tidak ada isian bernama '%s'."),
    "Field must be equal to %(other_name)s.": _l("Harus sama dengan %(other_name)s."),
    "Field must be at least %(min)d character long.": _l("Sedikitnya %(min)d huruf."),
    "Field cannot be longer than %(max)d character.": _l("Paling banyak %(max)d huruf."),
    "Field must be exactly %(max)d character long.": _l("Harus tepat %(max)d huruf."),
    "Field must be between %(min)d and %(max)d characters long.": _l(
        "Harus antara %(min)d dan %(max)d huruf."
    ),
    "Number must be at least %(min)s.": _l("Sedikitnya %(min)s."),
    "Number must be at most %(max)s.": _l("Paling banyak %(max)s."),
    "Number must be between %(min)s and %(max)s.": _l("Harus antara %(min)s dan %(max)s."),
    "Date must be at least %(min)s.": _l("Tanggal paling awal %(min)s."),
    "Date must be at most %(max)s.": _l("Tanggal paling akhir %(max)s."),
    "Date must be between %(min)s and %(max)s.": _l("Tanggal harus antara %(min)s dan %(max)s."),
    "Invalid email address.": _l("Alamat surel ini tidak benar. Contoh: nama@contoh.id"),
    "Invalid IP address.": _l("Alamat IP ini tidak benar."),
    "Invalid Mac address.": _l("Alamat MAC ini tidak benar."),
    "Invalid URL.": _l("Alamat web ini tidak benar."),
    "Invalid UUID.": _l("Kode ini tidak benar."),
    "Invalid value, must be one of: %(values)s.": _l("Pilih salah satu: %(values)s."),
    "Invalid value, can't be any of: %(values)s.": _l("Jangan salah satu dari: %(values)s."),
    "This field cannot be edited.": _l("Isian ini tidak dapat diubah."),
    "This field is disabled and cannot have a value.": _l("Isian ini tidak dipakai."),
    "Invalid Choice: could not coerce.": _l("Pilihan ini tidak ada."),
    "Choices cannot be None.": _l("Tidak ada pilihan."),
    "Not a valid choice.": _l("Pilih salah satu dari daftar."),
    "Invalid choice(s): one or more data inputs could not be coerced.": _l(
        "Sebagian pilihan tidak ada."
    ),
    "'%(value)s' is not a valid choice for this field.": _l("%(value)s tidak ada dalam daftar."),
    "Not a valid datetime value.": _l("Isi tanggal dan jam, misalnya 26/11/2026 08.00."),
    "Not a valid date value.": _l("Isi tanggal, misalnya 26/11/2026."),
    "Not a valid time value.": _l("Isi jam, misalnya 08.00."),
    "Not a valid week value.": _l("Isi pekan, misalnya 2026-W48."),
    "Not a valid integer value.": _l("Isi dengan angka bulat."),
    "Not a valid decimal value.": _l("Isi dengan angka."),
    "Not a valid float value.": _l("Isi dengan angka."),
    "Invalid CSRF Token.": _l("Formulir ini sudah lama terbuka. Kirim sekali lagi."),
    "CSRF token missing.": _l("Formulir ini sudah lama terbuka. Kirim sekali lagi."),
    "CSRF failed.": _l("Formulir ini sudah lama terbuka. Kirim sekali lagi."),
    "CSRF token expired.": _l("Formulir ini sudah lama terbuka. Kirim sekali lagi."),
    "The CSRF token is missing.": _l("Formulir ini sudah lama terbuka. Kirim sekali lagi."),
    "The CSRF token is invalid.": _l("Formulir ini sudah lama terbuka. Kirim sekali lagi."),
    "The CSRF token has expired.": _l("Formulir ini sudah lama terbuka. Kirim sekali lagi."),
    "The CSRF tokens do not match.": _l("Formulir ini sudah lama terbuka. Kirim sekali lagi."),
    "The CSRF session token is missing.": _l("Formulir ini sudah lama terbuka. Kirim sekali lagi."),
    "File does not have an approved extension: {extensions}": _l(
        "Jenis berkas ini tidak diterima. Pakai: {extensions}"
    ),
    "File does not have an approved extension.": _l("Jenis berkas ini tidak diterima."),
    "File must be between {min_size} and {max_size} bytes.": _l("Ukuran berkas tidak sesuai."),
}

LONGEST_NUMBER = 19  # Digits of the largest number a database keeps.


class FormTexts:
    """The gettext that WTForms asks for its own messages."""

    def gettext(self, text: str) -> str:
        """Return the message in the reader's language."""
        return str(TEXTS[text]) if text in TEXTS else gettext(text)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the message; ours need no plural."""
        return str(TEXTS[singular]) if singular in TEXTS else _ngettext(singular, plural, n)


def trimmed(value: object) -> object:
    """Take the spaces off both ends, as people paste them."""
    return value.strip() if isinstance(value, str) else value


def without_control_characters(value: object) -> object:
    """Refuse what no keyboard types and some databases cannot store."""
    if isinstance(value, str) and any(ord(each) < 32 and each not in "\t\r\n" for each in value):
        raise ValueError(str(_l("Ada tanda yang tidak dapat disimpan. Ketik ulang isian ini.")))
    return value


class BaseForm(FlaskForm):
    """What every form of a page derives from."""

    class Meta(FlaskForm.Meta):
        """Our texts, and filters that hold for every text field."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Read the fields of a form alone: no file under a field's name, and no JSON."""
            if formdata is None or isinstance(formdata, MultiDict):
                return formdata
            return (request.form or None) if request.method == "POST" else None

        def get_translations(self, form: Any) -> FormTexts:
            """Speak Indonesian, or what the catalog makes of it."""
            return FormTexts()

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            """Give text fields their filters; a password may begin with a space."""
            kind = unbound_field.field_class
            if issubclass(kind, StringField):
                ours: list[Callable[[object], object]] = [without_control_characters]
                if not issubclass(kind, PasswordField):
                    ours.append(trimmed)
                given = unbound_field.kwargs.get("filters", ())
                options = {**options, "filters": [*ours, *given]}
            return super().bind_field(form, unbound_field, options)

    def tell(
        self, problems: Iterable[Problem], fields: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Show what a service refused: beside the field named for a code, else above the form."""
        for problem in problems:
            text = problem_text(problem.code, problem.facts)
            name = str(problem.facts.get("field", fields.get(problem.code, "")))
            if name in self:
                self[name].errors = [*self[name].errors, text]
            else:
                self.form_errors.append(text)


def new_key() -> str:
    """Return a fresh idempotency key."""
    return secrets.token_urlsafe(16)


class IdempotentForm(BaseForm):
    """A form whose second submission means the same command, not a second one."""

    idempotency_key = HiddenField(default=new_key)


class WholeNumberField(IntegerField):
    """A whole number as people here write it: 1.250 and 1 250 are the same as 1250."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number without its grouping."""
        texts = [text.replace(".", "").replace(" ", "") for text in valuelist]
        if any(len(text) > LONGEST_NUMBER for text in texts):  # Validators compare with floats.
            raise ValueError(str(TEXTS["Not a valid integer value."]))
        super().process_formdata(texts)
