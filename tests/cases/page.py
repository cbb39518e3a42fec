"""Pages of cases: their fences, and what the program makes of them in the same form."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from tallystick.compilation import Compiled, compile_source
from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.diagnostics.to_text import to_text
from tallystick.evaluating import instant_of, judge
from tallystick.evaluation.clock import localized
from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.finding import Finding
from tallystick.history import history
from tallystick.prose.from_derivation import derived_sentences
from tallystick.rules.rule import NotifyDuty, PerformDuty, Remedy
from tallystick.scenarios.mutants import judge_mutants
from tallystick.scenarios.run import run
from tallystick.scenarios.words import expectation, instead
from tallystick.source import Source, Unread
from tallystick.sources import assembled, not_found
from tallystick.syntax.to_source import format_source

FOLDER = Path(__file__).parent
_FENCE = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Fence:
    """One fenced part of a page: its kind, what stands beside the kind, and its text."""

    kind: str
    detail: str
    text: str


def pages() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


def fences(text: str) -> list[Fence]:
    return [Fence(*found) for found in _FENCE.findall(text)]


def agreement(found: list[Fence]) -> str:
    """The agreement of a page, the common head after it where it has none of its own."""
    text = next(fence.text for fence in found if fence.kind == "msa")
    if re.search(r"^agreement ", text, re.MULTILINE):
        return text
    return text + next(fence.text for fence in fences((FOLDER / "README.md").read_text(encoding="utf-8")))


def compiled(found: list[Fence]) -> tuple[Compiled | None, tuple[Diagnostic, ...]]:
    """Mistakes in the common head are not the page's own."""
    files = {"case.msa": agreement(found)} | {fence.detail: fence.text for fence in found if fence.kind == "file"}

    def read(name: str) -> str | Unread:
        return files[name] if name in files else not_found(name, files)

    source = assembled(Source("case.msa", files["case.msa"]), read)
    amending = [
        assembled(Source(f"{kind}-{number}.msa", text), read)
        for kind in ("amendment", "order")
        for number, text in enumerate((fence.text for fence in found if fence.kind == kind), 1)
    ]
    source = replace(source, amendments=tuple(amending))
    result, diagnostics = compile_source(source)
    own = next(fence.text for fence in found if fence.kind == "msa").count("\n")
    heads = (item for item in diagnostics if item.span and item.span.source == source and item.span.line > own)
    in_head = [id(item) for item in heads]
    return result, tuple(item for item in diagnostics if id(item) not in in_head)


def actual(found: list[Fence], folder: Path) -> list[Fence]:
    """The same fences with what the program makes of the agreement and its data."""
    result, diagnostics = compiled(found)
    for fence in found:
        if fence.kind == "data":
            (folder / f"{fence.detail}.csv").write_text(fence.text, encoding="utf-8")
    return [replace(fence, text=_made(fence, result, diagnostics, folder)) for fence in found]


def rewritten(text: str, made: list[Fence]) -> str:
    """The page with other texts in its fences."""
    rest = iter(made)

    def fence(match: re.Match[str]) -> str:
        new = next(rest)
        head = f"{new.kind} {new.detail}".strip()
        return f"```{head}\n{new.text}```"

    return _FENCE.sub(fence, text)


def _made(fence: Fence, result: Compiled | None, diagnostics: tuple[Diagnostic, ...], folder: Path) -> str:
    match fence.kind:
        case "diagnostics":
            return shown(diagnostics)
        case "formatted":
            return format_source(result.source.text) if result else ""
    if result is None or fence.kind in ("msa", "data", "file", "amendment", "order"):
        return fence.text
    match fence.kind:
        case "sentences":
            return "".join(f"{line}\n" for line in _sentences(result))
        case "rules":
            return "".join(f"{line}\n" for line in _rules(result))
        case "history":
            return "".join(f"{line}\n" for line in _history(result))
        case "scenarios":
            return "".join(f"{line}\n" for line in _scenarios(result))
        case "changes":
            return "".join(f"{line}\n" for line in _changes(result))
        case "findings":
            as_of = instant_of(fence.detail, result.agreement.timezone)
            judged = judge(result.rulebook, folder, as_of)
            return "".join(f"{line}\n" for line in _findings(judged.evaluation, ZoneInfo(result.agreement.timezone)))
        case other:
            raise ValueError(f"no fence is called {other}")


def shown(diagnostics: tuple[Diagnostic, ...]) -> str:
    """Diagnostics as a wide terminal without colour shows them."""
    file = io.StringIO()
    console = Console(file=file, width=400, no_color=True, highlight=False, soft_wrap=True)
    for item in diagnostics:
        console.print(to_text(item))
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines()).strip("\n") + "\n"


def _sentences(result: Compiled) -> Iterator[str]:
    yield from (f"{name}: {sentence.text}" for name, sentence in derived_sentences(result.agreement).items())
    for rule in result.rulebook.rules:
        yield f"{rule.id}: {rule.sentence}"
        yield from _remedies(rule.remedies, "  ")
    yield from _remedies(result.rulebook.remedies, "")


def _remedies(remedies: tuple[Remedy, ...], margin: str) -> Iterator[str]:
    for remedy in remedies:
        yield f"{margin}- {remedy.sentence}"
        if isinstance(remedy, NotifyDuty | PerformDuty):
            yield from _remedies(remedy.remedies, margin + "  ")


def _rules(result: Compiled) -> Iterator[str]:
    for rule in result.rulebook.rules:
        data = rule.model_dump(mode="json", exclude={"sentence", "title", "number", "remedies"})
        yield json.dumps(_stated(data), ensure_ascii=False)
        for remedy in rule.remedies:
            yield "  " + json.dumps(_stated(remedy.model_dump(mode="json", exclude={"sentence"})), ensure_ascii=False)


