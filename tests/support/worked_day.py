"""The worked day UTIL-01: a band sealer on Thursday 26 November 2026, minute by minute."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

from packhouse.domain.runs import PaperRow, Reason
from packhouse.domain.sites import Calendar, parse_hours

DAY = date(2026, 11, 26)
CALENDAR = Calendar("Asia/Pontianak", (parse_hours("mon-fri 07:30-12:00 13:00-16:00"),))
PLANNED_MINUTES_PER_PIECE = 0.10

_LOG = """\
07:30 08:00 maintenance -
08:00 08:15 setup A
08:15 09:00 running A 360 10
09:00 09:10 breakdown A
09:10 10:15 running A 513 17
10:15 10:45 cleaning B
10:45 11:00 waiting_customer B
11:00 12:00 running B 476 15
13:00 13:45 breakdown {heater}
13:45 13:55 setup C
13:55 14:45 running C 397 12
14:45 15:15 trial -
15:15 16:00 no_show D
"""


def at(clock: str, day: date = DAY) -> datetime:
    """Return a local time in Pontianak as UTC; 24:00 and later belong to the days after."""
    hours, minutes = clock.split(":")
    midnight = CALENDAR.local_day(day).start
    return midnight + timedelta(hours=int(hours), minutes=int(minutes))


def as_csv(*, heater: str = "") -> str:
    """Return the day as a paper log; `heater` is the label on the second breakdown, or none."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["machine", "starts_at", "ends_at", "reason", "booking", "good", "rejected"])
    for line in _LOG.format(heater=heater or "-").splitlines():
        start, end, reason, label, *counts = line.split()
        day = DAY.isoformat()
        row = ["M1", f"{day}T{start}+07:00", f"{day}T{end}+07:00", reason, label.strip("-")]
        writer.writerow(row + (counts or ["", ""]))
    return text.getvalue()


def rows(*, heater: str = "") -> list[PaperRow]:
    """Return the same log read."""
    return [
        PaperRow(
            datetime.fromisoformat(line["starts_at"]).astimezone(UTC),
            datetime.fromisoformat(line["ends_at"]).astimezone(UTC),
            Reason(line["reason"]),
            line["booking"],
            int(line["good"] or 0),
            int(line["rejected"] or 0),
        )
        for line in csv.DictReader(StringIO(as_csv(heater=heater)))
    ]
