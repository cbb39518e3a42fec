"""All rules with pandas: one grouping, each aggregate once, then each rule on its rows."""

import json
from pathlib import Path

import pandas as pd
from timing import config, report

asked = config()
specs = json.loads(Path(asked["folder"], "specs.json").read_text())


def work():
    frame = pd.read_parquet(asked["samples"])
    frame["month"] = frame["time"].dt.month
    for name in ("metric", "model", "environment"):
        frame[name] = frame[name].astype("category")
    keys = ["metric", "environment", "model", "month"]
    grouped = frame.groupby(keys, observed=True)["value"]
    cells = grouped.agg(["mean", "max", "count"])
    for percent in sorted({spec["percent"] for spec in specs if spec["function"] == "percentile"}):
        cells[percent] = grouped.quantile(percent / 100, interpolation="higher")
    by_place = {place: rows for place, rows in cells.groupby(level=["metric", "environment"], observed=True)}
    samples = {place: rows for place, rows in frame.groupby(["metric", "environment"], observed=True)}
    verdicts = 0
    for spec in specs:
        place = (spec["metric"], spec["environment"])
        if spec["function"] == "share":
            rows = samples[place]
            value = (rows["value"] <= spec["limit"]).groupby([rows["model"], rows["month"]], observed=True).mean()
        else:
            value = by_place[place][spec["percent"] if spec["function"] == "percentile" else spec["function"]]
        met = value >= spec["threshold"] if spec["comparison"] == "at least" else value <= spec["threshold"]
        verdicts += int(met.sum())
    return verdicts


report(work, f"pandas {pd.__version__}")
