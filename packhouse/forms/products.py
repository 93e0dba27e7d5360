"""The form of a product: what decides machine, lane and cleaning, asked in plain words."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from packhouse.domain.products import Allergen, Aroma, Lane
from packhouse.forms import IdempotentForm
from packhouse.forms.machines import by_catalogue
from packhouse.forms.slots import known_id
from packhouse.i18n.names import name_of
from packhouse.queries.machines import PackItem
from packhouse.queries.products import ProductItem
from packhouse.services.products import Recipe


class ProductNameForm(IdempotentForm):
    """What of a booked product may still change."""

    name = StringField(
        _l("Nama produk"),
        [InputRequired(), Length(max=120)],
        description=_l("Seperti Anda menyebutnya, misalnya Amplang ikan tenggiri."),
    )


class ProductForm(ProductNameForm):
    """A product."""

    business = SelectField(_l("Untuk usaha"), [InputRequired()], coerce=known_id)
    pack = SelectField(
        _l("Kemasan"),
        [InputRequired()],
        description=_l("Satu produk satu kemasan. Untuk ukuran lain, catat produk lain."),
    )
    allergens = SelectMultipleField(
        _l("Mengandung"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        choices=lambda: [(str(each), name_of("allergen", each)) for each in Allergen],
        description=_l(
            "Centang semua yang ada di dalamnya, juga sedikit. Kosongkan bila tidak ada."
        ),
    )
    aroma = SelectField(
        _l("Aroma kuat"),
        choices=lambda: [(str(each), name_of("aroma", each)) for each in Aroma],
        default=Aroma.NONE,
        description=_l("Yang masih tercium setelah mesin dilap."),
    )
    wet = BooleanField(
        _l("Basah atau berminyak"),
        description=_l("Meninggalkan lapisan pada mesin, misalnya sambal, madu, atau gorengan."),
    )
    lane = RadioField(
        _l("Jalur"),
        [InputRequired()],
        choices=lambda: [(str(each), name_of("lane", each)) for each in Lane],
        default=Lane.HALAL,
        description=_l("Produk halal dan non-halal tidak pernah memakai mesin yang sama."),
    )

    def offer_packs(self, packs: Iterable[PackItem]) -> None:
        """List what can be asked for."""
        named = [(each.code, name_of("pack", each.code)) for each in by_catalogue(packs)]
        self.pack.choices = [("", _l("Pilih kemasan")), *named]

    def fill(self, known: ProductItem) -> None:
        """Show a product as it is."""
        self.business.data = known.business_id
        for name in ("name", "pack", "lane", "aroma", "wet"):
            self[name].data = getattr(known, name)
        self.allergens.data = list(known.allergens)

    def recipe(self) -> Recipe:
        """Return what was told."""
        return Recipe(
            name=self.name.data or "",
            pack=self.pack.data or "",
            lane=self.lane.data or "",
            allergens=tuple(self.allergens.data or ()),
            aroma=self.aroma.data or "",
            wet=self.wet.data,
        )
