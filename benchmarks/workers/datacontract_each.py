"""Rules with datacontract-cli, as checks in SQL of a data contract, which it runs with DuckDB: each gives the number of
groups (model and month) that miss the threshold. Of many rules the first `most` run."""

import json
import logging
from importlib.metadata import version
from pathlib import Path

import yaml
from datacontract.data_contract import DataContract
from timing import config, report

asked = config()
specs = json.loads(Path(asked["folder"], "specs.json").read_text())
picked = specs[: asked["most"]]
logging.disable(logging.CRITICAL)


def measured(spec):
    match spec["function"]:
        case "percentile":
            return f"quantile_disc(value, {spec['percent'] / 100:g})"
        case "share":
            return f"avg(CASE WHEN value <= {spec['limit']} THEN 1 ELSE 0 END)"
        case "mean":
            return "avg(value)"
        case "max":
            return "max(value)"
        case _:
            return "count(*)"


def check(spec):
    missed = "<" if spec["comparison"] == "at least" else ">"
    query = (
        f"SELECT count(*) FROM (SELECT {measured(spec)} AS found FROM samples WHERE metric = '{spec['metric']}'"
        f" AND environment = '{spec['environment']}' GROUP BY model, month(time)) WHERE found {missed} {spec['threshold']}"
    )
    return {"type": "sql", "description": spec["id"], "query": query, "mustBeGreaterThanOrEqualTo": 0}


CONTRACT = yaml.safe_dump(
    {
        "dataContractSpecification": "1.1.0",
        "id": "benchmark",
        "info": {"title": "Benchmark", "version": "1"},
        "servers": {"local": {"type": "local", "path": asked["samples"], "format": "parquet"}},
        "models": {"samples": {"type": "table", "quality": [check(each) for each in picked]}},
    }
)


def work():
    run = DataContract(data_contract_str=CONTRACT, server="local").test()
    done = [each for each in run.checks if each.type != "schema" and str(each.result).endswith("passed")]
    assert len(done) >= len(picked), [(each.result, each.reason) for each in run.checks if each not in done][:3]


report(
    work, f"datacontract-cli {version('datacontract-cli')}", factor=len(specs) / len(picked), runs=min(asked["runs"], 3)
)
