"""The floor: DuckDB's own grouped sum over the five columns, by the same groups and months."""

import duckdb
from timing import config, report

asked = config()
connection = duckdb.connect()
MONTH = "CAST(floor((epoch_us(time) - 1798761600000000) / 2628000000000) AS BIGINT)"
SQL = (
    "CREATE OR REPLACE TEMP TABLE found AS SELECT metric, model, environment, "
    f"{MONTH} AS month, sum({asked.get('of', 'value')}) FROM '{asked['samples']}' GROUP BY ALL"
)
report(lambda: connection.execute(SQL), f"DuckDB {duckdb.__version__}")
