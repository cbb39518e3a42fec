"""Foreign tables as they are out there, bound with no code. Skipped where the data is not at hand."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tallystick.rules.rulebook import EventData, MetricData, RecordData

from .helpers import EVENT, METRIC, RECORD, loaded, reasons, rows, rulebook, write

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not at ../shared/data")


def micros(text: str) -> int:
    """An ISO 8601 time with offset in microseconds."""
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000


def test_outages_from_the_states_of_checks(tmp_path: Path) -> None:
    write(
        tmp_path,
        tally__toml=f"""
            [record.outage]
            file = "{DATA}/upptime_checks.csv"
            time = "ts"
            state = "status"
            open = ["down"]

            [metric.response]
            file = "{DATA}/upptime_checks.csv"
            time = "ts"
            value = "response_ms"
            where = {{ status = "up" }}
        """,
    )
    rules = rulebook(
        RecordData(id="outage", title="outage", dimensions=("site",)),
        MetricData(id="response", title="response", unit="milliseconds", dimensions=("site",)),
    )
    facts = loaded(tmp_path, rules)
    assert facts.set_aside == ()
    with (DATA / "upptime_checks.csv").open() as file:
        checks = list(csv.DictReader(file))
    assert facts.read["response"] == sum(check["status"] == "up" for check in checks) == 2_013
    assert rows(facts, METRIC, "response")[0] == (
        micros("2024-04-23T14:49:19+00:00"), Decimal(841), "https://marketplace.cloudeng.it", 1,
    )  # fmt: skip
    found = set(rows(facts, RECORD, "outage", '"begin", "end", d_site'))
    assert found == outages_by_hand(checks)
    assert len(found) == facts.read["outage"]


def outages_by_hand(checks: list[dict[str, str]]) -> set[tuple[int, int | None, str]]:
    """The same in plain Python: a stretch of `down` until the next `up` of the site."""
    found = set[tuple[int, int | None, str]]()
    for site in {check["site"] for check in checks}:
        states: dict[int, bool] = {}
        for check in checks:
            if check["site"] == site:
                at = micros(check["ts"])
                states[at] = states.get(at, False) or check["status"] == "down"
        begin = None
        for at, down in sorted(states.items()):
            if down and begin is None:
                begin = at
            elif not down and begin is not None:
                found.add((begin, at, site))
                begin = None
        if begin is not None:
            found.add((begin, None, site))
    return found


def test_incidents_from_a_log_of_updates(tmp_path: Path) -> None:
    write(
        tmp_path,
        tally__toml=f"""
            [defaults]
            file = "{DATA}/incident_event_log_slice.csv"
            time_format = "%d-%m-%Y %H:%M"
            timezone = "UTC"
            dimensions = {{ incident_id = "number" }}

            [event.incident]
            time = "opened_at"
            dimensions = {{ severity = {{ column = "priority", values = {{ "1 - Critical" = "critical" }} }} }}
            distinct = ["number"]
            keep = "first"

            [event.resolution]
            time = "resolved_at"
            where = {{ resolved_at = {{ not = ["?", ""] }} }}
            distinct = ["number"]
            keep = "last"
        """,
    )
    rules = rulebook(
        EventData(id="incident", title="incident", dimensions=("incident_id", "severity")),
        EventData(id="resolution", title="resolution", dimensions=("incident_id",)),
    )
    facts = loaded(tmp_path, rules)
    with (DATA / "incident_event_log_slice.csv").open() as file:
        updates = list(csv.DictReader(file))
    assert facts.set_aside == ()
    assert facts.read["incident"] == len({update["number"] for update in updates}) == 890
    resolved = {update["number"] for update in updates if update["resolved_at"] not in ("?", "")}
    assert facts.read["resolution"] == len(resolved)
    opened = micros("2016-02-29T01:16:00+00:00")
    assert rows(facts, EVENT, "incident")[0] == (opened, "INC0000045", "3 - Moderate", 1)
    assert (micros("2016-02-29T11:29:00+00:00"), "INC0000045") in rows(
        facts, EVENT, "resolution", "time, d_incident_id"
    )
    critical = {update["number"] for update in updates if update["priority"] == "1 - Critical"}
    found = {row[0] for row in rows(facts, EVENT, "incident", "d_incident_id, d_severity") if row[1] == "critical"}
    assert found
    assert found <= critical


def test_requests_with_seven_fractional_digits(tmp_path: Path) -> None:
    write(
        tmp_path,
        tally__toml=f"""
            [metric.tokens]
            file = "{DATA}/azure_llm_conv.csv"
            time = "TIMESTAMP"
            timezone = "UTC"
            value = "GeneratedTokens"

            [event.request]
            file = "{DATA}/azure_llm_conv.csv"
            time = "TIMESTAMP"
            timezone = "UTC"
            attributes = {{ context = "ContextTokens" }}
        """,
    )
    rules = rulebook(
        MetricData(id="tokens", title="tokens", unit="count"),
        EventData(id="request", title="request", attributes=({"name": "context", "unit": "count"},)),  # type: ignore[arg-type]
    )
    facts = loaded(tmp_path, rules)
    first = micros("2023-11-16T18:15:46+00:00") + 680_590
    assert facts.read == {"tokens": 19_366, "request": 19_366}
    assert rows(facts, METRIC, "tokens")[0] == (first, Decimal(44), 1)
    assert rows(facts, EVENT, "request")[0] == (first, Decimal(374), 1)
    assert facts.set_aside == ()


def test_latency_with_naive_times(tmp_path: Path) -> None:
    write(
        tmp_path,
        tally__toml=f"""
            [metric.latency]
            file = "{DATA}/nab_ec2_request_latency_system_failure.csv"
            time = "timestamp"
            timezone = "UTC"
            dimensions = {{ service = {{ value = "ec2" }} }}
        """,
    )
    rules = rulebook(MetricData(id="latency", title="latency", unit="milliseconds", dimensions=("service",)))
    facts = loaded(tmp_path, rules)
    assert facts.read["latency"] == 4_032
    first = (micros("2014-03-07T03:41:00+00:00"), Decimal("45.868"), "ec2", 1)
    assert rows(facts, METRIC, "latency")[0] == first
    assert reasons(facts) == {}


def test_a_monitor_log_by_way_of_json_lines(tmp_path: Path) -> None:
    lines, at = [], ""
    for line in (DATA / "monpoly_rv11.log").read_text().splitlines():
        at = found.group(1) if (found := re.match(r"@(\d+)", line)) else at
        event = re.search(r"[a-z]+", line)
        assert event
        lines += [
            json.dumps({"at": int(at), "what": event.group(), "report": report})
            for report in re.findall(r"\((\d+)\)", line)
        ]
    write(
        tmp_path,
        log__jsonl="\n".join(lines),
        tally__toml="""
            [defaults]
            file = "log.jsonl"
            time = "at"
            time_format = "epoch seconds"
            [event.publish]
            where = { what = "publish" }
            [event.approve]
            where = { what = "approve" }
        """,
    )
    rules = rulebook(*(EventData(id=name, title=name, dimensions=("report",)) for name in ("publish", "approve")))
    facts = loaded(tmp_path, rules)
    second = 1_000_000
    assert rows(facts, EVENT, "publish", "time, d_report") == [
        (1307955600 * second, "160"),
        (1308477599 * second, "163"),
        (1308477599 * second, "152"),
    ]
    assert rows(facts, EVENT, "approve", "time, d_report") == [
        (1307532861 * second, "152"),
        (1307955600 * second, "163"),
        (1308477599 * second, "187"),
    ]
    assert datetime.fromtimestamp(1307532861, UTC).year == 2011
