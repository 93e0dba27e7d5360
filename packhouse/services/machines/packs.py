"""The packs of a machine, and at which rate it packs each."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from packhouse.domain.bookings import HOLDING
from packhouse.domain.users import Actor
from packhouse.errors import Problem
from packhouse.models.bookings import Booking
from packhouse.models.machines import Machine, MachinePack, RateDecision
from packhouse.models.products import Product
from packhouse.services.machines.drafts import Draft


def new_packs(machine: Machine, draft: Draft) -> Iterable[MachinePack]:
    """Return the rows of a new machine's packs."""
    return (
        MachinePack(machine_id=machine.id, pack=pack, rate_per_minute=rate)
        for pack, rate in sorted(_rates(draft.packs).items())
    )


def repack(
    session: Session,
    machine: Machine,
    draft: Draft,
    *,
    rate_was: float,
    actor: Actor,
    now: datetime,
) -> list[str] | None:
    """Change the packs that differ; return what they were, None if they are the same.

    What runs taught of a pack that stays is kept. A pack that is planned with another rate from
    now on, its own or the machine's (``rate_was`` before), gets a line in its history of rates.
    """
    rows = session.scalars(select(MachinePack).where(MachinePack.machine_id == machine.id))
    known = {row.pack: row for row in rows}
    before = {pack: row.rate_per_minute for pack, row in known.items()}
    wanted = _rates(draft.packs)
    for pack in wanted.keys() & before.keys():
        was, will = before[pack] or rate_was, wanted[pack] or machine.rate_per_minute
        if was != will:
            session.add(
                RateDecision(
                    machine_id=machine.id,
                    pack=pack,
                    action="set",
                    rate_before=was,
                    rate=will,
                    decided_by=actor.id,
                    decided_at=now,
                )
            )
        known[pack].rate_per_minute = wanted[pack]
    if before == wanted:
        return None
    session.execute(
        delete(MachinePack).where(
            MachinePack.machine_id == machine.id, MachinePack.pack.not_in(wanted)
        )
    )
    session.add_all(
        MachinePack(machine_id=machine.id, pack=pack, rate_per_minute=wanted[pack])
        for pack in sorted(wanted.keys() - before.keys())
    )
    return sorted(before)


def _rates(packs: Mapping[str, Decimal | None]) -> dict[str, float | None]:
    return {pack: None if rate is None else float(rate) for pack, rate in packs.items()}


def problems_with_packs(session: Session, machine: Machine, draft: Draft) -> list[Problem]:
    """Return the packs that are to go though somebody has booked them."""
    booked = session.execute(
        select(Product.pack, func.count().label("bookings"))
        .join(Booking, Booking.product_id == Product.id)
        .where(Booking.machine_id == machine.id, Booking.state.in_(HOLDING))
        .group_by(Product.pack)
        .order_by(Product.pack)
    )
    return [
        Problem("pack_has_bookings", {"pack": row.pack, "bookings": row.bookings})
        for row in booked
        if row.pack not in draft.packs
    ]
