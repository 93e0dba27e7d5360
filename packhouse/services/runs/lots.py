"""The lot of a run: named when it begins, and kept whatever happens."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from packhouse.domain.runs import lot_of_line, lot_stem, numbered_lot
from packhouse.models.bookings import Booking, JobLine
from packhouse.models.runs import Run
from packhouse.services.slots import Place


def name_lot(session: Session, *, run: Run, booking: Booking, spot: Place) -> None:
    """Name the lot of a run that begins: by its order's row, else by house, day and machine.

    The machine's row is locked, so two runs of one machine never reach for one number.
    """
    if run.lot_code is not None:
        return
    line = session.scalar(select(JobLine.lot_code).where(JobLine.job_id == booking.job_id))
    if line is not None:
        taken = _lots_of_job(session, booking)
        run.lot_code = lot_of_line(line, taken + 1)
    else:
        stem = lot_stem(
            site=spot.site.code, machine=spot.machine.code, day=spot.day_of(run.started_at)
        )
        run.lot_code = _next(session, stem)
    session.flush()


def _lots_of_job(session: Session, booking: Booking) -> int:
    return session.execute(
        select(func.count())
        .select_from(Run)
        .join(Booking, Booking.id == Run.booking_id)
        .where(Booking.job_id == booking.job_id, Run.lot_code.is_not(None))
    ).scalar_one()


def _next(session: Session, stem: str) -> str:
    """Return the first free number behind the lots of a machine and day."""
    taken = set(
        session.scalars(
            select(Run.lot_code).where(Run.lot_code >= f"{stem}-", Run.lot_code < f"{stem}.")
        )
    )
    number = len(taken) + 1
    while numbered_lot(stem, number) in taken:
        number += 1
    return numbered_lot(stem, number)
