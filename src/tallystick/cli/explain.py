"""`tally explain`: what a code means, what a clause says and how it is measured, why a finding came out so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from tallystick.cli.console import compiled_or_none, fail, out
from tallystick.cli.judging import judged, unless_engine_fails
from tallystick.cli.main import COULD_NOT_RUN, KEPT
from tallystick.cli.words import (
    STYLES,
    group_text,
    interest_text,
    interval_text,
    known_money,
    moment_text,
    money,
    refund_text,
    right_text,
    state_text,
    value_text,
    window_text,
)
from tallystick.compilation import Compiled
from tallystick.diagnostics.catalogue import CATALOGUE
from tallystick.evaluating import DUCKDB, Judged
from tallystick.evaluation.evaluation import CreditState, CureState, CureStatus
from tallystick.evaluation.explain import rows_for
from tallystick.evaluation.finding import Evidence, Finding
from tallystick.evaluation.to_json import utc_text
from tallystick.model.agreement import Agreement, Clause, Dormant, Operative
from tallystick.prose.from_measure import measure_definition
from tallystick.prose.from_order import covers_text, prevails_text
from tallystick.prose.from_remedy import Ground, of_clause, of_occasion, remedy_sentences
from tallystick.prose.from_rule import (
    MISSING_EXCUSED,
    dormant_sentence,
    effect_sentence,
    exemption_sentence,
    rule_sentence,
    survival_sentence,
    waiver_sentence,
)
from tallystick.resources import resource
from tallystick.rules.rule import VERSION, Gate, Keep, Occasion, Remedy, unversioned

_CODE = re.compile(r"T\d{4}\Z", re.IGNORECASE)
_FINDING = re.compile(r"[0-9a-f]{12}\Z")
MOST_ROWS = 20


def explain_it(what: str, file: Path | None, data: Path | None, as_of: str | None, engine: str = DUCKDB) -> int:
    """Explain a code, a clause or a finding. Exit code: 0 explained, 2 there is nothing of that name."""
    if _CODE.match(what):
        return _explain_code(what.upper())
    file = file or _only_source()
    if file is None:
        fail(f"Say which agreement “{what}” belongs to: tally explain {what} FILE.msa")
        return COULD_NOT_RUN
    if _FINDING.match(what):
        return _explain_finding(what, file, data, as_of, engine)
    return _explain_clause(what, file)


def _only_source() -> Path | None:
    """The agreement of this folder, where there is just one."""
    found = sorted(Path().glob("*.msa"))
    return found[0] if len(found) == 1 else None


def _explain_code(code: str) -> int:
    if code not in CATALOGUE:
        close = get_close_matches(code, CATALOGUE, 1)
        fail(f"There is no code {code}." + (f" Did you mean {close[0]}?" if close else ""))
        return COULD_NOT_RUN
    out.print(Markdown(resource("docs", "diagnostics", f"{code}.md").read_text(encoding="utf-8")))
    return KEPT


# --- a clause ------------------------------------------------------------------------------------------------


def _explain_clause(what: str, file: Path) -> int:
    if file.suffix == ".json":
        fail("A clause is explained from its source: give the .msa file.")
        return COULD_NOT_RUN
    if not file.is_file():
        fail(f"{file}: there is no such file.")
        return COULD_NOT_RUN
    compiled = compiled_or_none(file)
    if compiled is None:
        return COULD_NOT_RUN
    agreement, name = compiled.agreement, unversioned(what)
    if name != what:
        texts = {f"{name}{VERSION}{version.effective}": version.agreement for version in compiled.versions}
        for each in compiled.orders:
            under = f"{name}{VERSION}{each.order.id}"
            texts |= {f"{under}{VERSION}{version.effective}": version.agreement for version in each.versions}
            texts[under] = each.versions[0].agreement
        agreement = texts.get(what, agreement)
    clauses = {name: clause for clause in agreement.clauses for name in (clause.id, clause.number)}
    by_rule = {name: clause for clause in agreement.clauses for rule in clause.rules for name in (rule.id, rule.number)}
    clause = clauses.get(name) or by_rule.get(name)
    if clause is None:
        close = get_close_matches(what, [*clauses, *by_rule], 1)
        fail(f"There is no clause or rule “{what}” in {file}." + (f" Did you mean “{close[0]}”?" if close else ""))
        return COULD_NOT_RUN
    _show_clause(agreement, clause)
    _show_orders(compiled, clause, what)
    return KEPT


def _show_orders(compiled: Compiled, clause: Clause, what: str) -> None:
    """The texts of the clause under orders, and what goes before what."""
    for rule in compiled.rulebook.rules:
        if rule.clause != clause.id:
            continue
        if rule.order is not None and rule.id != what:
            under = next(each.order for each in compiled.orders if each.order.id == rule.order)
            out.print(f"\nUnder {under.title} ({under.id}), for {covers_text(under.covers)}:")
            out.print(rule.sentence)
            out.print(f"  rule {rule.id}", style="dim")
        for prevails in rule.prevails:
            out.print(f"  {rule.id} {prevails_text(prevails)}", style="dim")


def _show_clause(agreement: Agreement, clause: Clause) -> None:
    out.print(f"{clause.number} {clause.title}", style="bold")
    if clause.narrative:
        out.print(f"Not measured: {clause.narrative}.")
    if clause.omitted:
        out.print("An amendment struck it. tally history shows its text until then.")
    effect = effect_sentence(agreement, clause)
    if effect is not None:
        out.print(effect.text)
    for item in clause.content:
        if isinstance(item, Dormant):
            out.print()
            out.print(dormant_sentence(agreement, item).text)
        if isinstance(item, Operative):
            out.print()
            out.print(rule_sentence(agreement, item).text)
            out.print(f"  {f'{item.letter} rule'.lstrip()} {item.rule.id}", style="dim")
            if isinstance(item.rule, Keep | Gate):
                out.print(f"  How: {measure_definition(agreement, item.rule.measure).text}")
            if isinstance(item.rule, Occasion):
                _show_remedies(agreement, item.rule.remedies, of_occasion(agreement, item.rule), "  ")
    lines = [exemption_sentence(agreement, exemption).text for exemption in clause.exemptions]
    lines += [MISSING_EXCUSED] if clause.missing_excused else []
    lines += [waiver_sentence(agreement, clause).text] if clause.waivers else []
    lines += [survival_sentence(agreement, clause.survives).text] if clause.survives else []
    for line in lines:
        out.print(f"• {line}")
    _show_remedies(agreement, clause.remedies, of_clause(clause.rules))


def _show_remedies(agreement: Agreement, remedies: Sequence[Remedy], ground: Ground, margin: str = "") -> None:
    for depth, sentence in remedy_sentences(agreement, remedies, ground):
        out.print(f"{margin}{'  ' * depth}• {sentence.text}")


# --- a finding -----------------------------------------------------------------------------------------------


def _explain_finding(what: str, file: Path, data: Path | None, as_of: str | None, engine: str) -> int:
    result = judged(file, data, as_of, engine=engine)
    return COULD_NOT_RUN if result is None else unless_engine_fails(lambda: _show_one(result, what))


def _show_one(result: Judged, what: str) -> int:
    found = next((item for item in result.evaluation.findings if item.id == what), None)
    if found is None:
        fail(f"There is no finding {what} as of {utc_text(result.evaluation.as_of)}; give the same data and --as-of.")
        return COULD_NOT_RUN
    _show_finding(result, found)
    _show_rows(result, found)
    _show_consequences(result, found)
    return KEPT


def _show_finding(result: Judged, found: Finding) -> None:
    zone = ZoneInfo(result.rulebook.timezone)
    rule = next(rule for rule in result.rulebook.rules if rule.id == found.rule.partition("/")[0])
    out.print(f"{rule.number} {rule.title}", style="bold")
    out.print(_sentence(rule.sentence, found, result))
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("verdict", Text(found.verdict.value, style=STYLES[found.verdict]))
    for name, value in _facts(found, zone):
        table.add_row(name, value)
    for order in (each for each in result.rulebook.orders if each.id == rule.order):
        table.add_row("under", f"{order.title} ({order.id}), which covers {covers_text(order.covers)}")
    for prevails in rule.prevails:
        table.add_row("conflict", f"this text {prevails_text(prevails)}")
    out.print(table)


def _sentence(sentence: str, found: Finding, result: Judged) -> str:
    """The sentence that was judged: the rule's, or that of the duty or block that followed, with the way to it."""
    name, *way = found.rule.split("/")
    rule = next(item for item in result.rulebook.rules if item.id == name)
    shared = tuple(each for each in result.rulebook.remedies if each.order in (None, rule.order))
    remedies, said = rule.remedies + shared[::-1], [sentence]
    for step in way:
        remedy = next((item for item in remedies if getattr(item, "id", "") == step), None)
        if remedy is None:
            break
        said.append(remedy.sentence)
        remedies = getattr(remedy, "remedies", ())
    return said[-1] if len(said) < 3 else "\n  → ".join(said)


