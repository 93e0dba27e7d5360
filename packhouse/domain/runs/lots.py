"""What a lot is called: the words on a pack by which it can be called back."""

from collections.abc import Mapping
from datetime import date


def lot_stem(*, site: str, machine: str, day: date) -> str:
    """Return what the lots of one machine and local day have in common: PTK-261124-M3.

    Where a machine's code begins with its site's, the site is not said twice.
    """
    short = machine.removeprefix(f"{site}-")
    return f"{site}-{day:%y%m%d}-{short or machine}"


def numbered_lot(stem: str, number: int) -> str:
    """Return the lot of the so-many-th run, from 1: PTK-261124-M3-01."""
    return f"{stem}-{number:02}"


def lot_of_line(line: str, number: int) -> str:
    """Return the lot of a run of an order's row, whose name is printed before it is packed.

    A row that is packed in several runs has several lots, from 1; the first is the row's own.
    """
    return line if number == 1 else f"{line}-{number}"


# What a label must say by Indonesian food law (UU 18/2012, PP 69/1999), in the order it is read.
LABEL_FIELDS = ("product", "producer", "net", "ingredients", "packed", "expiry", "lot", "licence")


def label_gaps(known: Mapping[str, str], *, halal: bool) -> tuple[str, ...]:
    """Return which fields of a label are not known yet; ``halal`` products name their number.

    What comes from a lane that is not halal must say so (UU 33/2014 art. 26).
    """
    wanted = (*LABEL_FIELDS, "halal" if halal else "not_halal")
    return tuple(each for each in wanted if not known.get(each, "").strip())
