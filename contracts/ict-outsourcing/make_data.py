"""Writes `data/`: January to September 2027 of the agreement beside it, the same bytes at each run.

Most times stand exactly on a limit, or just beyond it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data"
ZONE = ZoneInfo("Europe/Luxembourg")
SERVICES = ("cards", "payments")
FIRST_SUNDAYS = ((1, 3), (2, 7), (3, 7), (4, 4), (5, 2), (6, 6), (7, 4), (8, 1), (9, 5))

Row = Sequence[object]


def at(month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> str:
    """A local time of 2027 in ISO 8601, with its offset."""
    return datetime(2027, month, day, hour, minute, second, tzinfo=ZONE).isoformat()


def write(name: str, header: str, rows: Iterable[Row]) -> None:
    """One table, rows in order of time."""
    ordered: list[Row] = sorted(rows, key=lambda row: (datetime.fromisoformat(str(row[0])), str(row)))
    with (DATA / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(ordered)


def incidents() -> None:
    """Two reported in three stages, one of a severity that the agreement does not know, one just begun."""
    happened = (
        (at(3, 1, 8), "I-1", "major"),
        (at(3, 27, 12), "I-2", "significant"),
        (at(6, 2, 9), "I-3", "minor"),
        (at(9, 30, 22), "I-4", "major"),
    )
    write("incident", "time incident_id severity", happened)
    write("early_warning", "time incident_id", ((at(3, 1, 12), "I-1"), (at(3, 28, 13), "I-2"), (at(6, 2, 10), "I-3")))
    notified = ((at(3, 4, 8), "I-1"), (at(3, 30, 13), "I-2"), (at(6, 3, 9), "I-3"))
    write("incident_notification", "time incident_id", notified)
    reported = ((at(4, 4, 8), "I-1"), (at(4, 30, 13, 1), "I-2"), (at(7, 3, 9), "I-3"))
    write("final_report", "time incident_id", reported)
    known = ((at(5, 10, 9), "V-1", "critical"), (at(6, 1, 9), "V-2", "high"), (at(7, 1, 9), "V-3", "medium"))
    write("vulnerability", "time vulnerability_id severity", known)
    corrected = ((at(5, 13, 9), "V-1"), (at(6, 15, 10), "V-2"), (at(9, 29, 9), "V-3"))
    write("correction", "time vulnerability_id", corrected)
    told = (
        (at(5, 3, 23), "chief_risk_officer", "incident_stages"),
        (at(7, 16), "chief_risk_officer", "sub_outsourcing"),
    )
    write("notice", "time role clause", told)


def service() -> None:
    """Outages, what was lost in them, tests."""
    outages = (
        (at(1, 5, 10), at(1, 5, 10, 1), "payments"),
        (at(1, 5, 10), at(1, 5, 10, 1), "cards"),
        (at(2, 10, 8), at(2, 10, 9), "payments"),
        (at(4, 10, 8), at(4, 10, 12), "payments"),
        (at(5, 12, 9), at(5, 12, 9, 22, 12), "payments"),
        (at(8, 20, 3), at(8, 20, 5), "cards"),
    )
    write("outage", "begin end service", outages)
    nights = ((at(*day, 2), at(*day, 6), name) for day in FIRST_SUNDAYS for name in SERVICES)
    write("agreed_maintenance", "begin end service", nights)
    disrupted = (
        (at(2, 10, 8), "D-1", "payments", "critical"),
        (at(4, 10, 8), "D-2", "payments", "critical"),
        (at(5, 12, 9), "D-3", "payments", "standard"),
        (at(8, 20, 3), "D-4", "cards", "critical"),
    )
    write("disruption", "time incident_id service tier", disrupted)
    recovered = (
        (at(2, 10, 9), "D-1", "payments", 5),
        (at(4, 10, 12), "D-2", "payments", 15),
        (at(5, 12, 9, 22, 12), "D-3", "payments", 0),
        (at(8, 20, 5), "D-4", "cards", 16),
    )
    write("recovery", "time incident_id service data_loss", recovered)
    write("continuity_test", "time scope", ((at(5, 20, 10), "all"),))
    restored = (
        *((at(3, 20, 10), name) for name in SERVICES),
        (at(6, 18, 10), "payments"),
        (at(6, 19, 10), "cards"),
        *((at(9, 10, 10), name) for name in SERVICES),
    )
    write("restore_test", "time service", restored)
    write("penetration_test", "time tester", ())
    write("audit_trail", "begin end service", ((at(1, 1), "", name) for name in SERVICES))


def control() -> None:
    """Sub-outsourcing, locations, audits, the register and the exit from one service."""
    announced = ((at(2, 1), "tape-vault"), (at(6, 1), "edge-network"))
    write("sub_outsourcing_notice", "time subcontractor", announced)
    agreed = ((at(2, 20, 9), "tape-vault", "ict_risk_officer"), (at(6, 20, 9), "edge-network", "chief_risk_officer"))
    write("consent", "time subcontractor role", agreed)
    write("sub_outsourcing", "time subcontractor", ((at(4, 2), "tape-vault"), (at(7, 15), "edge-network")))
    write("relocation", "time country", ((at(3, 1), "DE"), (at(8, 1), "IE")))
    write(
        "audit_request",
        "time audit_id requester",
        ((at(6, 22, 9), "A-1", "supervisor"), (at(6, 22, 9), "A-2", "bank")),
    )
    write("audit_access", "time audit_id", ((at(6, 24, 23, 59), "A-1"), (at(7, 8), "A-2")))
    changes = [(date(2027, 1, 4) + timedelta(days=4 * step), f"E-{step}", 10 if step == 5 else 2) for step in range(20)]
    changes += [
        (date(2027, 4, 12) + timedelta(days=7 * step), f"E-{20 + step}", 8 if step == 2 else 2) for step in range(4)
    ]
    write("register_change", "time entry", ((at(day.month, day.day, 9), entry) for day, entry, _ in changes))
    updated = ((day + timedelta(days=days), entry) for day, entry, days in changes)
    write("register_update", "time entry", ((at(day.month, day.day, 9), entry) for day, entry in updated))
    write("exit_plan_review", "time reviewer", ((at(6, 1, 10), "board"),))
    write("exit_notice", "time service", ((at(3, 1), "cards"),))
    write("handover", "time service", ((at(9, 15), "cards"),))
    write("bank_data", "begin end service", ((at(1, 1), "", name) for name in SERVICES))


def main() -> None:
    """Writes every table."""
    DATA.mkdir(exist_ok=True)
    incidents()
    service()
    control()


if __name__ == "__main__":
    main()
