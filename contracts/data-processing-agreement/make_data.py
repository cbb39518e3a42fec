"""Writes `data/`: the year 2027 of the agreement beside it, the same bytes at each run.

Most times stand exactly on a limit, or just beyond it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data"
ZONE = ZoneInfo("Europe/Amsterdam")

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


def breaches_and_requests() -> None:
    """Two breaches of personal data; twelve requests, of which one is helped late, one forwarded late, one open."""
    happened = ((at(3, 27, 20), "B-1", "wages"), (at(6, 10, 9), "B-2", "leave"))
    write("personal_data_breach", "time breach_id data_set", happened)
    write("breach_report", "time breach_id", ((at(4, 5, 23, 59), "B-1"), (at(6, 18, 0), "B-2")))
    notices = (
        (at(3, 29, 9), "privacy_officer", "breach_notice", "B-1"),
        (at(4, 20), "privacy_officer", "transfers", ""),
        (at(6, 14, 21), "privacy_officer", "breach_notice", "B-2"),
        (at(12, 15), "board_member", "transfers", ""),
    )
    write("notice", "time role clause breach_id", notices)
    quick = [(f"R-{number}", at(2, 2 * number, 9)) for number in range(2, 11)]
    requests = (("R-1", at(1, 31, 12)), *quick, ("R-11", at(4, 26, 15)), ("R-12", at(12, 30)))
    write("subject_request", "time request_id", ((time, request) for request, time in requests))
    forwarded = ((at(2, 2, 23), "R-1"), *((time, request) for request, time in quick), (at(4, 30, 0), "R-11"))
    write("forwarding", "time request_id", forwarded)
    helped = (
        *((at(2, 24, 9), request) for request, _ in quick[5:]),
        *((at(2, 13), request) for request, _ in quick[:5]),
    )
    write("assistance", "time request_id", ((at(2, 28, 12), "R-1"), *helped, (at(5, 5), "R-11")))


def others() -> None:
    """Sub-processors, transfers and audits."""
    told = ((at(2, 1, 0), "archive"), (at(8, 2), "print"), (at(10, 1, 0), "mail"))
    write("subprocessor_notice", "time subprocessor", told)
    write("objection", "time subprocessor", ((at(8, 16), "print"), (at(10, 15, 0, 1), "mail")))
    write("open_objection", "begin end subprocessor", ((at(8, 16), at(9, 20, 17), "print"),))
    engaged = ((at(3, 3, 0), "archive"), (at(9, 10), "print"), (at(10, 31, 0), "mail"))
    write("engagement", "time subprocessor", engaged)
    transfers = (
        (at(4, 19), "helpdesk", "elsewhere"),
        (at(4, 21), "archive", "EEA"),
        (at(9, 13, 9), "helpdesk", "elsewhere"),
        (at(12, 13), "analytics", "elsewhere"),
    )
    write("transfer", "time recipient region", transfers)
    write("transfer_safeguard", "begin end recipient", ((at(5, 1, 0), "", "helpdesk"),))
    write("cure", "time clause", ((at(5, 4, 17), "transfers"),))
    audits = ((at(5, 31), "A-1", "routine"), (at(6, 14), "A-2", "breach"), (at(11, 15), "A-3", "routine"))
    write("audit", "time audit_id reason", audits)
    write("audit_notice", "time audit_id", ((at(4, 28, 17), "A-1"), (at(10, 18, 9), "A-3")))


def security() -> None:
    """Who had access, what was encrypted, tested, reviewed, kept and erased."""
    pledges = ((at(1, 4), "ineke"), (at(6, 15, 9, year=2026), "joost"))
    write("confidentiality_pledge", "time employee", pledges)
    accesses = (
        (at(1, 5), "ineke", "payroll_clerk", "production"),
        (at(6, 15, 9), "joost", "payroll_clerk", "production"),
        (at(6, 15, 9, 1), "joost", "payroll_clerk", "production"),
        (at(7, 1), "ineke", "payroll_clerk", "test"),
    )
    write("data_access", "time employee role environment", accesses)
    shares = (
        (at(month, 20), data_set, "0.9999" if (month, data_set) == (8, "leave") else "1")
        for month in range(1, 13)
        for data_set in ("leave", "wages")
    )
    write("encrypted_share", "time data_set value", shares)
    write("penetration_test", "time tester", ())
    write("processing_review", "time reviewer", ((at(7, 1, 0), "dpo"),))
    logs = ((at(1, 1, 0), "", "wages"), (at(1, 2, 0), at(12, 31, 23, 59), "leave"))
    write("processing_log", "begin end data_set", logs)
    write("erasure_instruction", "time data_set", ((at(5, 1, 0), "applicants"), (at(11, 10, 0), "interns")))
    kept = (
        (at(1, 1, 0), at(5, 31, 0), "applicants"),
        (at(1, 1, 0), at(12, 10, 0, 0, 1), "interns"),
        (at(1, 1, 0), "", "wages"),
    )
    write("personal_data", "begin end data_set", kept)
    write("erasure_certificate", "time", ())
    write("termination", "time", ())


def main() -> None:
    """Writes every table."""
    DATA.mkdir(exist_ok=True)
    breaches_and_requests()
    others()
    security()


if __name__ == "__main__":
    main()