def _facts(found: Finding, zone: ZoneInfo) -> Sequence[tuple[str, str]]:
    window = (
        f"[{utc_text(found.start)}, {utc_text(found.end)})" if found.end > found.start else f"{utc_text(found.start)}"
    )
    rows = [
        ("finding", found.id),
        ("rule", found.rule),
        ("for", group_text(found.group or found.about)),
        ("window", f"{window_text(found, zone)} ({zone.key})"),
        ("in UTC", window),
        ("value", value_text(found.value, found.unit) if found.value is not None else ""),
        *((f"{item.confidence:.2%} interval", interval_text(found)) for item in [found.interval] if item),
        ("not counted", value_text(found.excluded, found.unit) if found.excluded is not None else ""),
        ("agreed", value_text(found.threshold, found.unit) if found.threshold is not None else ""),
        ("samples", f"{found.samples:,}"),
        ("decided", moment_text(found.decided, zone) if found.decided is not None else ""),
        ("because", found.because),
        ("excused by", found.excuse),
    ]
    return [(name, value) for name, value in rows if value]


def _show_rows(result: Judged, found: Finding) -> None:
    until = result.evaluation.as_of
    rows = found.evidence or rows_for(result.facts, result.rulebook, found, MOST_ROWS, until, result.engine)
    if not rows:
        return
    zone = ZoneInfo(result.rulebook.timezone)
    names = list(dict.fromkeys(name for row in rows for name, _ in row.values))
    table = Table(title="Rows that decided it", title_justify="left", pad_edge=False)
    for name in ("source", "time", *names):
        table.add_column(name)
    for row in rows[:MOST_ROWS]:
        table.add_row(*_cells(row, names, zone))
    out.print(table)


