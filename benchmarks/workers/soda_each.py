"""Rules with soda-core 3 over DuckDB, a check for each. It groups by nothing here: each check is about all rows of its
metric in an environment, over all models and months. Of many rules the first `most` run."""

import json
import logging
from importlib.metadata import version
from pathlib import Path

import duckdb
from soda.scan import Scan
from timing import config, report

asked = config()
specs = json.loads(Path(asked["folder"], "specs.json").read_text())
picked = specs[: asked["most"]]
logging.disable(logging.CRITICAL)


def check(number, spec):
    compared = f"{'>=' if spec['comparison'] == 'at least' else '<='} {spec['threshold']:g}"
    more = ""
    match spec["function"]:
        case "percentile":
            measured = f"percentile(value, {spec['percent'] / 100:g})"
        case "share":
            measured, compared = "invalid_percent(value)", f"<= {100 - 100 * spec['threshold']:g}"
            more = f"      valid max: {spec['limit']}\n"
        case "mean":
            measured = "avg(value)"
        case "max":
            measured = "max(value)"
        case _:
            measured = "row_count"
    rows = f"metric = '{spec['metric']}' and environment = '{spec['environment']}'"
    return (
        f"  - {measured} {compared}:\n      name: rule {number}\n      filter: {rows}\n      samples limit: 0\n{more}"
    )


def work():
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW samples AS SELECT * FROM '{asked['samples']}'")
    scan = Scan()
    scan.disable_telemetry()
    scan.set_data_source_name("duckdb")
    scan.add_duckdb_connection(connection)
    scan.add_sodacl_yaml_str("checks for samples:\n" + "".join(check(*each) for each in enumerate(picked)))
    scan.execute()
    assert not scan.has_error_logs(), scan.get_error_logs_text()
    assert len(scan.get_scan_results()["checks"]) == len(picked)


report(work, f"soda-core {version('soda-core')}", factor=len(specs) / len(picked), runs=min(asked["runs"], 3))
