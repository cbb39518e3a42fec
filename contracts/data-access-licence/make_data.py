"""Writes `data/`: the year 2027 of the licence beside it, the same bytes at each run.

A guest works from the wrong place in March, someone outside the team on the wrong device in May, an export leaves with
one approval in June, a purpose strays in July and an export follows at once, a trip abroad brings an access from
outside the region in September, logs are destroyed too early in August, and a withdrawal is honoured too late.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data"
ZONE = ZoneInfo("Europe/Dublin")
TEAM = (
    ("p.visser", "researcher"),
    ("m.okafor", "researcher"),
    ("l.janssen", "principal_investigator"),
    ("s.ahmed", "data_engineer"),
)

Row = Sequence[object]


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> str:
    """A local instant of 2027, in ISO 8601 with its offset."""
    return datetime(2027, month, day, hour, minute, tzinfo=ZONE).isoformat(timespec="minutes")


def write(name: str, header: str, rows: Iterable[Row]) -> None:
    """One table, rows in order of time."""
    ordered: list[Row] = sorted(rows, key=lambda row: datetime.fromisoformat(str(row[0])))
    with (DATA / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(ordered)


def accesses(chance: random.Random) -> Iterator[Row]:
    """The team on every weekday, and the accesses that should not have been."""
    for number in range(365):
        day = date(2027, 1, 1) + timedelta(days=number)
        if day.weekday() < 5:
            person, role = TEAM[number % len(TEAM)]
            place = "sandbox" if chance.random() < 0.25 else "enclave"
            purpose = "method_validation" if chance.random() < 0.2 else "public_health"
            yield at(day.month, day.day, 9, chance.randrange(60)), person, role, place, purpose, "EU"
    yield at(3, 11, 16), "g.moretti", "guest", "enclave", "public_health", "EU"
    yield at(5, 20, 21), "m.okafor", "researcher", "workstation", "public_health", "EU"
    yield at(7, 6, 15), "s.ahmed", "data_engineer", "enclave", "product_design", "EU"
    yield at(9, 14, 7), "l.janssen", "principal_investigator", "enclave", "public_health", "BR"
    yield at(10, 5, 11), "d.custodian", "data_custodian", "enclave", "licensor_request", "EU"


# Export, approval of the Data Custodian, of the Ethics Chair, export, smallest cell.
EXPORTS = (
    ("X-01", (2, 3), (2, 4), (2, 8), 34),
    ("X-02", (3, 10), (3, 12), (3, 15), 21),
    ("X-03", (4, 19), (4, 20), (4, 22), 10),  # exactly the smallest that is allowed
    ("X-04", (6, 7), None, (6, 9), 17),  # one approval
    ("X-05", (7, 5), (7, 6), (7, 8), 25),  # two days after a breach of purpose
    ("X-06", (9, 1), (9, 2), (9, 6), 8),  # a cell too small
    ("X-07", (11, 1), (11, 2), (11, 3), 40),
    ("X-08", (11, 1), (11, 2), (11, 8), 41),
    ("X-09", (11, 1), (11, 2), (11, 15), 42),
    ("X-10", (11, 1), (11, 2), (11, 22), 43),  # the fourth in a month
)


def export_approvals() -> Iterator[Row]:
    """Of the Data Custodian (once of the Chief Custodian, who is senior) and of the Ethics Chair."""
    for name, custodian, chair, _, _ in EXPORTS:
        yield at(*custodian), name, "chief_custodian" if name == "X-02" else "data_custodian"
        if chair is not None:
            yield at(*chair), name, "ethics_chair"


def access_logs() -> Iterator[Row]:
    """One a month and place. That of the sandbox of May is destroyed in August; the oldest go after their time."""
    for month in range(1, 13):
        for place in ("enclave", "sandbox"):
            early = (month, place) == (5, "sandbox")
            end = at(8, 20, 3) if early else at(month + 7, 1, 3) if month <= 4 else ""
            yield at(month, 1, 0), end, place


def main() -> None:
    """Writes every table."""
    DATA.mkdir(exist_ok=True)
    write("data_access", "time person role environment purpose region", accesses(random.Random(2027)))
    write("re_identification", "time person", ())
    tenures = (*TEAM, ("d.custodian", "data_custodian"))  # the guest holds no role
    write("holds", "begin end person role", ((at(1, 1, 0), "", *tenure) for tenure in tenures))
    write("export_approval", "time export_id role", export_approvals())
    write(
        "data_export", "time export_id environment", ((at(*day, 12), name, "enclave") for name, _, _, day, _ in EXPORTS)
    )
    write("cohort_size", "time value export_id", ((at(*day, 12), size, name) for name, _, _, day, size in EXPORTS))
    reviews = ((3, 15), (6, 14), (10, 4), (12, 20))  # 112 days in the third quarter
    write("access_review", "time reviewer", ((at(*day), "l.janssen") for day in reviews))
    incidents = ((at(5, 20, 22), "S-1", "minor"), (at(9, 14, 8), "S-2", "major"), (at(12, 31, 12), "S-3", "minor"))
    write("security_incident", "time incident_id severity", incidents)
    write("withdrawal", "time cohort", ((at(4, 6), "C-11"), (at(8, 9), "C-17"), (at(12, 22), "C-23")))
    requests = [(f"R-{month:02}", month, 4, 12 if month in (8, 9) else 6) for month in range(1, 13)]
    write("data_request", "time request_id", ((at(month, day), name) for name, month, day, _ in requests))
    write("data_delivery", "time request_id", ((at(month, day + wait), name) for name, month, day, wait in requests))
    write("compliance_audit", "time scope", ((at(4, 27), "exports"), (at(10, 19), "access")))
    write("access_log", "begin end environment", access_logs())
    extracts = (
        (at(1, 12), at(4, 15), "C-11"),
        (at(2, 9), at(8, 30), "C-17"),
        (at(5, 11), "", "C-23"),
        (at(1, 12, 11), "", "C-02"),
    )
    write("extract", "begin end cohort", extracts)
    notices = (
        (at(3, 12), "data_custodian", "who_and_where", ""),
        (at(5, 21, 9), "data_custodian", "", "S-1"),
        (at(6, 9, 18), "data_custodian", "export_approval", ""),
        (at(7, 7, 9), "data_custodian", "purpose", ""),
        (at(8, 22, 9), "chief_custodian", "access_logs", ""),
        (at(9, 16, 9), "data_custodian", "region", "S-2"),  # two days late, for the Incident too
    )
    write("notice", "time role clause incident_id", notices)
    cures = ((at(3, 19), "who_and_where"), (at(6, 30), "export_approval"), (at(7, 20), "purpose"))
    write("cure", "time clause", cures)
    write("termination", "time", ())


if __name__ == "__main__":
    main()
