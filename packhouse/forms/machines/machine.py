"""Forms about machines: what one is, what an hour costs, and when it stops."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from packhouse.domain.machines import (
    ASSET_FIELDS,
    KINDS,
    FundKind,
    KindDefaults,
    MachineKind,
    tidy_asset_code,
)
from packhouse.domain.products import PACKS, Lane
from packhouse.forms import BaseForm, WholeNumberField
from packhouse.forms.sites import TIME_FORMATS, likely_day
from packhouse.forms.slots import DAY_FORMATS, AddressForm
from packhouse.i18n import formats
from packhouse.i18n.locale import current_locale
from packhouse.i18n.names import name_of
from packhouse.queries.machines import MachineDetail, PackItem
from packhouse.services.machines import CONDITIONS, Draft

MOST_MINUTES = 24 * 60
MOST_RUPIAH = 10**12


class RateField(StringField):
    """Packs a minute as people write them: 12,5 or 12.5; its data is a Decimal."""

    typed: str | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number."""
        self.data: Any = None
        self.typed = valuelist[0] if valuelist else ""
        if not self.typed.strip():
            self.raw_data = []  # Spaces are no input.
            return
        self.data = read_rate(self.typed)

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        if self.data is None:
            return ""
        return formats.number(self.data, locale=current_locale(), digits=3)


def read_rate(text: str) -> Decimal:
    """Read a rate. Raises ValueError with a sentence."""
    try:
        rate = Decimal(text.strip().replace(",", ".")) if len(text) < 20 else Decimal("NaN")
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite():
        raise ValueError(str(_l("Isi dengan angka, misalnya 12,5.")))
    return rate


def _minutes(label: Any) -> WholeNumberField:
    return WholeNumberField(label, [InputRequired(), NumberRange(min=0, max=MOST_MINUTES)])


def _asset(label: Any) -> StringField:
    return StringField(label, [Optional(), Length(max=200)])


def by_catalogue(packs: Iterable[PackItem]) -> list[PackItem]:
    """Return packs in the order of the catalogue, small before large; unknown ones last."""
    places = {code: place for place, code in enumerate(PACKS)}
    return sorted(packs, key=lambda each: (places.get(each.code, len(places)), each.code))


class FindMachineForm(AddressForm):
    """Where and of which kind."""

    site = SelectField(_l("Rumah kemasan"), [Optional()])
    kind = SelectField(_l("Jenis mesin"), [Optional()])


class KindForm(AddressForm):
    """The first step of a new machine: its planning values follow from its kind."""

    site = SelectField(_l("Rumah kemasan"), [InputRequired()])
    kind = SelectField(
        _l("Jenis mesin"),
        [InputRequired()],
        choices=lambda: [(str(kind), name_of("kind", kind)) for kind in MachineKind],
    )


