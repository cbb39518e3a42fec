"""One SQL query for each rule; so many of them are run, and the time is told for all."""

import json
from pathlib import Path

import duckdb
from timing import config, report

asked = config()
specs = json.loads(Path(asked["folder"], "specs.json").read_text())
some = specs[: asked["most"]]
connection = duckdb.connect()


def measure(spec):
    value = {
        "percentile": f"quantile_disc(value, {spec['percent'] / 100})",
        "share": f"count(*) FILTER (value <= {spec['limit']}) / count(*)",
        "count": "count(*)",
    }
    return value.get(spec["function"], f"{spec['function']}(value)")


def work():
    for spec in some:
        sign = ">=" if spec["comparison"] == "at least" else "<="
        connection.execute(
            f"SELECT model, month(make_timestamp(epoch_us(time))) AS month, {measure(spec)} {sign} {spec['threshold']} FROM "
            f"'{asked['samples']}' WHERE metric = ? AND environment = ? GROUP BY ALL",
            [spec["metric"], spec["environment"]],
        ).fetchall()


report(work, f"DuckDB {duckdb.__version__}", factor=len(specs) / len(some), of=len(some))
