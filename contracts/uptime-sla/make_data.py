"""Writes `data/`: the first half of 2027 of the agreement beside it, the same bytes at each run.

February, March and April each miss the availability target, in a tier of its own; in April the monthly cap bites.
In May maintenance takes too long. Of the urgent requests the third is answered late and the fourth is still open.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data"
ZONE = ZoneInfo("Europe/London")
FIRST_SUNDAYS = ((1, 3), (2, 7), (3, 7), (4, 4), (5, 2), (6, 6))
SERVICES = ("payments", "storefront")

Row = Sequence[object]


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> str:
    """A local instant of 2027, in ISO 8601 with its offset."""
    return datetime(2027, month, day, hour, minute, tzinfo=ZONE).isoformat(timespec="minutes")


def after(time: str, minutes: int) -> str:
    """The instant so many elapsed minutes later, in UTC."""
    return (datetime.fromisoformat(time).astimezone(UTC) + timedelta(minutes=minutes)).isoformat(timespec="minutes")


def write(name: str, header: str, rows: Iterable[Row]) -> None:
    """One table, rows in order of time."""
    ordered: list[Row] = sorted(rows, key=lambda row: datetime.fromisoformat(str(row[0])))
    with (DATA / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(ordered)


OUTAGES = (
    (at(1, 6, 9), at(1, 6, 9, 5), "storefront"),
    (at(1, 9, 22), at(1, 9, 22, 3), "payments"),
    (at(2, 11, 14), at(2, 11, 15), "storefront"),  # 1 h
    (at(3, 16, 2), at(3, 16, 10), "payments"),  # 8 h
    (at(4, 20, 6), at(4, 22, 9), "storefront"),  # 51 h
    (at(4, 27, 19), at(4, 27, 20), "payments"),  # 1 h
    (at(5, 2, 4), at(5, 2, 5), "storefront"),  # within planned maintenance
)
# Ticket, time, minutes to the first answer, minutes to restoration.
URGENT = (
    ("U-1", at(2, 11, 14, 2), 12, 60),
    ("U-2", at(3, 16, 2, 5), 25, 480),
    ("U-3", at(4, 20, 6, 10), 45, 3060),
    ("U-4", at(6, 30, 23, 45), None, None),
)


def maintenance() -> Iterator[Row]:
    """Two hours each first Sunday; in May the storefront takes seven."""
    for month, day in FIRST_SUNDAYS:
        for service in SERVICES:
            yield at(month, day, 3), at(month, day, 10 if (month, service) == (5, "storefront") else 5), service


def tickets() -> tuple[list[Row], list[Row]]:
    """Ten requests of high priority and five of normal a month, with their first answers; two of February are late."""
    requests: list[Row] = [(time, ticket, "urgent") for ticket, time, _, _ in URGENT]
    answers: list[Row] = [(after(time, minutes), ticket) for ticket, time, minutes, _ in URGENT if minutes is not None]
    for month in range(1, 7):
        for number in range(10):
            ticket, time = f"H-{month}{number:02}", at(month, 2 + 2 * number, 11)
            late = month == 2 and number in (3, 7)
            requests.append((time, ticket, "high"))
            answers.append((after(time, 300 if late else 60 + 15 * number), ticket))
        for number in range(5):
            ticket, time = f"N-{month}{number:02}", at(month, 5 + 4 * number, 16)
            requests.append((time, ticket, "normal"))
            answers.append((after(time, 1200), ticket))
    return requests, answers


def main() -> None:
    """Writes every table. No report is delivered in June."""
    DATA.mkdir(exist_ok=True)
    requests, answers = tickets()
    write("outage", "begin end service", OUTAGES)
    write("maintenance", "begin end service", maintenance())
    write("support_request", "time ticket priority", requests)
    write("first_answer", "time ticket", answers)
    restored = ((after(time, minutes), ticket) for ticket, time, _, minutes in URGENT if minutes is not None)
    write("restoration", "time ticket", restored)
    write("service_report", "time period", ((at(month, 28, 12), f"2027-{month:02}") for month in range(1, 6)))
    notices = ((3, 2, "storefront"), (4, 2, "payments"), (5, 2, "payments"), (5, 5, "storefront"))
    written = ((at(month, day), "service_manager", "availability", name) for month, day, name in notices)
    write("notice", "time role clause service", written)
    write("cure", "time clause service", ())
    write("termination", "time", ())


if __name__ == "__main__":
    main()
