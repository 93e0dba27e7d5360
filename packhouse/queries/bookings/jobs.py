"""Jobs of several parts as people read them: one with its parts, and which booking is a part."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from packhouse.db import reading
from packhouse.domain.bookings import GIVEN_UP, is_in_steps
from packhouse.domain.permissions import may_see_booking
from packhouse.domain.users import Actor
from packhouse.errors import NotFound
from packhouse.models.bookings import Booking, Job
from packhouse.queries.bookings.lists import ITEMS, BookingItem, item_of


@dataclass(frozen=True, slots=True)
class JobDetail:
    """A job with its bookings, by time; ``quantity`` is what the parts not given up make."""

    code: str
    product_id: int
    quantity: int
    parts: tuple[BookingItem, ...]

    @property
    def open(self) -> tuple[BookingItem, ...]:
        """The parts that are not given up."""
        return tuple(each for each in self.parts if each.state not in GIVEN_UP)

    @property
    def first(self) -> BookingItem:
        """The part with which it begins."""
        return (self.open or self.parts)[0]

    @property
    def price(self) -> int:
        """What the parts that are not given up cost together, whole rupiah."""
        return sum(each.price for each in self.open)

    @property
    def version(self) -> int:
        """A number that grows with every change of any part, as ``move_job`` compares it."""
        return sum(each.version for each in self.parts)

    @property
    def is_in_steps(self) -> bool:
        """Say whether each part handles all the pieces, one machine after another."""
        return is_in_steps(self.quantity, [each.quantity for each in self.open])

    def without(self, part: BookingItem) -> int:
        """Return how many pieces the job keeps when one part goes."""
        rest = [each.quantity for each in self.open if each.id != part.id]
        return self.quantity if set(rest) == {self.quantity} else sum(rest)


@dataclass(frozen=True, slots=True)
class JobLink:
    """The job that a booking is a part of, and how many parts it has."""

    code: str
    parts: int


def job_detail(*, code: str, actor: Actor) -> JobDetail:
    """Return a job with its parts, in two queries. Raises NotFound also for a foreign one."""
    session = reading()
    job = session.scalar(select(Job).where(Job.code == code))
    if job is None:
        raise NotFound("job_not_found", code=code)
    rows = session.execute(
        ITEMS.where(Booking.job_id == job.id).order_by(Booking.starts_at, Booking.id)
    )
    parts = tuple(item_of(row) for row in rows)
    if not parts or not may_see_booking(actor, job.business_id, parts[0].site_id):
        raise NotFound("job_not_found", code=code)
    return JobDetail(job.code, job.product_id, job.quantity, parts)


def job_links(*, booking_ids: Collection[int]) -> dict[int, JobLink]:
    """Return by booking the job it is a part of, where that has more than one, in one query."""
    if not booking_ids:
        return {}
    mine = select(Booking.job_id).where(Booking.id.in_(booking_ids), Booking.job_id.is_not(None))
    sizes = (
        select(Booking.job_id, func.count().label("parts"))
        .where(Booking.job_id.in_(mine))
        .group_by(Booking.job_id)
        .having(func.count() > 1)
        .subquery()
    )
    rows = reading().execute(
        select(Booking.id, Job.code, sizes.c.parts)
        .join(Job, Job.id == Booking.job_id)
        .join(sizes, sizes.c.job_id == Job.id)
        .where(Booking.id.in_(booking_ids))
    )
    return {booking: JobLink(code, parts) for booking, code, parts in rows}
