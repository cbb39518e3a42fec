"""What is kept from one evaluation to the next saves reading, and never changes what is found."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any as Anything

import pyarrow as pa
import pytest
from pyarrow import parquet

from tallystick.evaluating import Judged, judge
from tallystick.evaluation import counting, evaluate
from tallystick.evaluation.bulk import gathered, tallied
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.growing import GrowingRun
from tallystick.facts import settled
from tallystick.facts.problem import DataError
from tallystick.rules.rulebook import Rulebook

from .building import at, each
from .test_counting import AS_OF, BIND, SCHEMA, book, plain_rules, said, samples

RULES = book(*plain_rules()[::7])
DAY = 86_400_000_000
LATER = "2027-03-05"
"""After all samples: what is counted is kept."""
Rows = list[dict[str, Anything]]


def put(folder: Path, name: str, rows: Rows) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "tally.toml").write_text(BIND.replace("FILE", "samples_*.parquet"), encoding="utf-8")
    file = folder / f"samples_{name}.parquet"
    parquet.write_table(pa.Table.from_pylist(rows, SCHEMA), file)
    return file


def by_week() -> dict[str, Rows]:
    weeks: dict[str, Rows] = {}
    for row in samples():
        weeks.setdefault(f"{row['time'] // (7 * DAY):05}", []).append(row)
    return dict(sorted(weeks.items()))


def after(rows: Rows) -> str:
    """An instant after all of the rows."""
    return datetime.fromtimestamp(max(row["time"] for row in rows) // 1_000_000 + 1, UTC).isoformat()


def same(data: Path, state: Path, as_of: str = AS_OF, rules: Rulebook = RULES, times: int = 1) -> None:
    """With a state, what is found is what is found without."""
    expected = judge(rules, data, as_of)
    for _ in range(times):
        judged = judge(rules, data, as_of, state=state)
        assert counted(judged) == counted(expected)
        assert said(judged) == said(expected)
        assert judged.facts.read == expected.facts.read


def counted(judged: Judged) -> Counter[tuple[str, Verdict]]:
    """How many findings each rule has of each verdict; none is made."""
    return tallied(judged.evaluation.findings, lambda finding: finding.rule, lambda rule: rule.id)


@pytest.fixture(autouse=True)
def _many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few findings are treated as millions are."""
    monkeypatch.setattr(counting, "FEW", -1)
    monkeypatch.setattr(evaluate, "gathered", partial(gathered, at_once=-1))


def spoil(file: Path) -> None:
    """Zeros in place of the data of a file; its size, footer and time of change stay."""
    about, raw = file.stat(), file.read_bytes()
    footer = int.from_bytes(raw[-8:-4], "little") + 8
    file.write_bytes(raw[:4] + bytes(len(raw) - footer - 4) + raw[-footer:])
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))


def test_each_new_file_is_added_to_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled, "_MOST_SEGMENTS", 3)
    data, state = tmp_path / "data", tmp_path / "state"
    for name, rows in by_week().items():
        put(data, name, rows)
        same(data, state, after(rows))
    same(data, state, times=2)


def test_files_that_were_read_are_not_read_again(tmp_path: Path) -> None:
    data, state, (*old, last) = tmp_path / "data", tmp_path / "state", by_week().values()
    files = [put(data, str(place), rows) for place, rows in enumerate(old)]
    monthly = book(*(rule for rule in plain_rules() if "month" in rule.model_dump_json()))
    before = [row for rows in old for row in rows]
    said(judge(monthly, data, after(before), state=state))
    put(data, "last", [row | {"time": row["time"] + 14 * DAY} for row in last])  # in a month without other rows
    expected = said(judge(monthly, data, "2027-03-10T00:00:00Z"))
    for file in files:
        spoil(file)
    assert said(judge(monthly, data, "2027-03-10T00:00:00Z", state=state)) == expected
    with pytest.raises(DataError, match="not readable as Parquet"):
        judge(monthly, data, "2027-03-10T00:00:00Z")


