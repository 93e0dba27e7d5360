"""What is read: frozen dataclasses, one module a feature; nothing here writes."""

from packhouse.errors import Malformed

LARGEST_ID = 2**63 - 1


def is_id(text: str) -> bool:
    """Say whether a text is the number of a row."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID


def id_after(cursor: str) -> int:
    """Return the id behind which a page begins. Raises Malformed for a cursor that is none."""
    if not is_id(cursor):
        raise Malformed("cursor_unreadable")
    return int(cursor)
