"""Verdicts told of many rows at once are those of each row by itself."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence

import duckdb
import pytest

from tallystick.evaluation import settling
from tallystick.evaluation.bulk import VERDICTS
from tallystick.evaluation.engine import TEXT, TIME, DuckDB
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.settling import Nearest

Left = tuple[int, int, int, str | None, str | None]
Right = tuple[int, str | None, str | None, int | None, int | None]
MISSED = [VERDICTS.index(verdict) for verdict in (Verdict.BREACHED, Verdict.EXCUSED, Verdict.PENDING)]


@pytest.fixture
def engine() -> Iterator[DuckDB]:
    with duckdb.connect() as connection, DuckDB(connection) as running:
        yield running


def one_by_one(left: Sequence[Left], right: Sequence[Right], answers: int, *, forward: bool) -> Counter[Verdict]:
    """What the words say, row by row."""
    found: Counter[Verdict] = Counter()
    for time, bound, missed, *key in left:
        kept = True
        for answer in range(answers):
            times = [at for _, *own, one, two in right if own == key and (at := (one, two)[answer]) is not None]
            near = [at for at in times if (at >= time if forward else at <= time)]
            nearest = (min(near) if forward else max(near)) if near else None
            kept = kept and nearest is not None and (nearest <= bound if forward else nearest >= bound)
        found[Verdict.MET if kept else VERDICTS[missed]] += 1
    return found


def asked(
    engine: DuckDB, left: Sequence[Left], right: Sequence[Right], answers: int, reach: int | None, *, forward: bool
) -> Counter[Verdict] | None:
    """What is counted."""
    keys = {"match_0": TEXT, "match_1": TEXT}
    rows = engine.hand_over({"time": TIME, "bound": TIME, "missed": TIME} | keys, left)
    near = engine.hand_over({"time": TIME} | keys | {"answer_0": TIME, "answer_1": TIME}, right)
    columns = [f"answer_{i}" for i in range(answers)]
    asking = Nearest(engine, f"SELECT * FROM {rows}", f"SELECT * FROM {near}", 2, columns, forward, reach, 1_000)
    return asking.verdicts(len(left))


def some_rows(seed: int, *, forward: bool) -> tuple[list[Left], list[Right], int]:
    """Few keys, some of them missing, with many ties; sparse answers, or dense ones."""
    chance = random.Random(seed)
    reach = chance.choice([0, 1, 20, 100, 2_000])

    def key() -> tuple[str | None, str | None]:
        return chance.choice([None, "a", "b"]), chance.choice([None, "a"])

    missed = chance.choice([MISSED[:1], MISSED])
    span = chance.choice([60, 1_000])
    left: list[Left] = []
    for _ in range(chance.choice([1, 40])):
        time = chance.randrange(-span // 10, span)
        left.append((time, time + reach if forward else time - reach, chance.choice(missed), *key()))
    right: list[Right] = []
    for _ in range(chance.choice([0, 1, 30, 150])):
        time = chance.randrange(-span // 10, span)
        own = [time if chance.random() < 0.8 else None for _ in range(2)]
        right.append((time, *key(), own[0], own[1]))
    return left, right, reach


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("answers", [1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_cells_tell_what_each_row_tells(
    engine: DuckDB, monkeypatch: pytest.MonkeyPatch, seed: int, answers: int, forward: bool
) -> None:
    monkeypatch.setattr(Nearest, "_one_each", lambda _: False)
    monkeypatch.setattr(settling, "_UNSURE", 0)
    for more in range(4):
        left, right, reach = some_rows(seed * 10 + more, forward=forward)
        expected = one_by_one(left, right, answers, forward=forward)
        for about in (reach, None):
            assert asked(engine, left, right, answers, about, forward=forward) == +expected


@pytest.mark.parametrize("forward", [True, False])
def test_keys_with_one_answer_are_joined(engine: DuckDB, forward: bool) -> None:
    chance = random.Random(3)
    keys = [(str(i), chance.choice([None, "x"])) for i in range(60)]
    left: list[Left] = [
        (at, at + 20 if forward else at - 20, chance.choice(MISSED), *key)
        for key in [*keys, *keys[:5]]
        for at in [chance.randrange(100)]
    ]
    right: list[Right] = [(at, *key, at, None) for key in keys[3:] for at in [chance.randrange(100)]]
    expected = one_by_one(left, right, 1, forward=forward)
    assert len(expected) == 4
    assert asked(engine, left, right, 1, 20, forward=forward) == expected


def test_a_key_with_two_answers_is_not_joined(engine: DuckDB) -> None:
    left: list[Left] = [(10, 20, 1, str(i), None) for i in range(60)]
    right: list[Right] = [(5, str(i), None, 5, None) for i in range(60)]
    assert asked(engine, left, [*right, (15, "7", None, 15, None)], 1, 10, forward=True) is None
    assert asked(engine, left, right, 1, 10, forward=True) == {Verdict.BREACHED: 60}


def test_cells_that_tell_little_tell_nothing(engine: DuckDB) -> None:
    """Where most rows would have to be judged one by one, all are, in the first place."""
    left: list[Left] = [(at, at + 3, 1, "a", None) for at in range(100)]
    right: list[Right] = [(at, "a", None, at, None) for at in range(0, 100, 5)]
    assert asked(engine, left, right, 1, 500, forward=True) is None


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("beyond", [0, 1])
def test_an_answer_beside_a_cell_at_the_bound_is_in_time(
    engine: DuckDB, monkeypatch: pytest.MonkeyPatch, forward: bool, beyond: int
) -> None:
    """Cells are 50 long: the rows at 1 and 3, and the answer at 100 after the second's time, or before, are in different ones."""
    monkeypatch.setattr(settling, "_UNSURE", 0)
    sign = 1 if forward else -1
    left: list[Left] = [(sign * at, sign * (at + 100), 1, "a", None) for at in (1, 3)]
    at = sign * (103 + beyond)
    right: list[Right] = [(at, "a", None, at, None), (0, "b", None, 0, None)] + [(0, "a", None, None, 0)] * 30
    found = asked(engine, left, right, 1, 100, forward=forward)
    assert found == ({Verdict.BREACHED: 2} if beyond else {Verdict.MET: 1, Verdict.BREACHED: 1})
