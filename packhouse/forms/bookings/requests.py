"""Forms that decide a request, ask its owner something, and let her answer."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from packhouse.domain.bookings import LONGEST_WORDS
from packhouse.forms import BaseForm
from packhouse.forms.bookings.booking import VersionedForm

# Said so often that nobody should have to type it.
READY = {
    "training": _l("Mesin dipakai untuk pelatihan atau uji coba."),
    "not_suited": _l("Jumlah atau kemasannya tidak cocok untuk mesin ini."),
    "papers": _l("Dokumen usaha belum lengkap."),
    "needed": _l("Waktu ini diperlukan untuk pesanan yang mesinnya rusak."),
    "fair_share": _l("Pemakaian usaha ini sudah banyak; yang lain juga menunggu."),
}


class DecisionForm(VersionedForm):
    """A decision; ``queue`` is filled where it is taken from the queue, to go on there."""

    queue = HiddenField(validators=[Optional(), Length(max=10)])


class ApproveForm(DecisionForm):
    """A yes, with a reason where it goes against a limit."""

    override = StringField(
        _l("Alasan pengecualian"),
        [Optional(), Length(max=LONGEST_WORDS)],
        description=_l("Disimpan, dan tampil dalam laporan bulanan."),
    )


class RejectForm(DecisionForm):
    """Why a request is refused: its owner reads it."""

    ready = RadioField(
        _l("Alasan yang sering dipakai"),
        [Optional()],
        choices=lambda: [(code, str(text)) for code, text in READY.items()],
    )
    reason = TextAreaField(
        _l("Alasan penolakan"),
        [Optional(), Length(max=LONGEST_WORDS - 100)],
        description=_l("Pemohon membaca alasan ini, bersama waktu lain yang masih kosong."),
    )

    def validate(self, extra_validators: object = None) -> bool:
        """Want a reason, ready made or in her own words."""
        valid = bool(super().validate(extra_validators))
        if valid and not self.text:
            self.reason.errors = [*self.reason.errors, str(_l("Pilih atau tulis alasannya."))]
            return False
        return valid

    @property
    def text(self) -> str:
        """The reason as it is told."""
        ready = str(READY.get(self.ready.data or "", ""))
        return " ".join(each for each in (ready, self.reason.data or "") if each)


class AskForm(DecisionForm):
    """What the house wants to know before it decides."""

    question = TextAreaField(
        _l("Pertanyaan"),
        [InputRequired(), Length(max=LONGEST_WORDS)],
        description=_l(
            "Pemohon menjawab di halaman reservasinya. Batas waktu diperpanjang sekali."
        ),
    )


class AnswerForm(BaseForm):
    """Her answer."""

    answer = TextAreaField(_l("Jawaban Anda"), [InputRequired(), Length(max=LONGEST_WORDS)])
