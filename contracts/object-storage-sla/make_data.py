"""Writes `data/`: January to July 2027 of the agreement beside it, the same bytes at each run.

The press reads its archive each night between eight and nine, and what it seldom needs on Sunday mornings. Nothing
else is asked of the store, except in the incidents.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data"
ZONE = ZoneInfo("America/Los_Angeles")
FIRST, LAST = date(2027, 1, 15), date(2027, 6, 30)
SUNDAY = 6
STEP = timedelta(minutes=5)

# Class, local beginning, intervals, failed of 100 requests in each of them.
INCIDENTS = (
    ("standard", (1, 20, 10, 0), 5, 100),
    ("standard", (2, 9, 13, 0), 20, 50),
    ("infrequent", (2, 17, 6, 0), 81, 100),
    ("standard", (3, 14, 1, 30), 18, 100),  # until 04:00, while the clock jumps from 02:00 to 03:00
    ("standard", (4, 6, 9, 0), 8, 100),
    ("standard", (4, 6, 9, 40), 1, 64),
    ("standard", (5, 18, 7, 0), 90, 100),
    ("standard", (6, 10, 12, 0), 40, 100),  # the account is suspended
    ("standard", (6, 20, 12, 0), 5, 100),
)

Row = Sequence[object]


def local(moment: datetime) -> str:
    """An instant in ISO 8601, with the offset of the local time."""
    return moment.astimezone(ZONE).isoformat(timespec="minutes")


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> str:
    """A local time of 2027."""
    return local(datetime(2027, month, day, hour, minute, tzinfo=ZONE))


def steps(month: int, day: int, hour: int, minute: int, number: int) -> Iterator[datetime]:
    """So many intervals of five elapsed minutes from a local time of 2027 on."""
    begin = datetime(2027, month, day, hour, minute, tzinfo=ZONE).astimezone(UTC)
    return (begin + STEP * index for index in range(number))


def nights() -> Iterator[tuple[datetime, str, int, int]]:
    """The regular reading: standard from 20:00 to 21:00 each day, infrequent from 05:00 to 06:00 on Sundays."""
    yield datetime(2027, 1, 15, tzinfo=ZONE).astimezone(UTC), "standard", 1, 0
    yield datetime(2027, 1, 15, tzinfo=ZONE).astimezone(UTC), "infrequent", 1, 0
    day = FIRST
    while day <= LAST:
        for moment in steps(day.month, day.day, 20, 0, 12):
            yield moment, "standard", 400 + 7 * day.day, 0
        if day.weekday() == SUNDAY:
            for moment in steps(day.month, day.day, 5, 0, 12):
                yield moment, "infrequent", 60 + day.day, 0
        day += timedelta(days=1)


def usage() -> Iterator[Row]:
    """Requests and failures of each interval that has any."""
    failing = (
        (moment, storage, 100, failed)
        for storage, start, number, failed in INCIDENTS
        for moment in steps(*start, number)
    )
    for moment, storage, requests, failed in sorted([*nights(), *failing], key=lambda row: (row[0], row[1])):
        yield local(moment), storage, requests, failed


def write(name: str, header: str, rows: Iterable[Row]) -> None:
    """One table."""
    with (DATA / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def main() -> None:
    """Writes every table. February is claimed at its last instant, March never, May a minute too late."""
    DATA.mkdir(exist_ok=True)
    write("usage", "time storage_class requests failed", usage())
    write("suspension", "begin end storage_class", ((at(6, 10), at(6, 12), "standard"),))
    claims = (
        (at(2, 3, 9), "standard_class", "C-1", "2027-01"),
        (at(3, 4, 11), "infrequent_class", "C-2", "2027-02"),
        (at(5, 1), "standard_class", "C-3", "2027-02"),
        (at(8, 1, 0, 1), "standard_class", "C-4", "2027-05"),
    )
    write("claim", "time clause claim_id about", claims)
    decisions = ((at(3, 5, 9), "C-1"), (at(4, 3, 11), "C-2"), (at(6, 1), "C-3"))
    write("claim_decision", "time claim_id", decisions)
    write("change_notice", "time change_id", ((at(4, 2), "quota"), (at(4, 4), "durability")))
    write("service_change", "time change_id", ((at(7, 1), "quota"), (at(7, 2), "durability")))
    write("object_copy", "begin end object_id", ((at(1, 15), "", "archive-1"),))
    write("termination", "time", ())


if __name__ == "__main__":
    main()
