"""Rules with Great Expectations, an expectation for each. It has no groups: each is about all rows of its metric in an
environment, over all models and months, which is far less than what the rules ask. Of many rules the first `most` run."""

import json
import logging
from pathlib import Path

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from timing import config, report

asked = config()
specs = json.loads(Path(asked["folder"], "specs.json").read_text())
picked = specs[: asked["most"]]
logging.disable(logging.CRITICAL)


def expectation(spec):
    at_least = spec["comparison"] == "at least"
    limit = {"min_value": spec["threshold"]} if at_least else {"max_value": spec["threshold"]}
    rows = {
        "row_condition": f'metric == "{spec["metric"]}" and environment == "{spec["environment"]}"',
        "condition_parser": "pandas",
    }
    match spec["function"]:
        case "percentile":
            ranges = {"quantiles": [spec["percent"] / 100], "value_ranges": [[None, spec["threshold"]]]}
            return gxe.ExpectColumnQuantileValuesToBeBetween(column="value", quantile_ranges=ranges, **rows)
        case "share":
            return gxe.ExpectColumnValuesToBeBetween(
                column="value", max_value=spec["limit"], mostly=spec["threshold"], **rows
            )
        case "mean":
            return gxe.ExpectColumnMeanToBeBetween(column="value", **limit, **rows)
        case "max":
            return gxe.ExpectColumnMaxToBeBetween(column="value", **limit, **rows)
        case _:
            return gxe.ExpectTableRowCountToBeBetween(min_value=int(spec["threshold"]), **rows)


def work():
    frame = pd.read_parquet(asked["samples"])
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("source")
    batch = source.add_dataframe_asset("samples").add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(gx.ExpectationSuite(name="suite", expectations=[expectation(each) for each in picked]))
    found = batch.get_batch(batch_parameters={"dataframe": frame}).validate(suite)
    assert len(found.results) == len(picked)
    assert not any(each.exception_info.get("raised_exception") for each in found.results)


report(work, f"great_expectations {gx.__version__}", factor=len(specs) / len(picked), runs=min(asked["runs"], 3))