class MachineForm(BaseForm):
    """A machine; what is possible, planning says."""

    code = StringField(
        _l("Kode mesin"),
        [InputRequired(), Length(max=40)],
        description=_l("Ditempel pada mesin dan tidak berubah lagi, misalnya PTK-BS-1."),
    )
    name = StringField(_l("Nama mesin"), [InputRequired(), Length(max=120)])
    kind = HiddenField()
    lane = RadioField(
        _l("Jalur"),
        [InputRequired()],
        choices=lambda: [(str(lane), name_of("lane", lane)) for lane in Lane],
        description=_l("Jalur tidak dapat diubah lagi: alat satu jalur tidak pernah berpindah."),
    )
    packs = SelectMultipleField(
        _l("Kemasan yang dapat dikerjakan"),
        [InputRequired()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    rate_per_minute = RateField(_l("Laju"), [InputRequired()])
    rates = StringField(
        _l("Laju khusus per kemasan"),
        [Optional(), Length(max=500)],
        description=_l("Hanya bila berbeda. Misalnya: pouch_250 = 10; jar = 8,5"),
    )
    setup_minutes = _minutes(_l("Persiapan mesin"))
    cleaning_minutes_1 = _minutes(_l("Sikat dan lap"))
    cleaning_minutes_2 = _minutes(_l("Bersih aroma"))
    cleaning_minutes_3 = _minutes(_l("Bersih alergen"))
    attended = BooleanField(
        _l("Perlu operator selama berjalan"),
        description=_l("Bila tidak, pelaku usaha yang sudah dilatih menjalankannya sendiri."),
    )
    needs_approval = BooleanField(
        _l("Setiap reservasi perlu persetujuan"),
        description=_l("Permohonan menahan waktunya sampai Anda memutuskan."),
    )
    commissioned_on = DateField(
        _l("Mulai beroperasi"), [InputRequired(), likely_day], format=DAY_FORMATS
    )
    asset_code = StringField(
        _l("Kode barang"),
        [Optional(), Length(max=60)],
        filters=[lambda text: tidy_asset_code(text) if text else text],
        description=_l("Kelompok angka dengan titik, misalnya 1.3.2.08.01.41."),
    )
    asset_number = StringField(
        _l("NUP"),
        [Optional(), Length(max=20)],
        description=_l("Nomor urut pendaftaran, paling banyak enam angka."),
    )
    acquired_year = WholeNumberField(_l("Tahun perolehan"), [Optional()])
    acquisition_value = WholeNumberField(
        _l("Nilai perolehan"), [Optional(), NumberRange(min=0, max=MOST_RUPIAH)]
    )
    fund_kind = SelectField(
        _l("Sumber dana"),
        [Optional()],
        choices=lambda: [
            ("", _l("Belum diisi")),
            *((str(each), name_of("fund", each)) for each in FundKind),
        ],
    )
    fund_source = _asset(_l("Keterangan sumber dana"))
    holder = StringField(
        _l("Pemegang barang"),
        [Optional(), Length(max=200)],
        description=_l("Nama kantor atau unit, tanpa nama orang dan NIP."),
    )
    condition = SelectField(
        _l("Kondisi"), choices=lambda: [(code, name_of("condition", code)) for code in CONDITIONS]
    )

    def offer_packs(self, packs: Iterable[PackItem]) -> None:
        """List what may be chosen."""
        self.packs.choices = [
            (each.code, name_of("pack", each.code)) for each in by_catalogue(packs)
        ]

    def fill_usual(self, usual: KindDefaults) -> None:
        """Propose the planning values of a kind."""
        self.rate_per_minute.data = usual.rate_per_minute
        self.packs.data = sorted(usual.packs)
        self._fill_minutes(usual.setup_minutes, usual.cleaning_minutes)
        self.attended.data = usual.attended

    def fill(self, known: MachineDetail) -> None:
        """Show a machine as it is."""
        machine = known.machine
        for name in ("code", "name", "kind", "lane", "attended", "needs_approval"):
            self[name].data = getattr(machine, name)
        for name in ASSET_FIELDS:
            self[name].data = getattr(known.asset, name)
        self.packs.data = list(machine.packs)
        self.rate_per_minute.data = Decimal(str(machine.rate_per_minute))
        self.rates.data = "; ".join(
            f"{pack} = {formats.number(rate, locale=current_locale(), digits=3)}"
            for pack, rate in known.rates.items()
            if rate is not None
        )
        self._fill_minutes(machine.setup_minutes, machine.cleaning_minutes)
        self.commissioned_on.data = machine.commissioned_at.astimezone(
            ZoneInfo(machine.zone)
        ).date()

    def _fill_minutes(self, setup: int, cleaning: tuple[int, int, int]) -> None:
        self.setup_minutes.data = setup
        for level, minutes in enumerate(cleaning, start=1):
            self[f"cleaning_minutes_{level}"].data = minutes

    def validate_rates(self, field: Any) -> None:
        """Say what cannot be read."""
        try:
            _read_rates(field.data or "")
        except ValueError as unreadable:
            raise ValidationError(str(unreadable)) from None

    def draft(self, *, zone: str, commissioned_at: datetime | None = None) -> Draft:
        """Return the machine as described; ``commissioned_at`` is kept while its day is."""
        day: Any = self.commissioned_on.data
        midnight = datetime.combine(day, time(), tzinfo=ZoneInfo(zone))
        kept = commissioned_at and commissioned_at.astimezone(ZoneInfo(zone)).date()
        same_day = kept == midnight.date()
        own = _read_rates(self.rates.data or "")
        return Draft(
            code=self.code.data or "",
            name=self.name.data or "",
            kind=self.kind.data or "",
            lane=self.lane.data or "",
            packs={pack: own.get(pack) for pack in self.packs.data or ()},
            rate_per_minute=self.rate_per_minute.data,
            setup_minutes=self.setup_minutes.data or 0,
            cleaning_minutes=(
                self.cleaning_minutes_1.data or 0,
                self.cleaning_minutes_2.data or 0,
                self.cleaning_minutes_3.data or 0,
            ),
            attended=self.attended.data,
            needs_approval=self.needs_approval.data,
            commissioned_at=(commissioned_at if same_day else None) or midnight.astimezone(UTC),
            asset_code=self.asset_code.data or "",
            asset_number=self.asset_number.data or "",
            acquired_year=self.acquired_year.data,
            acquisition_value=self.acquisition_value.data,
            fund_kind=self.fund_kind.data or "",
            fund_source=self.fund_source.data or "",
            holder=self.holder.data or "",
            condition=self.condition.data,
        )


def _read_rates(text: str) -> Mapping[str, Decimal]:
    rates = {}
    for part in text.split(";"):
        if part.strip():
            pack, _, rate = part.partition("=")
            rates[pack.strip()] = read_rate(rate)
    return rates


class NewMachineForm(MachineForm):
    """A machine that is new, with its first tariff."""

    site = HiddenField()
    tariff_per_hour = WholeNumberField(
        _l("Tarif per jam"), [InputRequired(), NumberRange(min=0)], default=0
    )
    legal_basis = StringField(
        _l("Dasar hukum tarif"),
        [Optional(), Length(max=200)],
        description=_l("Nomor peraturan atau keputusan yang menetapkannya."),
    )


class TariffForm(BaseForm):
    """What an hour costs from a day on."""

    per_hour = WholeNumberField(_l("Tarif per jam"), [InputRequired(), NumberRange(min=0)])
    valid_from = DateField(_l("Berlaku mulai"), [InputRequired(), likely_day], format=DAY_FORMATS)
    legal_basis = StringField(
        _l("Dasar hukum"),
        [Optional(), Length(max=200)],
        description=_l("Wajib bila tarifnya lebih dari nol."),
    )


class RetireForm(BaseForm):
    """When a machine stops, and why."""

    day = DateField(_l("Tidak dipakai lagi mulai"), [InputRequired(), likely_day],
                    format=DAY_FORMATS)  # fmt: skip
    time = TimeField(_l("Jam"), [InputRequired()], format=TIME_FORMATS, default=time())
    reason = StringField(_l("Alasan"), [InputRequired(), Length(max=200)])


def usual_values(kind: str) -> KindDefaults | None:
    """Return the planning values of a kind; None for one the catalogue does not know."""
    return KINDS.get(MachineKind(kind)) if kind in set(MachineKind) else None
