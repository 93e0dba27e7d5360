"""Forms about businesses: their papers, their level, their people and members."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from packhouse.domain.businesses import REGENCIES, BusinessKind, Level, Size
from packhouse.forms import IdempotentForm
from packhouse.forms.slots import AddressForm
from packhouse.forms.users import LONGEST_EMAIL
from packhouse.i18n.names import name_of, regency_name
from packhouse.queries.businesses import BusinessItem
from packhouse.services.businesses import Papers


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
    size = RadioField(
        _l("Ukuran usaha"),
        [InputRequired()],
        choices=lambda: [(str(each), name_of("size", each)) for each in Size],
        description=_l("Dari penjualan setahun terakhir; usaha baru dari modalnya."),
    )
    nib = StringField(
        _l("NIB"),
        [Optional(), Length(max=30)],
        description=_l("13 angka. Kosongkan bila belum punya; uji coba tetap dapat dipesan."),
    )

    def fill(self, known: BusinessItem) -> None:
        """Show a business as it is."""
        for name in ("name", "kind", "size", "nib"):
            self[name].data = getattr(known, name)
        self.regency.data = known.regency_code
        if known.regency_code not in REGENCIES:
            self.allow_regency(known.regency_code)

    def allow_regency(self, code: str) -> None:
        """Offer a regency of another province, where the business is already."""
        listed = [(known, each.name) for known, each in REGENCIES.items()]
        self.regency.choices = [*listed, (code, regency_name(code))]

    def papers(self) -> Papers:
        """Return what was told."""
        return Papers(
            name=self.name.data or "",
            regency=self.regency.data,
            size=self.size.data or "",
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
