"""tallystick, from files to verdicts; with `write`, to all findings in Parquet with their values."""

from pathlib import Path

from timing import config, report

import tallystick

asked = config()
folder = Path(asked["folder"])
rulebook = tallystick.read_rules(folder / "rules.json")
last = {}


def work():
    judged = tallystick.evaluate(rulebook, folder, "2028-01-01")
    if asked.get("write"):
        from tallystick.evaluation.to_table import to_table, write_parquet

        write_parquet(to_table(rulebook, judged.evaluation), Path(asked["write"]))
    last["findings"], last["kept"] = len(judged.evaluation.findings), judged.kept
    judged.facts.connection.close()


report(work, f"tallystick {tallystick.__version__}")
