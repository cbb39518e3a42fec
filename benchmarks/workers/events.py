"""Rules about events: tallystick, or a scan of all columns of their files by DuckDB."""

from pathlib import Path

from timing import config, report

asked = config()
folder = Path(asked["folder"])
if asked["tool"] == "tallystick":
    import tallystick

    rulebook = tallystick.read_rules(folder / "rules.json")
    version = f"tallystick {tallystick.__version__}"

    def work():
        judged = tallystick.evaluate(rulebook, folder, "2028-01-01")
        judged.facts.connection.close()

else:
    import duckdb

    version = f"DuckDB {duckdb.__version__}"

    def work():
        for name in ("incident", "resolution"):
            columns = [row[0] for row in duckdb.execute(f"DESCRIBE SELECT * FROM '{folder}/{name}.parquet'").fetchall()]
            asked_for = ", ".join(f"max({column})" for column in columns if column != "time")
            duckdb.execute(f"SELECT {asked_for}, max(epoch_us(time)) FROM '{folder}/{name}.parquet'").fetchall()


report(work, version)
