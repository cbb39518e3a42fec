"""`tally evaluate`: findings and what follows from them."""

from __future__ import annotations

from pathlib import Path

from tallystick.cli.console import EVERY, Chosen, fail, out
from tallystick.cli.judging import judged, unless_engine_fails
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.cli.show import show
from tallystick.evaluating import DUCKDB, MEMORY, Judged
from tallystick.evaluation.spark import Spark
from tallystick.evaluation.to_json import to_json
from tallystick.evaluation.to_parts import write_parts
from tallystick.evaluation.to_table import to_table, write_csv, write_parquet

WRITERS = {".json", ".csv", ".parquet"}


def evaluate_file(
    file: Path,
    data: Path | None,
    as_of: str | None,
    output: Path | None,
    parts: str | None,
    engine: str,
    chosen: Chosen = EVERY,
    state: Path | None = None,
    memory: str | None = None,
    *,
    as_json: bool,
    everything: bool,
) -> int:
    """Judge a file on its data. Exit code: 0 all kept, 1 something breached or unmeasured, 2 could not run."""
    if output is not None and output.suffix not in WRITERS:
        fail(f"{output}: findings are written as {', '.join(sorted(WRITERS))}; choose one of these endings.")
        return COULD_NOT_RUN
    if parts is not None and engine == DUCKDB:
        fail("--findings-to is written by the workers of Spark; with DuckDB, write -o findings.parquet.")
        return COULD_NOT_RUN
    if state is not None and engine != DUCKDB:
        fail("--state keeps what DuckDB counted: it does not go with another --engine.")
        return COULD_NOT_RUN
    if memory is not None and engine != DUCKDB:
        fail("--memory is what DuckDB may use: how much another --engine may use is for its own settings.")
        return COULD_NOT_RUN
    if memory is not None and not MEMORY.fullmatch(memory):
        fail(f"“{memory}” is not an amount of memory. Write --memory 500MB, or --memory 2GB.")
        return COULD_NOT_RUN
    result = judged(file, data, as_of, chosen, state, engine, memory)
    if result is None:
        return COULD_NOT_RUN
    return unless_engine_fails(lambda: _given_out(result, output, parts, as_json=as_json, everything=everything))


def _given_out(result: Judged, output: Path | None, parts: str | None, *, as_json: bool, everything: bool) -> int:
    if as_json:
        out.file.write(to_json(result.rulebook, result.evaluation, result.facts.set_aside))
    else:
        show(result, everything=everything)
    if parts is not None and isinstance(result.engine, Spark):
        write_parts(result.rulebook, result.evaluation, result.engine, parts)
    if output is not None and not _written(result, output):
        return COULD_NOT_RUN
    return KEPT if result.kept else FOUND


def _written(result: Judged, output: Path) -> bool:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        match output.suffix:
            case ".json":
                text = to_json(result.rulebook, result.evaluation, result.facts.set_aside)
                output.write_text(text, encoding="utf-8", newline="\n")
            case ".csv":
                write_csv(to_table(result.rulebook, result.evaluation), output)
            case _:
                write_parquet(to_table(result.rulebook, result.evaluation), output)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror or error}.")
        return False
    return True