def test_late_rows_reopen_the_windows_that_they_touch(tmp_path: Path) -> None:
    data, state, rows = tmp_path / "data", tmp_path / "state", samples()
    put(data, "most", rows[50:])
    same(data, state)
    put(data, "late", rows[:50])
    same(data, state)
    put(data, "early", [row | {"time": at("2026-11-01")} for row in rows[:3]])
    same(data, state)


def test_a_file_that_was_changed_or_removed_is_noticed(tmp_path: Path) -> None:
    data, state, rows = tmp_path / "data", tmp_path / "state", samples()
    for place in range(3):
        put(data, str(place), rows[place::3])
    same(data, state)
    put(data, "1", [row | {"value": row["value"] / 2} if row["metric"] == "speed" else row for row in rows[1::3]])
    same(data, state)
    (data / "samples_2.parquet").unlink()
    same(data, state)


def test_rows_that_are_not_known_yet_are_not_kept(tmp_path: Path) -> None:
    data, state = tmp_path / "data", tmp_path / "state"
    for name, rows in by_week().items():
        put(data, name, rows)
    for as_of in ("2027-01-20T08:00:00Z", "2027-01-10", AS_OF, "2027-01-20T08:00:00Z", "2027-02-11"):
        same(data, state, as_of)


def test_another_agreement_shares_nothing_that_it_must_not(tmp_path: Path) -> None:
    data, state = tmp_path / "data", tmp_path / "state"
    put(data, "all", samples())
    same(data, state)
    same(data, state, rules=book(*plain_rules()[4:14]))
    same(data, state, rules=book(*plain_rules()[:8], effective="2027-01-05"))
    stricter = [rule.model_copy(update={"per": ("environment",)}) for rule in plain_rules()[:8]]
    same(data, state, rules=book(*stricter))


@pytest.mark.parametrize("wrong", [b"", b"PAR1", b"[]", b"[{}]", b"null"])
def test_what_is_damaged_is_made_anew(tmp_path: Path, wrong: bytes) -> None:
    data, state = tmp_path / "data", tmp_path / "state"
    put(data, "all", samples())
    same(data, state)
    for file in state.iterdir():
        file.write_bytes(wrong)
    same(data, state)


def test_rows_out_of_order_are_set_aside_each_time(tmp_path: Path) -> None:
    data, state, rows = tmp_path / "data", tmp_path / "state", samples()
    put(data, "sound", rows[1:])
    same(data, state)
    put(data, "wrong", [rows[0] | {"metric": "speed", "value": float("nan")}])
    for _ in range(2):
        assert [one.count for one in judge(RULES, data, AS_OF, state=state).facts.set_aside] == [1]
    same(data, state)


def test_order_of_time_does_not_matter(tmp_path: Path) -> None:
    data, state, rows = tmp_path / "data", tmp_path / "state", samples()
    random.Random(3).shuffle(rows)
    for place in range(6):
        put(data, str(place), rows[place * 100 : place * 100 + 100])
        same(data, state)


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    data = tmp_path / "data"
    put(data, "all", samples())
    (tmp_path / "state").write_text("")
    with pytest.raises(DataError, match="state"):
        judge(RULES, data, AS_OF, state=tmp_path / "state")


def test_windows_of_another_length_share_nothing(tmp_path: Path) -> None:
    data, state = tmp_path / "data", tmp_path / "state"
    put(data, "all", samples())
    monthly = [rule.model_copy(update={"window": each("month")}) for rule in plain_rules()[:2]]
    longer = [rule.model_copy(update={"id": f"q{rule.id}", "window": each("quarter")}) for rule in monthly]
    same(data, state, LATER, rules=book(*longer))
    same(data, state, LATER, rules=book(*monthly))
    same(data, state, LATER, rules=book(*monthly, *longer), times=3)


def test_rows_after_an_end_that_was_moved_count(tmp_path: Path) -> None:
    data, state = tmp_path / "data", tmp_path / "state"
    put(data, "all", samples())
    for until in ("2027-01-20", "2027-02-05", "2027-01-25", None):
        same(data, state, LATER, rules=book(*plain_rules()[::3], until=until))


