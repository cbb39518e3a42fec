"""Rules about events: tallystick, a scan of all columns of their files by DuckDB, or a plain loop in Python.

The loop says what a rule asks in the fewest words: rows as tuples, answers in dictionaries, no evidence.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from pathlib import Path

from timing import config, report

asked = config()
folder, kind = Path(asked["folder"]), asked["kind"]
SECOND = 1_000_000
DAY = 86_400 * SECOND
AS_OF = 1_830_297_600 * SECOND


def rows(name, columns):
    import duckdb

    listed = ", ".join(f'epoch_us("{c}")' if c in ("time", "begin", "end") else c for c in columns)
    return duckdb.execute(f"SELECT {listed} FROM '{folder}/{name}.parquet'").fetchall()


def response():
    answers = defaultdict(list)
    for at, incident in rows("resolution", ("time", "incident_id")):
        if at < AS_OF:
            answers[incident].append(at)
    for times in answers.values():
        times.sort()
    found = Counter()
    for at, incident in rows("incident", ("time", "incident_id")):
        times = answers.get(incident, ())
        place = bisect_left(times, at)
        if place < len(times) and times[place] <= at + DAY:
            found["met"] += 1
        else:
            found["pending" if at + DAY >= AS_OF else "breached"] += 1
    return found


def precedence():
    approvals = defaultdict(list)
    for at, model, version in rows("approval", ("time", "model", "version")):
        approvals[model, version].append(at)
    for times in approvals.values():
        times.sort()
    found = Counter()
    for at, model, version in rows("deployment", ("time", "model", "version")):
        times = approvals.get((model, version), ())
        place = bisect_right(times, at)
        found["met" if place and times[place - 1] >= at - 14 * DAY else "breached"] += 1
    return found


def cadence():
    times = defaultdict(list)
    for at, model in rows("evaluation", ("time", "model")):
        times[model].append(at)
    found = Counter()
    for of_model in times.values():
        of_model.sort()
        before = of_model[0]
        for at in of_model[1:]:
            found["met" if at <= before + 3600 * SECOND else "breached"] += 1
            before = at
        found["pending" if before + 3600 * SECOND >= AS_OF else "breached"] += 1
    return found


def retention():
    found = Counter()
    for begin, end in rows("log", ("begin", "end")):
        open_still = end is None or end >= AS_OF
        if not open_still and end < begin + 30 * DAY:
            found["breached"] += 1
        else:
            found["pending" if open_still and begin + 30 * DAY > AS_OF else "met"] += 1
    return found


if asked["tool"] == "tallystick":
    import tallystick

    rulebook = tallystick.read_rules(folder / "rules.json")
    version = f"tallystick {tallystick.__version__}"

    def work():
        judged = tallystick.evaluate(rulebook, folder, "2028-01-01")
        assert judged.kept is False
        if asked.get("write"):
            from tallystick.evaluation.to_table import to_table, write_parquet

            write_parquet(to_table(rulebook, judged.evaluation), Path(asked["write"]))
        judged.facts.connection.close()

elif asked["tool"] == "loop":
    version, work = "Python", {"response": response, "precedence": precedence, "cadence": cadence}.get(kind, retention)

else:
    import duckdb

    version = f"DuckDB {duckdb.__version__}"

    def work():
        for file in sorted(folder.glob("*.parquet")):
            columns = [row[0] for row in duckdb.execute(f"DESCRIBE SELECT * FROM '{file}'").fetchall()]
            instants = ("time", "begin", "end")
            asked_for = ", ".join(f'max(epoch_us("{c}"))' if c in instants else f'max("{c}")' for c in columns)
            duckdb.execute(f"SELECT {asked_for} FROM '{file}'").fetchall()


report(work, version)
