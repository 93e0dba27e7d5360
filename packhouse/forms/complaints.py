"""What a complainer and an answering manager type."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from packhouse.domain.complaints import (
    LONGEST_CODE,
    LONGEST_NAME,
    LONGEST_PHONE,
    LONGEST_TEXT,
    Topic,
)
from packhouse.forms import BaseForm, IdempotentForm
from packhouse.i18n.names import name_of


class ComplaintForm(IdempotentForm):
    """A complaint: what it is about and what happened; who it is from may stay empty."""

    site = SelectField(_l("Rumah kemasan"), [InputRequired()])
    topic = RadioField(_l("Tentang apa?"), [InputRequired()])
    text = TextAreaField(_l("Apa yang terjadi?"), [InputRequired(), Length(max=LONGEST_TEXT)])
    booking_code = StringField(_l("Kode reservasi"), [Optional(), Length(max=LONGEST_CODE)])
    name = StringField(_l("Nama Anda"), [Optional(), Length(max=LONGEST_NAME)])
    phone = StringField(_l("Nomor telepon"), [Optional(), Length(max=LONGEST_PHONE)])

    def __init__(self, *args: Any, sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site.choices = list(sites)
        self.topic.choices = [(str(each), name_of("topic", each)) for each in Topic]


class TicketForm(BaseForm):
    """The number of a ticket, typed from paper."""

    ticket = StringField(_l("Nomor pengaduan"), [InputRequired(), Length(max=60)])


class WordsForm(BaseForm):
    """An answer, or why an answer does not help."""

    text = TextAreaField(_l("Jawaban"), [InputRequired(), Length(max=LONGEST_TEXT)])


class ReopenForm(BaseForm):
    """Why an answer does not help."""

    text = TextAreaField(_l("Apa yang belum selesai?"), [InputRequired(), Length(max=LONGEST_TEXT)])