def test_a_metric_that_is_bound_to_another_text_is_read_again(tmp_path: Path) -> None:
    data, state = tmp_path / "data", tmp_path / "state"
    put(data, "all", [*samples(), *(row | {"metric": "other"} for row in samples(2) if row["metric"] == "speed")])
    same(data, state, LATER)
    toml = data / "tally.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("metric = 'speed'", "metric = 'other'"), encoding="utf-8")
    same(data, state, LATER)


def test_only_windows_that_are_new_open_or_touched_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, state, judged = tmp_path / "data", tmp_path / "state", list[list[int]]()
    plain = GrowingRun.count

    def count(run: GrowingRun) -> pa.Table:
        judged.append([*run.judged])
        return plain(run)

    monkeypatch.setattr(GrowingRun, "count", count)
    daily = book(*(rule.model_copy(update={"window": each("day"), "per": ("model",)}) for rule in plain_rules()[:4]))
    days: dict[int, Rows] = {}
    for row in samples():
        days.setdefault((row["time"] - at("2027-01-01")) // DAY, []).append(row)
    begun = sorted(day for day in days if day >= 0)
    for day in begun[:12]:
        put(data, f"{day:03}", days[day][1:])
        same(data, state, f"2027-01-{day + 1:02}T12:00:00Z", daily)
        same(data, state, f"2027-01-{day + 2:02}", daily)
    assert all(windows == [day] for day, windows in zip(begun[8:12], judged[17::2], strict=True))
    put(data, "late", [days[5][0] | {"metric": "speed"}])
    same(data, state, "2027-01-13", daily, times=2)
    assert judged[-2:] == [[5], []]
    assert len([*state.glob("closed-*.parquet")]) <= 6
    same(data, state, "2027-01-11", daily)
    same(data, state, "2027-01-13", daily)
    assert judged[-1] == []


def test_a_group_that_is_seen_earlier_is_judged_from_then_on(tmp_path: Path) -> None:
    data, state, rows = tmp_path / "data", tmp_path / "state", samples()
    put(data, "most", [row for row in rows if row["model"] != "b"])
    same(data, state, LATER)
    late = sorted((row for row in rows if row["model"] == "b"), key=lambda row: row["time"])
    put(data, "new", late[-40:])
    same(data, state, LATER)
    put(data, "earlier", late[20:-40])
    same(data, state, LATER)
    put(data, "before", [row for row in late[:20] if row["metric"] == "speed"])
    same(data, state, LATER, times=2)


@pytest.mark.parametrize("kind", ["closed-*.json", "closed-*.parquet", "cells-*", "percentiles-*", "segments-*"])
def test_a_file_that_is_damaged_or_lost_is_made_anew(tmp_path: Path, kind: str) -> None:
    data, state, rows, few = tmp_path / "data", tmp_path / "state", samples(), book(*plain_rules()[::4])
    for place in range(3):
        put(data, str(place), rows[place::3])
        same(data, state, LATER, few)
    files = [*state.glob(kind)]
    assert files
    for file in files:
        raw = bytearray(file.read_bytes())
        raw[len(raw) // 3] ^= 0x41
        file.write_bytes(raw)
    same(data, state, LATER, few)
    for file in state.glob(kind):
        file.unlink()
    same(data, state, LATER, few)


def test_a_file_that_is_gone_before_it_was_kept_leaves_percentiles(tmp_path: Path) -> None:
    data, state, rows = tmp_path / "data", tmp_path / "state", samples()
    rules = book(*(rule for rule in plain_rules() if "percentile" in rule.model_dump_json()))
    put(data, "early", [row for row in rows if row["time"] < at("2027-01-20")][::2])
    late = put(data, "late", rows[1::2])
    same(data, state, AS_OF, rules)
    late.unlink()
    same(data, state, AS_OF, rules)
    same(data, state, LATER, rules)
