"""Writes `data/`: the first quarter of 2027 of the agreement beside it, the same bytes at each run.

Each model answers ten prompts a day, about the middle of the day. In bad minutes five more fail.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data"
ZONE = ZoneInfo("America/New_York")
FIRST, LAST = date(2027, 1, 1), date(2027, 4, 14)
MODELS = ("atlas", "atlas-mini")
SLOW = {("atlas", 1): (5, 12, 19), ("atlas", 2): (5, 12, 19)}  # days whose first answer is slow

# Model, local beginning, minutes, requests in each minute, failed ones among them.
BAD_MINUTES = (
    ("atlas-mini", (1, 20, 10, 0), 90, 5, 5),
    ("atlas", (2, 10, 14, 0), 40, 5, 5),
    ("atlas-mini", (2, 11, 9, 0), 41, 5, 5),
    ("atlas-mini", (3, 14, 1, 50), 20, 5, 5),  # until 03:10, as 02:00 becomes 03:00
    ("atlas", (3, 16, 9, 0), 4, 5, 5),  # too short a run
    ("atlas", (3, 17, 9, 0), 4, 5, 5),
    ("atlas", (3, 17, 9, 4), 1, 4, 4),  # too few requests: the run ends, and another of four minutes follows
    ("atlas", (3, 17, 9, 5), 4, 5, 5),
    ("atlas", (3, 18, 9, 0), 10, 20, 1),  # exactly 5%
)

Row = Sequence[object]


def at(month: int, day: int, hour: int = 0, minute: int = 0, year: int = 2027) -> str:
    """A local time in ISO 8601, with its offset."""
    return datetime(year, month, day, hour, minute, tzinfo=ZONE).isoformat(timespec="minutes")


def write(name: str, header: str, rows: Iterable[Row]) -> None:
    """One table, rows in order of time."""
    ordered: list[Row] = sorted(rows, key=lambda row: (datetime.fromisoformat(str(row[0])), str(row)))
    with (DATA / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(ordered)


def days() -> Iterator[date]:
    """Every day of the data."""
    return (FIRST + timedelta(days=step) for step in range((LAST - FIRST).days + 1))


def answered() -> Iterator[Row]:
    """Ten answers a day; on the first of each month also one to a very long prompt."""
    for day in days():
        for model in MODELS:
            slow = day.day in SLOW.get((model, day.month), ())
            for number in range(10):
                first = 2500 if slow and number == 0 else 300 + 40 * number
                speed = 20 if (model, day.month, number) == ("atlas-mini", 3, 9) else 30 + number
                yield at(day.month, day.day, 12, number), model, "ok", first, 900 + number, speed
            if day.day == 1:
                yield at(day.month, 1, 13), model, "ok", 9000, 20_000, 35


def failed() -> Iterator[Row]:
    """The requests of bad minutes, and three that were turned away in February."""
    for model, start, minutes, requests, errors in BAD_MINUTES:
        begin = datetime(2027, *start, tzinfo=ZONE).astimezone(UTC)
        for minute in range(minutes):
            time = (begin + timedelta(minutes=minute)).astimezone(ZONE).isoformat(timespec="minutes")
            for number in range(requests):
                good = number >= errors
                yield time, model, "ok" if good else "error", 350 if good else "", 500, 33 if good else ""
    for day in (3, 4, 5):
        yield at(2, day, 15), "atlas", "limited", "", 500, ""


def models() -> None:
    """Two changes, of which one is announced late and is too much worse; a retirement; prices; samples of safety."""
    write("change_notice", "time model", ((at(2, 1), "atlas"), (at(3, 8), "atlas-mini")))
    write("model_change", "time model", ((at(2, 15), "atlas"), (at(3, 20), "atlas-mini")))
    results = (
        *(
            (at(2, day), "atlas", candidate, value)
            for day in (8, 9, 10)
            for candidate, value in (("current", "0.80"), ("next", "0.79"))
        ),
        *((at(3, day), "atlas-mini", "current", "0.70") for day in (13, 14, 15)),
        *((at(3, day), "atlas-mini", "next", value) for day, value in ((13, "0.69"), (14, "0.68"), (15, "0.69"))),
    )
    write("benchmark", "time model candidate value", results)
    write("retirement_notice", "time model", ((at(8, 31, 9, year=2026), "lumen"),))
    write("model_retirement", "time model", ((at(2, 28, 9), "lumen"),))
    write("price_notice", "time model", ((at(1, 15), "atlas"),))
    write("price_increase", "time model", ((at(3, 16), "atlas"),))
    shares = (("atlas", ("0", "0.01", "0.01", "0")), ("atlas-mini", ("0.01", "0", "0.02", "0")))
    unsafe = (
        (at(1, 10 + 20 * step) if step < 2 else at(step, 25), model, value)
        for model, found in shares
        for step, value in enumerate(found)
    )
    write("unsafe_output", "time model value", unsafe)


def others() -> None:
    """Service incidents, claims, content."""
    happened = ((at(1, 20, 10), "S-1"), (at(2, 10, 14), "S-2"), (at(2, 11, 9), "S-3"), (at(3, 14, 1, 50), "S-4"))
    write("service_incident", "time incident_id", happened)
    posted = (
        (at(1, 20, 10, 30), "S-1"),
        (at(2, 10, 14, 10), "S-2"),
        (at(2, 11, 9, 31), "S-3"),
        (at(3, 14, 3, 20), "S-4"),
    )
    write("status_post", "time incident_id", posted)
    reviewed = (
        (at(1, 27, 17), "S-1"),
        (at(2, 18, 9), "S-2"),
        (at(2, 19), "S-3"),
        (at(3, 19, 23), "S-4"),
        (at(3, 26, 9), "S-5"),
    )
    write("incident_review", "time incident_id", reviewed)
    told = ((at(3, 5, 10), "integration_lead", "no_training", "claims-2025"),)
    write("notice", "time role clause data_set", told)
    claims = ((at(3, 3), "availability", "atlas-mini"), (at(3, 31), "speed", "atlas"))
    write("claim", "time clause model", claims)
    write("cure", "time clause", ())
    write("training_consent", "begin end data_set", ((at(1, 1), at(3, 1), "claims-2025"),))
    write("training_use", "time data_set", ((at(2, 10), "claims-2025"), (at(3, 4, 10), "claims-2025")))
    stored = (
        (at(1, 4), at(2, 3, 8), "letters", "none"),
        (at(2, 10, 12), at(3, 14, 8), "calls", "none"),
        (at(1, 2), "", "lawsuit", "legal"),
    )
    write("stored_content", "begin end data_set hold", stored)
    write("remote_processing", "time region", ((at(1, 5), "US"), (at(3, 9), "CA")))
    write("termination", "time", ())


def main() -> None:
    """Writes every table."""
    DATA.mkdir(exist_ok=True)
    write("completion", "time model status first_token prompt_length speed", [*answered(), *failed()])
    kept = ((at(2, 7, 1), at(2, 7, 6, 20), model) for model in MODELS)
    write("announced_maintenance", "begin end model", kept)
    models()
    others()


if __name__ == "__main__":
    main()
