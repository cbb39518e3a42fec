"""`tally notice`: a notice of breach with its evidence, as a document."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from tallystick.building import NOTICE, carried
from tallystick.cli.console import EVERY, Chosen, counted, fail, out
from tallystick.cli.judging import judged_by
from tallystick.cli.main import COULD_NOT_RUN, KEPT
from tallystick.cli.papers import compiled_in_style, written
from tallystick.prose.manner import written as in_manner
from tallystick.reports.notice import NoNotice, Notice, notice_json, notice_of
from tallystick.reports.notice_paper import to_document
from tallystick.sources import bare


@dataclass(frozen=True)
class Between:
    """Who gives the notice to whom, as far as it is said."""

    sender: str | None = None
    recipient: str | None = None


def write_notice(
    what: str,
    file: Path,
    data: Path | None,
    as_of: str | None,
    between: Between,
    folder: Path,
    chosen: Chosen = EVERY,
    style: str = "classic",
    *,
    as_json: bool,
) -> int:
    """Write the notice. Exit code: 0 written, 1 the source has errors, 2 no such breach, or something could not be read
    or written."""
    styled = compiled_in_style(file, chosen, style)
    if isinstance(styled, int):
        return styled
    compiled, house = styled
    result = judged_by(compiled.rulebook, file, data, as_of)
    if result is None:
        return COULD_NOT_RUN
    try:
        notice = notice_of(compiled.agreement, result, what, between.sender, between.recipient)
    except NoNotice as nothing:
        fail(str(nothing))
        return COULD_NOT_RUN
    except OSError as error:
        fail(f"{error.filename} cannot be read again: {error.strerror}.")
        return COULD_NOT_RUN
    told = json.dumps(notice_json(notice), indent=2, ensure_ascii=False) + "\n"
    if as_json:
        out.file.write(told)
        return KEPT
    # The other party reads it: comments and drafting notes are none of its business.
    files = {**carried(replace(compiled, source=bare(compiled.source)), house), NOTICE: told.encode()}
    _say(notice)
    with in_manner(house.manner):
        document = to_document(notice)
    stem = f"notice-{what}"
    return KEPT if written(document, compiled.tally, folder, stem, files, house) else COULD_NOT_RUN


def _say(notice: Notice) -> None:
    sender, to = notice.sender.called, notice.recipient.called
    out.print(f"Notice of {counted(len(notice.breaches), 'breach')} by {to}, from {sender}")
