"""Writes `data/`: the first half of 2027 of the agreement beside it, the same bytes at each run.

Two models come under an order in the middle of February, a pilot in March; the pilot's order ends with May. The model
`bench` is under no order.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data"
ZONE = ZoneInfo("Europe/Berlin")
MODELS = ("bench", "pilot", "summary", "triage")

Row = Sequence[object]


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> str:
    """A local instant of 2027, in ISO 8601 with its offset."""
    return datetime(2027, month, day, hour, minute, tzinfo=ZONE).isoformat(timespec="minutes")


def write(name: str, header: str, rows: Iterable[Row]) -> None:
    """One table, rows in order of time."""
    ordered: list[Row] = sorted(rows, key=lambda row: datetime.fromisoformat(str(row[0])))
    with (DATA / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(ordered)


OUTAGES = (
    (at(1, 5, 8), at(1, 5, 9), "triage"),
    (at(1, 5, 8), at(1, 5, 9), "summary"),
    (at(2, 10, 8), at(2, 10, 12), "triage"),  # 4 h before the order
    (at(2, 18, 8), at(2, 18, 9), "summary"),  # 1 h
    (at(2, 20, 8), at(2, 20, 10), "triage"),  # 2 h
    (at(3, 8, 8), at(3, 8, 18), "summary"),  # 10 h
    (at(3, 9, 0), at(3, 11, 12), "triage"),  # 60 h
    (at(3, 15, 0), at(3, 15, 15), "pilot"),  # 15 h
    (at(4, 12, 0), at(4, 13, 12), "pilot"),  # 36 h
    (at(5, 6, 8), at(5, 6, 12), "triage"),  # 4 h
    (at(6, 14, 0), at(6, 16, 0), "pilot"),  # 48 h after the order
)
# Incident, time, model, severity, recovery.
INCIDENTS = (
    ("I-1", at(2, 14, 22), "triage", "critical", at(2, 15, 5)),  # 7 h, begun before the order
    ("I-2", at(2, 15), "triage", "critical", at(2, 15, 4)),  # exactly 4 h
    ("I-3", at(3, 10, 10), "pilot", "critical", at(3, 11, 9)),  # 23 h
    ("I-4", at(5, 2, 10), "bench", "critical", at(5, 2, 17)),  # 7 h
    ("I-5", at(5, 10, 10), "pilot", "critical", at(5, 11, 6)),  # 20 h
    ("I-6", at(5, 20, 9), "summary", "critical", at(5, 20, 14)),  # 5 h
    ("I-7", at(6, 1), "pilot", "critical", at(6, 1, 6, 1)),  # 6 h and a minute, after the order
    ("I-8", at(6, 3, 9), "bench", "minor", at(6, 9, 9)),
)


def main() -> None:
    """Writes every table. In June there is no report of bench."""
    DATA.mkdir(exist_ok=True)
    write("outage", "begin end model", OUTAGES)
    write("incident", "time incident_id model severity", ((t, i, m, s) for i, t, m, s, _ in INCIDENTS))
    write("recovery", "time incident_id", ((done, i) for i, _, _, _, done in INCIDENTS))
    reports = ((at(month, 28, 12), model) for month in range(1, 7) for model in MODELS)
    write("service_report", "time model", (row for row in reports if row != (at(6, 28, 12), "bench")))
    write("service_review", "time", ((at(4, 10, 14),),))


if __name__ == "__main__":
    main()
