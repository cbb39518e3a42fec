"""`tally report`: the compliance report of a month, as a document."""

from __future__ import annotations

import json
from pathlib import Path

from tallystick.building import RULES, carried
from tallystick.cli.console import EVERY, Chosen, counted, fail, out
from tallystick.cli.judging import judged_by, unless_engine_fails
from tallystick.cli.main import COULD_NOT_RUN, KEPT
from tallystick.cli.papers import compiled_in_style, written
from tallystick.compilation import Compiled
from tallystick.document.house_style import HouseStyle
from tallystick.evaluating import DUCKDB, Judged
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.to_json import utc_text
from tallystick.prose.manner import written as in_manner
from tallystick.reports.month import Month, NoReport, month_in, report_json, report_of
from tallystick.reports.month_paper import to_document


def write_report(
    file: Path,
    month: str,
    data: Path | None,
    as_of: str | None,
    folder: Path,
    chosen: Chosen = EVERY,
    style: str = "classic",
    engine: str = DUCKDB,
    *,
    as_json: bool,
) -> int:
    """Write the report. Exit code: 0 written, 1 the source has errors, 2 no such month, or something could not be read or
    written."""
    styled = compiled_in_style(file, chosen, style)
    if isinstance(styled, int):
        return styled
    compiled, house = styled
    try:
        wanted = month_in(month, compiled.rulebook.timezone)
    except (ValueError, OverflowError):
        fail(f"“{month}” is not a month. Write year-month, such as 2027-03.")
        return COULD_NOT_RUN
    result = judged_by(compiled.rulebook, file, data, as_of or utc_text(wanted.end), engine=engine)
    if result is None:
        return COULD_NOT_RUN
    return unless_engine_fails(lambda: _report(compiled, house, result, wanted, folder, as_json=as_json))


def _report(
    compiled: Compiled, house: HouseStyle, result: Judged, wanted: Month, folder: Path, *, as_json: bool
) -> int:
    try:
        report = report_of(compiled.agreement, result, wanted)
    except NoReport as nothing:
        fail(str(nothing))
        return COULD_NOT_RUN
    told = json.dumps(report_json(report), indent=2, ensure_ascii=False) + "\n"
    if as_json:
        out.file.write(told)
        return KEPT
    breached, judged = len(report.of(Verdict.BREACHED)), len(report.findings)
    out.print(
        f"{compiled.rulebook.agreement}, {wanted.first:%Y-%m}: {counted(judged, 'judgement')}, {breached:,} breached"
    )
    files = {RULES: carried(compiled)[RULES], "report.json": told.encode()}
    with in_manner(house.manner):
        document = to_document(report)
    stem = f"report-{wanted.first:%Y-%m}"
    return KEPT if written(document, compiled.tally, folder, stem, files, house) else COULD_NOT_RUN
