"""What invented producers pack and what invented houses pack it on, as found in Kalimantan Barat.

Tariffs and prices of machines are examples; no real house charges them.
"""

from dataclasses import dataclass

from packhouse.services.products import Recipe

PASSWORD = "lempok-amplang-madu"  # noqa: S105  It is printed, and opens invented accounts only.
LEGAL_BASIS = "Tarif contoh, bukan Perda"
HOURS = "mon-thu 07:30-12:00 13:00-16:00; fri 07:30-11:30 13:00-16:30"
RAMADAN_HOURS = "mon-thu 08:00-12:00 12:30-15:00; fri 08:00-11:30 12:30-15:30"


@dataclass(frozen=True, slots=True)
class Model:
    """A sort of machine: its kind, what it is called, its example tariff, and what it cost."""

    kind: str
    name: str
    per_hour: int
    value: int
    lane: str = "halal"
    needs_approval: bool = False


MODELS: dict[str, Model] = {
    "BAND": Model("band_sealer", "Continuous band sealer", 15_000, 4_500_000),
    "GAS": Model("gas_band_sealer", "Band sealer dengan gas", 20_000, 12_500_000),
    "VAK": Model("vacuum_single", "Vakum chamber tunggal", 20_000, 9_800_000),
    "VAKG": Model("vacuum_double", "Vakum chamber ganda", 25_000, 28_000_000),
    "VFFS": Model("vffs", "VFFS mini", 60_000, 148_000_000, needs_approval=True),
    "PISTON": Model("piston_filler", "Pengisi cairan piston", 25_000, 17_500_000),
    "AUGER": Model("auger_filler", "Pengisi bubuk auger", 25_000, 36_000_000),
    "CUP": Model("cup_sealer", "Cup sealer", 10_000, 3_900_000),
    "TEH": Model("tea_bagger", "Mesin teh celup", 45_000, 165_000_000, needs_approval=True),
    "INJAK": Model("pedal_sealer", "Sealer injak", 0, 1_200_000),
    "TANGAN": Model("hand_sealer", "Sealer tangan", 0, 350_000),
    "SUSUT": Model("shrink_tunnel", "Shrink tunnel", 25_000, 19_000_000),
    "LABEL": Model("labeller", "Pelabel botol", 10_000, 14_000_000),
    "KODE": Model("coder", "Coder tanggal", 10_000, 22_000_000),
    "TIMBANG": Model("weigh_filler", "Timbang-isi", 15_000, 24_000_000),
    "ALIR": Model("flow_wrapper", "Flow wrapper", 50_000, 95_000_000),
    "NHINJAK": Model("pedal_sealer", "Sealer injak (non-halal)", 0, 1_200_000, "non_halal"),
    "NHVAK": Model("vacuum_single", "Vakum tunggal (non-halal)", 20_000, 9_800_000, "non_halal"),
}

RECIPES: dict[str, Recipe] = {
    "amplang": Recipe("Amplang ikan tenggiri", "pouch_100", allergens=("fish", "egg")),
    "ikan_asin": Recipe("Ikan asin", "vacuum_bag", allergens=("fish",), aroma="terasi"),
    "ebi": Recipe("Ebi kering", "vacuum_bag", allergens=("crustacean",), aroma="terasi"),
    "terasi": Recipe("Terasi udang", "pouch_250", allergens=("crustacean",), aroma="terasi"),
    "keripik": Recipe("Keripik pisang", "pouch_100"),
    "keladi": Recipe("Keripik keladi", "pouch_250"),
    "singkong": Recipe("Keripik singkong balado", "pouch_100", aroma="spice"),
    "lempok": Recipe("Lempok durian", "vacuum_bag", aroma="durian", wet=True),
    "salai": Recipe("Pisang salai", "vacuum_bag"),
    "madu": Recipe("Madu hutan", "bottle_250", wet=True),
    "kelulut": Recipe("Madu kelulut", "jar", wet=True),
    "kopi": Recipe("Kopi liberika bubuk", "valve_pouch", aroma="coffee"),
    "teh": Recipe("Teh lidah buaya celup", "tea_bag"),
    "sambal": Recipe("Sambal terasi", "jar", allergens=("crustacean",), aroma="terasi", wet=True),
    "lidah_buaya": Recipe("Nata lidah buaya", "cup_220", wet=True),
    "stik": Recipe(
        "Stik bawang", "pillow_pack", allergens=("gluten", "egg", "milk"), aroma="onion"
    ),
    "kue": Recipe("Kue semprong", "pouch_250", allergens=("gluten", "egg", "milk")),
    "kacang": Recipe("Kacang goreng", "pouch_100", allergens=("peanut",)),
    "gula": Recipe("Gula aren semut", "standing_pouch"),
    "dendeng": Recipe("Dendeng babi", "vacuum_bag", lane="non_halal", aroma="spice"),
    "lapciong": Recipe("Lap cheong", "pouch_250", lane="non_halal", allergens=("soy",)),
    "bakso": Recipe("Bakso ikan kaleng", "can", allergens=("fish",), wet=True),
}
