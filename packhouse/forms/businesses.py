"""Forms about businesses: their papers, their level, their people and members."""

from collections.abc import Iterable
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from packhouse.domain.businesses import (
    ABOVE,
    NO_YEAR_YET,
    REGENCIES,
    Basis,
    BusinessKind,
    Level,
    PaperKind,
    Size,
    size_by_bands,
)
from packhouse.forms import BaseForm, IdempotentForm
from packhouse.forms.slots import DAY_FORMATS, AddressForm, known_id
from packhouse.forms.users import LONGEST_EMAIL
from packhouse.i18n.names import name_of, regency_name
from packhouse.queries.businesses import BusinessItem
from packhouse.services.businesses import Papers, Told

# The bounds of PP 7/2021 article 35; the class behind each band is the rule's, not the form's.
SALES: tuple[tuple[str, LazyString], ...] = (
    (Size.MICRO, _l("Sampai Rp 2 miliar")),
    (Size.SMALL, _l("Lebih dari Rp 2 miliar sampai Rp 15 miliar")),
    (Size.MEDIUM, _l("Lebih dari Rp 15 miliar sampai Rp 50 miliar")),
    (ABOVE, _l("Lebih dari Rp 50 miliar")),
    (NO_YEAR_YET, _l("Belum setahun berjualan")),
)
CAPITAL: tuple[tuple[str, LazyString], ...] = (
    ("", _l("Tidak perlu diisi")),
    (Size.MICRO, _l("Sampai Rp 1 miliar")),
    (Size.SMALL, _l("Lebih dari Rp 1 miliar sampai Rp 5 miliar")),
    (Size.MEDIUM, _l("Lebih dari Rp 5 miliar sampai Rp 10 miliar")),
    (ABOVE, _l("Lebih dari Rp 10 miliar")),
)


class FindBusinessForm(AddressForm):
    """A part of the name or the whole NIB, a place, a level."""

    q = StringField(_l("Nama atau NIB"), [Optional(), Length(max=120)])
    regency = SelectField(
        _l("Kabupaten/kota"),
        [Optional()],
        choices=lambda: [("", _l("Semua")), *((c, each.name) for c, each in REGENCIES.items())],
    )
    level = SelectField(
        _l("Tingkat"),
        [Optional()],
        choices=lambda: [("", _l("Semua")), *((str(e), name_of("level", e)) for e in Level)],
    )


class PapersForm(IdempotentForm):
    """What a business tells about itself."""

    name = StringField(_l("Nama usaha"), [InputRequired(), Length(max=120)])
    kind = RadioField(
        _l("Jenis"),
        [InputRequired()],
        choices=lambda: [(str(each), name_of("business_kind", each)) for each in BusinessKind],
        default=BusinessKind.UMKM,
    )
    regency = SelectField(
        _l("Kabupaten/kota"),
        choices=lambda: [(code, each.name) for code, each in REGENCIES.items()],
    )
    village = StringField(
        _l("Desa/kelurahan"), [Optional(), Length(max=120)], description=_l("Tempat usaha bekerja.")
    )
    phone = StringField(
        _l("Nomor ponsel usaha"),
        [Optional(), Length(max=30)],
        description=_l("Misalnya 0812 3456 7890."),
    )
    sales = RadioField(
        _l("Penjualan setahun terakhir"),
        [InputRequired()],
        choices=lambda: list(SALES),
        description=_l("Cukup kira-kira; yang disimpan hanya golongannya, bukan jumlahnya."),
    )
    capital = SelectField(
        _l("Modal, tanpa tanah dan bangunan"),
        choices=lambda: list(CAPITAL),
        description=_l("Hanya bila belum setahun berjualan."),
    )
    nib = StringField(
        _l("NIB"),
        [Optional(), Length(max=30)],
        description=_l("13 angka. Kosongkan bila belum punya; uji coba tetap dapat dipesan."),
    )

    def fill(self, known: BusinessItem) -> None:
        """Show a business as it is."""
        for name in ("name", "kind", "village", "phone", "nib"):
            self[name].data = getattr(known, name)
        by_capital = known.size_basis == Basis.CAPITAL
        self.sales.data = NO_YEAR_YET if by_capital else known.size
        self.capital.data = known.size if by_capital else ""
        self.regency.data = known.regency_code
        if known.regency_code not in REGENCIES:
            self.allow_regency(known.regency_code)

    def allow_regency(self, code: str) -> None:
        """Offer a regency of another province, where the business is already."""
        listed = [(known, each.name) for known, each in REGENCIES.items()]
        self.regency.choices = [*listed, (code, regency_name(code))]

    def validate_capital(self, field: Any) -> None:
        """Ask for the capital where no year of sales decides."""
        if self.sales.data == NO_YEAR_YET and not field.data:
            raise ValidationError(str(_l("Pilih modalnya, karena belum ada penjualan setahun.")))

    def papers(self) -> Papers:
        """Return what was told."""
        judged = size_by_bands(sales=self.sales.data or "", capital=self.capital.data or "")
        return Papers(
            name=self.name.data or "",
            regency=self.regency.data,
            size=(judged.size or ABOVE) if judged else "",
            size_basis=judged.basis if judged else Basis.STATED,
            village=self.village.data or "",
            phone=self.phone.data or "",
            kind=self.kind.data or "",
            nib=self.nib.data or "",
        )


