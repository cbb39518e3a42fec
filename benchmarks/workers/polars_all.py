"""All rules with polars: one lazy grouping with each aggregate once, then each rule on its rows."""

import json
from pathlib import Path

import polars as pl
from timing import config, report

asked = config()
specs = json.loads(Path(asked["folder"], "specs.json").read_text())
value = pl.col("value")


def aggregates():
    found = {"mean": value.mean(), "max": value.max(), "count": value.count()}
    for spec in specs:
        if spec["function"] == "percentile":
            found[f"p{spec['percent']}"] = value.quantile(spec["percent"] / 100, "higher")
    return [expression.alias(name) for name, expression in found.items()]


def work():
    frame = pl.scan_parquet(asked["samples"]).with_columns(month=pl.col("time").dt.month())
    keys = ["metric", "environment", "model", "month"]
    cells = frame.group_by(keys).agg(aggregates()).collect()
    parts = cells.partition_by(["metric", "environment"], as_dict=True)
    shares = [spec for spec in specs if spec["function"] == "share"]
    samples = (
        frame.select([*keys, "value"]).collect().partition_by(["metric", "environment"], as_dict=True) if shares else {}
    )
    verdicts = 0
    for spec in specs:
        place = (spec["metric"], spec["environment"])
        if spec["function"] == "share":
            found = (
                samples[place].group_by(["model", "month"]).agg((value <= spec["limit"]).mean().alias("found"))["found"]
            )
        else:
            found = parts[place][f"p{spec['percent']}" if spec["function"] == "percentile" else spec["function"]]
        met = found >= spec["threshold"] if spec["comparison"] == "at least" else found <= spec["threshold"]
        verdicts += met.sum()
    return verdicts


report(work, f"polars {pl.__version__}")
