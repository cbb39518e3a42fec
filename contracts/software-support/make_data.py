"""Writes `data/`: the first half of 2027 of the agreement beside it, the same bytes at each run.

Most times stand exactly on a deadline, or just after it: over holidays of Berlin (8 March, Easter, Ascension, Whit
Monday) and of Israel, and over the night in which the clock changes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data"
ZONE = ZoneInfo("Europe/Berlin")

Row = Sequence[object]


def at(month: int, day: int, hour: int = 10, minute: int = 0, second: int = 0, year: int = 2027) -> str:
    """A local time in ISO 8601, with its offset."""
    return datetime(year, month, day, hour, minute, second, tzinfo=ZONE).isoformat()


def write(name: str, header: str, rows: Iterable[Row]) -> None:
    """One table, rows in order of time."""
    ordered: list[Row] = sorted(rows, key=lambda row: (datetime.fromisoformat(str(row[0])), str(row)))
    with (DATA / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(ordered)


# Ticket, severity, contact, opened, first answer, workaround.
TICKETS = (
    ("K-1", "critical", "amir", at(3, 28, 1, 45), at(3, 28, 3, 15), at(3, 28, 10, 45)),
    ("K-2", "critical", "amir", at(5, 11, 14), at(5, 11, 14, 31), at(5, 13, 22)),
    ("K-3", "critical", "jule", at(6, 10, 9), at(6, 10, 9, 10), at(6, 11, 10)),
    ("K-4", "critical", "jule", at(6, 20, 10), at(6, 20, 10, 30, 1), at(6, 20, 20, 30)),
    ("H-1", "high", "jule", at(3, 5, 17), at(3, 9, 11), at(3, 10, 17)),
    ("H-2", "high", "olaf", at(3, 25, 16), at(3, 30, 10, 1), at(3, 31, 9)),
    ("H-3", "high", "olaf", at(5, 5, 17, 30), at(5, 7, 11, 30), at(5, 11, 9)),
    ("N-1", "normal", "rosa", at(3, 25, 10), at(3, 30, 23, 59), None),
    ("N-2", "normal", "rosa", at(5, 14, 10), at(5, 19, 0), None),
    ("N-3", "normal", "timo", at(6, 30, 12), None, None),
    *((f"L-1{week}", "low", "rosa", at(1, 11 + 3 * week), at(1, 12 + 3 * week), None) for week in range(4)),
    ("L-14", "low", "rosa", at(2, 8, 10), at(2, 16, 0), None),  # the fifth business day is 15 February
    *((f"L-2{week}", "low", "rosa", at(4, 1 + 3 * week), at(4, 2 + 3 * week), None) for week in range(9)),
    ("L-29", "low", "rosa", at(6, 7, 10), at(6, 15, 0), None),  # the fifth business day is 14 June
)


def main() -> None:
    """Writes every table."""
    DATA.mkdir(exist_ok=True)
    opened = ((time, ticket, severity, contact) for ticket, severity, contact, time, _, _ in TICKETS)
    write("support_ticket", "time ticket severity contact", opened)
    write("answer", "time ticket", ((time, ticket) for ticket, *_, time, _ in TICKETS if time))
    write("workaround", "time ticket", ((time, ticket) for ticket, *_, time in TICKETS if time))
    write("contact_wait", "begin end ticket", ((at(6, 20, 11), at(6, 20, 13, 30), "K-4"),))
    noted = (at(6, 20, 14), at(6, 20, 18), at(6, 20, 22), at(6, 21, 2), at(6, 21, 6, 1))
    write("progress_note", "time ticket", ((time, "K-4") for time in noted))
    write("severity_dispute", "begin end ticket", ((at(6, 10, 9), at(6, 10, 15), "K-3"),))
    solved = (
        (at(3, 10, 17), "H-1", "high"),
        (at(3, 28, 16), "K-1", "critical"),
        (at(1, 20), "L-10", "low"),
        (at(1, 22), "L-11", "low"),
        (at(2, 26), "L-14", "low"),
        (at(4, 2, 9), "N-0", "normal"),
        (at(4, 6), "H-2", "high"),
        (at(5, 12, 9), "H-3", "high"),
        (at(5, 14, 11), "K-2", "critical"),
        (at(6, 10, 8), "N-4", "normal"),
        (at(6, 11, 16), "K-3", "critical"),
        (at(6, 21, 8), "K-4", "critical"),
    )
    write("resolution", "time ticket severity", solved)
    write("reopening", "time ticket", ((at(3, 1), "L-14"), (at(5, 20), "H-3"), (at(6, 14), "K-3")))
    reports = ((at(4, 13, 0), "K-1"), (at(5, 31, 23, 59), "K-2"), (at(6, 25, 9), "K-3"))
    write("cause_report", "time ticket", reports)
    write("driver_ticket", "time ticket", ((at(4, 27, 12), "D-1"), (at(6, 3, 14), "D-2"), (at(6, 9, 15), "D-3")))
    write("driver_fix", "time ticket", ((at(4, 29, 16), "D-1"), (at(6, 7, 10), "D-2"), (at(6, 13, 11, 1), "D-3")))
    open_tickets = (
        (at(1, 30, 23), at(4, 2, 9), "N-0", "normal"),
        (at(4, 1, 0), at(6, 10, 8), "N-4", "normal"),
        (at(1, 11), "", "L-13", "low"),
        (at(6, 20, 10), at(6, 21, 8), "K-4", "critical"),
    )
    write("open_ticket", "begin end ticket severity", open_tickets)
    marks = (("L-10", 4), ("L-11", 4), ("H-1", 5), ("L-14", 3), ("K-1", 4))
    days = {ticket: time for time, ticket, _ in solved}
    later = (("N-0", 5), ("H-2", 2), ("K-2", 1), ("K-3", 4))
    write("satisfaction", "time ticket value", ((days[ticket], ticket, mark) for ticket, mark in (*marks, *later)))
    write("access_consent", "begin end ticket", ((at(5, 11, 14, 40), at(5, 11, 18), "K-2"),))
    accesses = (
        (at(5, 11, 15), "K-2", "support_engineer"),
        (at(5, 11, 17, 59), "K-2", "support_manager"),
        (at(5, 11, 18), "K-2", "support_engineer"),
    )
    write("remote_access", "time ticket role", accesses)
    notices = ((at(2, 26, 9), "7.1"), (at(5, 28, 17), "7.2"))
    write("release_notice", "time release", notices)
    write("update_release", "time release", ((at(3, 15, 8), "7.1"), (at(6, 14, 8), "7.2")))
    write("retirement_notice", "time release", ((at(6, 30, 12, year=2026), "6.0"),))
    write("retirement", "time release", ((at(6, 30, 12), "6.0"),))
    told = (
        (at(5, 12, 2), "it_director", "workarounds"),
        (at(5, 12, 18, 1), "it_director", "remote"),
    )
    write("notice", "time role clause", told)
    write("cure", "time clause", ())


if __name__ == "__main__":
    main()