class RegisterForm(PapersForm):
    """A business that is new to the house."""

    level = RadioField(
        _l("Dokumen yang sudah Anda lihat"),
        [InputRequired()],
        choices=lambda: [(str(each), name_of("level", each)) for each in Level],
        default=Level.TRIAL,
    )
    owner = StringField(
        _l("Surel pemilik"),
        [Optional(), Length(max=LONGEST_EMAIL)],
        description=_l("Akun pelaku UMKM yang sudah ada. Boleh diisi nanti."),
    )


class LevelForm(IdempotentForm):
    """How far the papers of a business have come."""

    level = RadioField(
        _l("Dokumen yang sudah Anda lihat"),
        [InputRequired()],
        choices=lambda: [(str(each), name_of("level", each)) for each in Level],
    )


class PersonOfBusinessForm(IdempotentForm):
    """Somebody who may act for a business."""

    email = StringField(
        _l("Surel"),
        [InputRequired(), Length(max=LONGEST_EMAIL)],
        description=_l("Orang itu harus sudah mempunyai akun pelaku UMKM."),
    )
    is_owner = BooleanField(
        _l("Pemilik"), description=_l("Pemilik boleh mengubah data usaha dan orang-orangnya.")
    )


class MemberForm(IdempotentForm):
    """A business that a cooperative books for."""

    member = StringField(
        _l("NIB atau nomor usaha"),
        [InputRequired(), Length(max=30)],
        description=_l("Nomor usaha tertulis di halaman usahanya, misalnya 27."),
    )


class InvitationForm(IdempotentForm):
    """Somebody who is invited to act for a business."""

    name = StringField(
        _l("Nama orang"),
        [InputRequired(), Length(max=120)],
        description=_l("Supaya Anda tahu undangan ini untuk siapa."),
    )
    is_owner = BooleanField(
        _l("Pemilik"), description=_l("Pemilik boleh mengubah data usaha dan orang-orangnya.")
    )


class RoleForm(IdempotentForm):
    """What a person of a business may do."""

    is_owner = BooleanField(_l("Pemilik"))


class PaperForm(IdempotentForm):
    """A paper as it is printed; `seen` is for the front desk, which has it before it."""

    kind = SelectField(
        _l("Jenis dokumen"),
        [InputRequired()],
        choices=lambda: [(str(each), name_of("paper", each)) for each in PaperKind],
    )
    product = SelectField(_l("Untuk produk"), [Optional()], coerce=known_id)
    number = StringField(
        _l("Nomor"),
        [Optional(), Length(max=60)],
        description=_l("Seperti tercetak pada dokumen."),
    )
    title = StringField(
        _l("Nama dokumen"),
        [Optional(), Length(max=120)],
        description=_l("Hanya untuk dokumen lain."),
    )
    issued_on = DateField(_l("Tanggal terbit"), [Optional()], format=DAY_FORMATS)
    expires_on = DateField(
        _l("Berlaku sampai"),
        [Optional()],
        format=DAY_FORMATS,
        description=_l("Kosongkan bila tidak tertulis. Kami mengingatkan Anda sebelum berakhir."),
    )
    seen = BooleanField(
        _l("Aslinya sudah saya lihat"),
        description=_l("Dokumen langsung tercatat sudah diperiksa, atas nama Anda."),
    )

    def offer_products(self, products: Iterable[tuple[int, str]]) -> None:
        """List what a paper can be about."""
        self.product.choices = [("", _l("Usaha ini, semua produknya")), *products]

    def told(self) -> Told:
        """Return what the paper says."""
        return Told(
            kind=self.kind.data or "",
            number=self.number.data or "",
            title=self.title.data or "",
            issued_on=self.issued_on.data,
            expires_on=self.expires_on.data,
            product_id=self.product.data or None,
        )


class VerdictForm(IdempotentForm):
    """What an officer says of a paper."""

    remark = TextAreaField(
        _l("Keterangan"),
        [Optional(), Length(max=500)],
        description=_l("Wajib bila tidak diterima atau dicabut; pemilik usaha membacanya."),
    )


class DismissForm(BaseForm):
    """Why two records that look like one business are two; ``page`` leads back to the first."""

    page = HiddenField()
    reason = StringField(
        _l("Alasan"),
        [Optional(), Length(max=500)],
        description=_l("Misalnya: kakak dan adik dengan satu nomor ponsel."),
    )


class MergeForm(IdempotentForm):
    """Into which business another one goes, and why."""

    into = HiddenField()
    reason = TextAreaField(
        _l("Alasan"),
        [InputRequired(), Length(max=500)],
        description=_l("Misalnya: mendaftar dua kali, sudah dikonfirmasi lewat telepon."),
    )
