"""tallystick, from files to verdicts; with `write`, to all findings in Parquet with their values. With `state`, each run
begins with what was kept when the last of the files in `days` was not there yet."""

import shutil
from pathlib import Path

from timing import config, report

import tallystick

AS_OF = "2028-01-01"

asked = config()
folder = Path(asked["folder"])
rulebook = tallystick.read_rules(folder / "rules.json")
state = Path(asked["state"]) if "state" in asked else None
before = state.with_suffix(".before") if state else None


def prepare():
    """What was kept of all days but the last."""
    shutil.rmtree(before, ignore_errors=True)
    *_, last = sorted(Path(asked["days"]).glob("*.parquet"))
    aside = last.with_suffix(".aside")
    last.rename(aside)
    try:
        tallystick.evaluate(rulebook, folder, AS_OF, state=before).facts.connection.close()
    finally:
        aside.rename(last)


def again():
    """The state as it was before the last day."""
    if state:
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(before, state)


def work():
    judged = tallystick.evaluate(rulebook, folder, AS_OF, state=state)
    if asked.get("write"):
        from tallystick.evaluation.to_table import to_table, write_parquet

        write_parquet(to_table(rulebook, judged.evaluation), Path(asked["write"]))
    assert len(judged.evaluation.findings)
    judged.facts.connection.close()


if state:
    prepare()
report(work, f"tallystick {tallystick.__version__}", before=again)