def _cells(row: Evidence, names: Sequence[str], zone: ZoneInfo) -> Sequence[str]:
    values = dict(row.values)
    return (row.source, moment_text(row.time, zone), *(values.get(name, "") for name in names))


def _show_consequences(result: Judged, found: Finding) -> None:
    zone, evaluation = ZoneInfo(result.rulebook.timezone), result.evaluation
    titles = {role.id: role.title for role in result.rulebook.roles}
    lines = [
        f"credit of {money(item.amount, item.currency)}, before caps {money(item.before, item.currency)}"
        + ("" if item.state is CreditState.DUE else f", {state_text(item, zone)}")
        for item in evaluation.credits
        if item.finding == found.id
    ]
    lines += [_cure_words(item, zone) for item in evaluation.cures if item.finding == found.id]
    lines += [
        f"escalated to {titles[item.role]} on {moment_text(item.at, zone)}"
        for item in evaluation.escalations
        if item.finding == found.id
    ]
    lines += [
        f"{item.event} blocked from {moment_text(item.start, zone)}, until {moment_text(item.end, zone)}"
        if item.end
        else f"{item.event} blocked since {moment_text(item.start, zone)}"
        for item in evaluation.blocks
        if item.finding == found.id
    ]
    lines += [
        f"{right_text(item, result.rulebook, zone)}, since {moment_text(item.arises, zone)}"
        for item in evaluation.rights
        if item.finding == found.id
    ]
    lines += [
        f"interest of {known_money(item.amount, item.currency)} on {known_money(item.principal, item.currency)}: "
        f"{interest_text(item)}" + (", still runs" if item.running else "")
        for item in evaluation.interest
        if item.finding == found.id
    ]
    lines += [
        f"refund of {known_money(item.amount, item.currency)} of {known_money(item.prepaid, item.currency)}: "
        f"{refund_text(item)} from {moment_text(item.start, zone)} to {moment_text(item.end, zone)} not begun"
        for item in evaluation.refunds
        if item.finding == found.id
    ]
    if lines:
        out.print("What follows:", style="bold")
    for line in lines:
        out.print(f"• {line}")


def _cure_words(cure: CureStatus, zone: ZoneInfo) -> str:
    match cure.state:
        case CureState.CURED:
            return f"cured on {moment_text(cure.at, zone)}"
        case CureState.CURABLE:
            return f"may be cured until {moment_text(cure.until, zone)}"
        case CureState.UNCURED:
            return f"not cured by {moment_text(cure.until, zone)}" if cure.until else "not to be cured"
