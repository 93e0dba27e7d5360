"""Forms about houses: what they are, when they work, who is on shift."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from packhouse.domain.businesses import REGENCIES
from packhouse.domain.sites import (
    RAMADAN_HOURS,
    Opening,
    Ramadan,
    parse_hours,
    without_friday_prayer,
)
from packhouse.errors import Malformed
from packhouse.forms import BaseForm, WholeNumberField
from packhouse.forms.slots import DAY_FORMATS
from packhouse.i18n import formats
from packhouse.i18n.locale import current_locale
from packhouse.i18n.messages import problem_text
from packhouse.i18n.names import name_of

TIME_FORMATS = ["%H:%M", "%H.%M", "%H:%M:%S"]
DAY_CODES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = ("Asia/Pontianak", "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")
OWNERS = ("province", "city", "cooperative")
MOST_OPERATORS = 500


def likely_day(_form: BaseForm, field: Any) -> None:
    """Refuse days that only a slip of the finger means."""
    if field.data is not None and not 2000 <= field.data.year <= 2100:
        raise ValidationError(str(_l("Tahun ini tidak mungkin.")))


class HouseForm(BaseForm):
    """What a house is."""

    name = StringField(_l("Nama rumah kemasan"), [InputRequired(), Length(max=120)])
    address = TextAreaField(
        _l("Alamat"),
        [Optional(), Length(max=500)],
        description=_l("Tulis juga patokan yang mudah dicari."),
    )
    owner = SelectField(
        _l("Pemilik"), choices=lambda: [(code, name_of("owner", code)) for code in OWNERS]
    )


class OpenHouseForm(HouseForm):
    """A new house."""

    code = StringField(
        _l("Kode"),
        [InputRequired(), Length(max=40)],
        description=_l("Pendek, tanpa spasi; menjadi awal nomor reservasi. Misalnya PTK."),
    )
    regency = SelectField(
        _l("Kabupaten/kota"),
        choices=lambda: [(each.code, each.name) for each in REGENCIES.values()],
    )
    zone = SelectField(
        _l("Zona waktu"),
        choices=lambda: [(zone, f"{formats.zone_abbreviation(zone)} ({zone})") for zone in ZONES],
    )
    operators = WholeNumberField(
        _l("Operator yang biasa bertugas"),
        [InputRequired(), NumberRange(min=0, max=MOST_OPERATORS)],
        description=_l("Sebanyak ini mesin yang perlu operator dapat berjalan bersamaan."),
    )
    hours = StringField(
        _l("Jam buka"),
        [InputRequired(), Length(max=400)],
        default="sen-kam 07:30-12:00 13:00-16:00; jum 07:30-11:30 13:00-16:30",
        description=_l("Hari lalu jam, hari berikutnya setelah titik koma."),
    )


class PolicyForm(HouseForm):
    """What a house is and promises its guests; the limits are the service's."""

    phone = StringField(_l("Telepon atau WhatsApp rumah kemasan"), [Optional(), Length(max=40)])
    directions = TextAreaField(
        _l("Cara datang"),
        [Optional(), Length(max=500)],
        description=_l("Angkutan, dermaga, tempat parkir, dan di mana menurunkan barang."),
    )
    horizon_days = WholeNumberField(
        _l("Dapat dipesan sampai berapa hari ke depan"), [InputRequired()]
    )
    notice_minutes = WholeNumberField(
        _l("Paling lambat dipesan berapa menit sebelum mulai"), [InputRequired()]
    )
    cancel_hours = WholeNumberField(
        _l("Batal tanpa catatan sampai berapa jam sebelum mulai"), [InputRequired()]
    )
    request_hours = WholeNumberField(
        _l("Permohonan diputuskan dalam berapa jam"), [InputRequired()]
    )
    grace_minutes = WholeNumberField(
        _l("Pelanggan yang terlambat ditunggu berapa menit"), [InputRequired()]
    )
    absence_minutes = WholeNumberField(
        _l("Setelah itu menunggu keputusan petugas berapa menit"),
        [InputRequired()],
        description=_l("Lalu dicatat tidak hadir dengan sendirinya, dan waktunya ditawarkan."),
    )
    overrun_minutes = WholeNumberField(
        _l("Pekerjaan boleh lewat waktu berapa menit"), [InputRequired()]
    )
    delay_minutes = WholeNumberField(
        _l("Atur ulang jadwal bila pelanggan berikutnya mundur berapa menit"), [InputRequired()]
    )
    inform_minutes = WholeNumberField(
        _l("Pergeseran pada hari yang sama cukup diberitahukan sampai berapa menit"),
        [InputRequired()],
        description=_l("Bila lebih, atau ke jenis mesin lain, pelanggan ditanya dahulu."),
    )
    limit_open = WholeNumberField(
        _l("Reservasi yang belum selesai, paling banyak"),
        [Optional()],
        description=_l("Untuk satu usaha pada waktu yang sama. Kosongkan bila tidak dibatasi."),
    )
    limit_week_hours = WholeNumberField(
        _l("Jam mesin sepekan, paling banyak"),
        [Optional()],
        description=_l("Penyiapan dan produksi, di semua mesin. Kosongkan bila tidak dibatasi."),
    )
    limit_month_hours = WholeNumberField(
        _l("Jam mesin sebulan, paling banyak"),
        [Optional()],
        description=_l("Kosongkan bila tidak dibatasi."),
    )