def _stated(data: Any) -> Any:
    """The data without what says nothing: no value, no text, no list."""
    if isinstance(data, dict):
        return {key: _stated(value) for key, value in data.items() if value not in (None, "", [], False)}
    return [_stated(item) for item in data] if isinstance(data, list) else data


def _findings(evaluation: Evaluation, zone: ZoneInfo) -> Iterator[str]:
    names = {item.id: _name(item) for item in evaluation.findings}
    for item in evaluation.findings:
        value = "" if item.value is None else f" value {_number(item.value)}"
        value += f" in {_number(item.interval.low)}..{_number(item.interval.high)}" if item.interval else ""
        shown = item.verdict == "unmeasured" or (item.verdict == "met" and item.interval)
        why = item.excuse or (item.because if shown else "")
        window = f"{_time(item.start, zone)}..{_time(item.end, zone)}"
        yield f"{item.verdict.value} {_name(item)} {window}{value} samples {item.samples}" + (
            f" ({why})" if why else ""
        )
    for waiver in evaluation.waivers:
        until = "" if waiver.last is None else f" to {localized(waiver.last, zone).isoformat()}"
        texts = "".join(f" {name} {text}" for name, text in waiver.group)
        excused = "".join(f" excuses {names[finding]}" for finding in waiver.findings)
        yield f"waiver {waiver.state} of {waiver.clause} by {waiver.role or 'nobody'}{texts}{until}{excused}"
    for credit in evaluation.credits:
        said = [] if credit.before == credit.amount else [f"before caps {credit.before}"]
        said += [] if credit.state == "due" else [credit.state.value]
        said += [] if credit.claim_until is None else [f"to be claimed until {_time(credit.claim_until, zone)}"]
        before = f" ({', '.join(said)})" if said else ""
        yield f"credit {credit.currency} {credit.amount}{before} to {credit.party} for {names[credit.finding]}"
    for cure in (item for item in evaluation.cures if item.until is not None):
        yield f"{cure.state.value} {names[cure.finding]}"
    for escalation in evaluation.escalations:
        state = "due" if escalation.due else "scheduled"
        yield f"escalation {state} to {escalation.role} {_time(escalation.at, zone)} for {names[escalation.finding]}"
    for right in evaluation.terminations:
        until = "" if right.until is None else f" until {_time(right.until, zone)}{' (lapsed)' if right.lapsed else ''}"
        yield f"termination by {right.party} from {_time(right.arises, zone)}{until}"
    for use in (item for item in evaluation.caps if item.cap.each is None):
        name = "the term" if use.cap.rolling is None else str(use.cap.rolling)
        yield f"cap over {name} from {_time(use.start, zone)}: {use.used} used, {use.left} left"
    for block in evaluation.blocks:
        end = "open" if block.end is None else _time(block.end, zone)
        yield f"block of {block.event} {_time(block.start, zone)}..{end}"
    for interest in evaluation.interest:
        begin, end = _time(interest.start, zone), _time(interest.end, zone)
        of = f"{interest.days} days on {interest.principal}" + (", still runs" if interest.running else "")
        yield f"interest {interest.currency} {interest.amount} to {interest.party} for {names[interest.finding]} {begin}..{end} ({of})"
    for refund in evaluation.refunds:
        of = f"{refund.unused} of {refund.units} of {refund.prepaid} for {_time(refund.start, zone)}..{_time(refund.end, zone)}"
        yield f"refund {refund.currency} {refund.amount} to {refund.party} for {names[refund.finding]} ({of})"
    for given in evaluation.rights:
        said = [f"until {_time(given.until, zone)}"] if given.until is not None else []
        said += [f"ended {_time(given.ended, zone)}"] if given.ended is not None else []
        said += ["lapsed"] if given.lapsed else []
        said += [f"used {_time(given.used, zone)}"] if given.used is not None else []
        rest = f" ({', '.join(said)})" if said else ""
        yield f"right of {given.holder} to {given.event} from {_time(given.arises, zone)}{rest}"


def _history(result: Compiled) -> Iterator[str]:
    for held in history(result.versions, result.orders):
        by = "" if held.amendment is None else f" by No. {held.amendment}"
        by = by if held.order is None else f" under {held.order}"
        text = held.text.replace("\n", " / ")
        yield f"{held.kind} {held.id} {held.effective}..{held.until or ''}{by}: {text}"


def _scenarios(result: Compiled) -> Iterator[str]:
    zone = ZoneInfo(result.agreement.timezone)
    for scenario in result.agreement.scenarios:
        yield f"{scenario.title}"
        for outcome in run(result.rulebook, scenario).outcomes:
            yield f"  {outcome.state.value}: {expectation(outcome.expected)}"
            yield from (f"    {line}" for line in instead(outcome, zone))


def _changes(result: Compiled) -> Iterator[str]:
    holding = [item for item in result.agreement.scenarios if run(result.rulebook, item).held]
    for judged in judge_mutants(result.rulebook, holding):
        change, rule = judged.mutant.change, judged.mutant.rule or "all rules"
        of = f" ({change.of})" if change.of else ""
        noticed = f"noticed by {judged.noticed_by}" if judged.noticed_by else "survived"
        yield f"{rule}: {change.part} {change.before} -> {change.after}{of}: {noticed}"


def _name(finding: Finding) -> str:
    group = ", ".join(f"{name} {value}" for name, value in finding.group)
    return finding.rule + (f" [{group}]" if group else "")


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _time(instant: int, zone: ZoneInfo) -> str:
    local = (_EPOCH + timedelta(microseconds=instant)).astimezone(zone)
    return local.strftime("%Y-%m-%d" if (local.hour, local.minute, local.second) == (0, 0, 0) else "%Y-%m-%dT%H:%M:%S")
