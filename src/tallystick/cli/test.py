"""`tally test`: the scenarios of an agreement, and whether they would notice a change of its rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.text import Text

from tallystick.cli.console import compiled_or_none, counted, fail, out, progress
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.rules.rulebook import Rulebook
from tallystick.scenarios.mutants import Judged, judge_mutants
from tallystick.scenarios.outcome import Result, State
from tallystick.scenarios.run import run
from tallystick.scenarios.to_json import to_json
from tallystick.scenarios.to_junit import Suite, to_junit
from tallystick.scenarios.words import expectation, instead

_MARKS = {State.HELD: ("✓", "green"), State.FAILED: ("✗", "bold red"), State.IDLE: ("!", "bold yellow")}


@dataclass(frozen=True)
class _Tested:
    """One file with the results of its scenarios; no mutants where none were asked for, or a scenario failed."""

    file: Path
    rulebook: Rulebook
    results: tuple[Result, ...]
    mutants: tuple[Judged, ...] | None

    @property
    def held(self) -> bool:
        return all(result.held for result in self.results)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.rulebook.timezone)


def run_files(files: Sequence[Path], junit: Path | None, *, mutate: bool, as_json: bool) -> int:
    """Run every scenario. Exit code: 0 all hold, 1 some do not, 2 could not run."""
    tested = [_tested(file, mutate=mutate) for file in files]
    done = [item for item in tested if item is not None]
    if as_json:
        found = [to_json(str(item.file), item.results, item.zone, item.mutants) for item in done]
        out.file.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    else:
        _show(done, several=len(files) > 1)
    if junit is not None and not _written(done, junit):
        return COULD_NOT_RUN
    if len(done) < len(tested):
        return COULD_NOT_RUN
    if not any(item.results for item in done):
        fail('There is no scenario in the source. Write one: scenario "…" { given … as of … expect … }')
        return COULD_NOT_RUN
    return KEPT if all(item.held for item in done) else FOUND


def _tested(file: Path, *, mutate: bool) -> _Tested | None:
    compiled = compiled_or_none(file)
    if compiled is None:
        return None
    scenarios = compiled.agreement.scenarios
    with progress() as told:
        results = []
        for place, scenario in enumerate(scenarios):
            told("running scenarios", place, len(scenarios))
            results.append(run(compiled.rulebook, scenario))
        sure = mutate and results and all(result.held for result in results)
        mutants = judge_mutants(compiled.rulebook, scenarios, told) if sure else None
    return _Tested(file, compiled.rulebook, tuple(results), mutants)


def _written(tested: Sequence[_Tested], junit: Path) -> bool:
    suites = [Suite(str(item.file), item.zone, item.results) for item in tested]
    try:
        junit.parent.mkdir(parents=True, exist_ok=True)
        junit.write_text(to_junit(suites), encoding="utf-8", newline="\n")
    except OSError as error:
        fail(f"{junit} cannot be written: {error.strerror or error}.")
        return False
    return True


# --- for people ------------------------------------------------------------------------------------------------


def _show(tested: Sequence[_Tested], *, several: bool) -> None:
    for item in tested:
        if several:
            out.print(str(item.file), style="bold")
        for result in item.results:
            _show_result(result, item.zone)
        if item.mutants is not None:
            _show_mutants(item.mutants, item.rulebook)
    results = [result for item in tested for result in item.results]
    held = sum(result.held for result in results)
    if results:
        wrong = len(results) - held
        out.print(f"{counted(len(results), 'scenario')}: {held:,} held, {wrong:,} did not.")


def _show_result(result: Result, zone: ZoneInfo) -> None:
    mark, style = ("✓", "green") if result.held else ("✗", "bold red")
    out.print(Text.assemble((mark, style), " ", (result.scenario.title, "bold")))
    for outcome in result.outcomes:
        mark, style = _MARKS[outcome.state]
        out.print(Text.assemble("    ", (mark, style), f" {expectation(outcome.expected)}"), soft_wrap=True)
        for line in instead(outcome, zone):
            out.print(Text(f"        line {outcome.expected.span.line}: {line}", style="dim"), soft_wrap=True)


def _show_mutants(mutants: Sequence[Judged], rulebook: Rulebook) -> None:
    """What no scenario would notice, rule by rule."""
    numbers = {rule.id: rule.number for rule in rulebook.rules}
    survived = [item.mutant for item in mutants if item.noticed_by is None]
    out.print()
    if survived:
        out.print("No scenario would notice:", style="bold")
    before: str | None = ""
    for mutant in survived:
        if mutant.rule != before:
            named = f"{numbers[mutant.rule]} {mutant.rule}" if mutant.rule else "consequences of all rules"
            out.print(Text(f"  {named}", style="cyan"))
        before = mutant.rule
        of = f" ({mutant.change.of})" if mutant.change.of else ""
        out.print(f"    {mutant.change.part} {mutant.change.before} → {mutant.change.after}{of}")
    noticed = len(mutants) - len(survived)
    out.print(f"{counted(len(mutants), 'change')}: {noticed:,} noticed, {len(survived):,} survived.")