class WorkingTimeForm(BaseForm):
    """A change of working time, and which bookings it leaves without theirs are known already."""

    seen = HiddenField(validators=[Optional(), Length(max=60_000)])

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the bookings that whoever sends it was shown."""
        return frozenset((self.seen.data or "").split())

    def show(self, codes: Iterable[str]) -> None:
        """Note which bookings are shown with the form, for when it is sent again."""
        self.seen.data = " ".join(codes)


class ClosureForm(WorkingTimeForm):
    """Days on which the house is closed."""

    day_from = DateField(
        _l("Hari pertama tutup"), [InputRequired(), likely_day], format=DAY_FORMATS
    )
    day_to = DateField(
        _l("Hari terakhir tutup"),
        [Optional(), likely_day],
        format=DAY_FORMATS,
        description=_l("Kosongkan untuk satu hari."),
    )
    name = StringField(
        _l("Sebab"),
        [InputRequired(), Length(max=120)],
        description=_l("Terlihat oleh pelanggan, misalnya: Perbaikan atap."),
    )


class HoursForm(WorkingTimeForm):
    """The openings of a week, a line a day, for a period."""

    mon = StringField(_l("Senin"), [Optional(), Length(max=60)])
    tue = StringField(_l("Selasa"), [Optional(), Length(max=60)])
    wed = StringField(_l("Rabu"), [Optional(), Length(max=60)])
    thu = StringField(_l("Kamis"), [Optional(), Length(max=60)])
    fri = StringField(_l("Jumat"), [Optional(), Length(max=60)])
    sat = StringField(_l("Sabtu"), [Optional(), Length(max=60)])
    sun = StringField(_l("Minggu"), [Optional(), Length(max=60)])
    valid_from = DateField(_l("Berlaku mulai"), [InputRequired(), likely_day], format=DAY_FORMATS)
    valid_to = DateField(
        _l("Sampai dengan"),
        [Optional(), likely_day],
        format=DAY_FORMATS,
        description=_l("Kosongkan bila berlaku seterusnya. Untuk Ramadan, isi hari terakhirnya."),
    )

    ready = StringField(validators=[Optional(), Length(max=20)])

    def make_ready(self, what: str, ramadan: Ramadan | None) -> None:
        """Fill in what one tap asks for; the other days stay as they are typed.

        "copy": Monday on Tuesday to Thursday; "friday": the prayer's break taken out of Friday;
        "ramadan": the hours of government offices in the fasting month, with its dates.
        """
        if what == "copy":
            for field in self.days[1:4]:
                field.data = self.mon.data
        elif what == "friday":
            self.fri.data = _written(without_friday_prayer(_read("fri", self.fri.data)))
        elif what == "ramadan":
            self.fill(parse_hours(RAMADAN_HOURS).openings)
            if ramadan is not None:
                self.valid_from.data, self.valid_to.data = ramadan.first_day, ramadan.last_day
                # A date field shows what was typed, be it nothing, before what it holds.
                self.valid_from.raw_data = self.valid_to.raw_data = None

    @property
    def week_minutes(self) -> int:
        """The working minutes of the week as far as it can be read, breaks taken out."""
        return sum(
            each.closes - each.opens
            for code, field in zip(DAY_CODES, self.days, strict=True)
            for each in _read(code, field.data)
        )

    @property
    def days(self) -> list[StringField]:
        """Return the fields of the weekdays in order."""
        return [self[code] for code in DAY_CODES]

    def fill(self, openings: Iterable[Opening]) -> None:
        """Write openings into the lines as people write them."""
        for number, field in enumerate(self.days):
            field.data = _written(each for each in openings if each.weekday == number)

    def validate(self, extra_validators: Any = None) -> bool:
        """Read every day by itself, so that a mistake stands beside its day."""
        valid = bool(super().validate(extra_validators))
        for code, field in zip(DAY_CODES, self.days, strict=True):
            try:
                if field.data:
                    parse_hours(f"{code} {_plain(field.data)}")
            except Malformed as wrong:
                problem = wrong.problems[0]
                facts = {**problem.facts, "text": field.data, "position": 1}
                field.errors = [*field.errors, problem_text(problem.code, facts)]
                valid = False
        return valid

    def text(self) -> str:
        """Return the week as the domain reads it; empty if no day is open."""
        return "; ".join(
            f"{code} {_plain(field.data)}"
            for code, field in zip(DAY_CODES, self.days, strict=True)
            if field.data
        )


def _written(openings: Iterable[Opening]) -> str:
    """Write the openings of a day as people write them."""
    return " ".join(
        "–".join(formats.clock(each, locale=current_locale()) for each in (one.opens, one.closes))
        for one in openings
    )


def _read(code: str, text: str | None) -> tuple[Opening, ...]:
    """Read the openings of a day; none where they cannot be read."""
    try:
        return parse_hours(f"{code} {_plain(text or '')}").openings
    except Malformed:
        return ()


def _plain(text: str) -> str:
    """Take the dashes, commas and spaces of people out of the times of a day."""
    text = text.replace("\u2013", "-").replace("\u2014", "-").replace(",", " ")
    for word in (" s.d. ", " sampai ", " - "):
        text = text.replace(word, "-")
    return " ".join(text.replace(" -", "-").replace("- ", "-").replace(";", " ").split())


class ShiftForm(WorkingTimeForm):
    """Another number of operators for some hours of a local day."""

    day = DateField(_l("Hari"), [InputRequired(), likely_day], format=DAY_FORMATS)
    from_time = TimeField(_l("Dari jam"), [InputRequired()], format=TIME_FORMATS)
    to_time = TimeField(_l("Sampai jam"), [InputRequired()], format=TIME_FORMATS)
    last_day = DateField(
        _l("Sampai dengan hari"),
        [Optional(), likely_day],
        format=DAY_FORMATS,
        description=_l("Jam yang sama setiap hari. Kosongkan untuk satu hari."),
    )
    operators = WholeNumberField(
        _l("Jumlah operator"), [InputRequired(), NumberRange(min=0, max=MOST_OPERATORS)]
    )

    @property
    def days(self) -> int:
        """On how many days in a row; only for a form that was found valid."""
        chosen: dict[str, Any] = self.data
        last = chosen["last_day"] or chosen["day"]
        return int((last - chosen["day"]).days) + 1

    def instants(self, zone: str) -> tuple[datetime, datetime]:
        """Return both ends in UTC; only for a form that was found valid."""
        from_at, to_at = (
            _instant(self.day.data, field.data, zone) for field in (self.from_time, self.to_time)
        )
        return from_at, to_at


def _instant(day: Any, wall: Any, zone: str) -> datetime:
    return datetime.combine(day, wall, tzinfo=ZoneInfo(zone)).astimezone(UTC)


class OperatorsForm(WorkingTimeForm):
    """The usual number of operators."""

    usual = WholeNumberField(
        _l("Operator yang biasa bertugas"),
        [InputRequired(), NumberRange(min=0, max=MOST_OPERATORS)],
    )


class HolidayForm(WorkingTimeForm):
    """What becomes of a proposed holiday."""

    decision = StringField()


class PeriodForm(WorkingTimeForm):
    """Which hours are meant; the last day is empty where they go on."""

    valid_from = DateField(validators=[InputRequired()])
    valid_to = DateField(validators=[Optional()])


class UndoForm(WorkingTimeForm):
    """Nothing but what is known already."""


class StandardForm(BaseForm):
    """What a house promises in its own words."""

    text = TextAreaField(
        _l("Janji pelayanan rumah kemasan ini"),
        [Optional(), Length(max=4000)],
        description=_l("Tampil di standar pelayanan, dengan tanggalnya. Kosongkan untuk mencabut."),
    )
