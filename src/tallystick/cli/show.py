"""The result of an evaluation on a terminal: what was read, a summary by clause, findings, money, duties and rights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import islice
from zoneinfo import ZoneInfo

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from tallystick.cli.console import counted, out
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
from tallystick.evaluating import Judged
from tallystick.evaluation.bulk import curable, having, tallied
from tallystick.evaluation.evaluation import CreditState, TerminationRight
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.evaluation.to_json import local_text
from tallystick.prose.from_order import covers_text, prevails_text
from tallystick.rules.rule import Cap, Rule

MOST_ROWS = 40
LISTED = (Verdict.BREACHED, Verdict.UNMEASURED)


def show(judged: Judged, *, everything: bool) -> None:
    """Print the result. Without `everything`, only findings that did not pass are listed, and long lists are cut."""
    zone = ZoneInfo(judged.rulebook.timezone)
    rows = sum(judged.facts.read.values())
    out.print(f"{judged.rulebook.agreement}, version {judged.rulebook.version}", style="bold")
    out.print(
        f"as of {moment_text(judged.evaluation.as_of, zone)} ({judged.rulebook.timezone}), "
        f"{counted(rows, 'row')} from {counted(len(judged.facts.bound), 'source')}, tally {judged.rulebook.tally[:16]}"
    )
    for each in judged.rulebook.amendments:
        out.print(f"with Amendment No. {each.number}, in force from {each.effective}")
    for order in judged.rulebook.orders:
        until = "" if order.until is None else f" until {order.until}"
        out.print(f"with order {order.id}, in force from {order.effective}{until}, for {covers_text(order.covers)}")
    if judged.facts.unused:
        out.print(f"Not used, for want of a name in the agreement: {', '.join(judged.facts.unused)}")
    _set_aside(judged)
    _summary(judged)
    _findings(judged, zone, everything=everything)
    _precedence(judged)
    _credits(judged, zone)
    _caps(judged, zone)
    _interest(judged, zone)
    _refunds(judged, zone)
    _open_duties(judged, zone)
    _rights(judged, zone)
    _waivers(judged, zone)
    _verdict(judged)


def _set_aside(judged: Judged) -> None:
    if not judged.facts.set_aside:
        return
    table = _table("Rows set aside", "source", "file", "why", ">rows", ">first row", "example")
    for item in judged.facts.set_aside:
        table.add_row(item.source, item.file, item.reason, f"{item.count:,}", f"{item.first_row:,}", item.example[:60])
    out.print(table)


def _table(title: str, *columns: str) -> Table:
    """A plain table; a column that begins with `>` is set to the right."""
    table = Table(
        title=f"\n{title}", title_justify="left", title_style="bold", header_style="bold", box=SIMPLE, pad_edge=False
    )
    for column in columns:
        table.add_column(
            column.removeprefix(">"),
            justify="right" if column.startswith(">") else "left",
            no_wrap=column.startswith(">") or column in ("finding", "verdict"),
            overflow="fold",
        )
    return table


def _summary(judged: Judged) -> None:
    counts = tallied(judged.evaluation.findings, lambda finding: finding.clause, lambda rule: rule.clause)
    table = _table("Findings by clause", "clause", "title", *(f">{verdict.value}" for verdict in Verdict))
    for clause, rule in _first_rules(judged.rulebook.rules).items():
        cells = [_count(counts[clause, verdict], verdict) for verdict in Verdict]
        table.add_row(rule.number, rule.title, *cells)
    total = _verdicts(judged)
    table.add_section()
    table.add_row("", "all", *(_count(total[verdict], verdict) for verdict in Verdict))
    out.print(table)


def _verdicts(judged: Judged) -> Counter[Verdict]:
    total: Counter[Verdict] = Counter()
    for (_, verdict), number in tallied(judged.evaluation.findings, lambda _: None, lambda _: None).items():
        total[verdict] += number
    return total


def _first_rules(rules: Iterable[Rule]) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for rule in rules:
        found.setdefault(rule.clause, rule)
    return found


def _count(count: int, verdict: Verdict) -> Text:
    return Text(f"{count:,}", style=STYLES[verdict]) if count else Text("·", style="dim")


def _findings(judged: Judged, zone: ZoneInfo, *, everything: bool) -> None:
    total, findings = _verdicts(judged), judged.evaluation.findings
    number = len(findings) if everything else sum(total[verdict] for verdict in LISTED)
    if not number:
        return
    rules = {rule.id: rule for rule in judged.rulebook.rules}
    title = "Findings" if everything else "Findings that did not pass"
    table = _table(title, "finding", "rule", "for", "when", "verdict", ">value", ">agreed", "why")
    for item in findings if everything else islice(having(findings, LISTED), MOST_ROWS):
        table.add_row(*_finding_cells(item, rules, zone))
    out.print(table)
    if not everything and number > MOST_ROWS:
        out.print(f"… and {number - MOST_ROWS:,} more; see them with --all, or write them to a file with -o.")


def _precedence(judged: Judged) -> None:
    """Which of the texts that judged something go before another, and why."""
    found = tallied(judged.evaluation.findings, lambda item: item.rule.partition("/")[0], lambda rule: rule.id)
    used = {rule for rule, _ in found}
    lines = [
        f"{rule.number} {rule.id} {prevails_text(each)}"
        for rule in judged.rulebook.rules
        if rule.id in used
        for each in rule.prevails
    ]
    if lines:
        out.print("\nWhat goes first where texts conflict", style="bold")
    for line in lines:
        out.print(f" {line}")


def _finding_cells(item: Finding, rules: dict[str, Rule], zone: ZoneInfo) -> Sequence[str | Text]:
    rule = rules[item.rule.partition("/")[0]]
    return (
        item.id,
        f"{rule.number} {item.rule}".strip(),
        group_text(item.group or item.about),
        window_text(item, zone),
        Text(item.verdict.value, style=STYLES[item.verdict]),
        value_text(item.value, item.unit) + (f" ({interval_text(item)})" if item.interval else ""),
        value_text(item.threshold, item.unit),
        item.excuse or item.because,
    )


def _credits(judged: Judged, zone: ZoneInfo) -> None:
    due = judged.evaluation.credits
    if not due:
        return
    parties = {party.id: party.called for party in judged.rulebook.parties}
    stated = any(item.state is not CreditState.DUE for item in due)
    state = ("state",) if stated else ()
    table = _table("Service credits", "to", "finding", "rule", "for", "belongs to", *state, ">credit", ">after caps")
    for item in due:
        table.add_row(
            parties.get(item.party, item.party),
            item.finding,
            item.rule,
            group_text(item.group),
            moment_text(item.belongs, zone)[:10],
            *((state_text(item, zone),) if stated else ()),
            money(item.before, item.currency),
            money(item.amount, item.currency),
        )
    table.add_section()
    for (party, currency), (before, amount) in _totals(judged).items():
        total = Text(money(amount, currency), style="bold")
        table.add_row(parties.get(party, party), "", "all", "", "", *("",) * stated, money(before, currency), total)
    out.print(table)


def _totals(judged: Judged) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    found: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for item in judged.evaluation.credits:
        before, amount = found.get((item.party, item.currency), (Decimal(0), Decimal(0)))
        found[item.party, item.currency] = (before + item.before, amount + item.amount)
    return found


def _caps(judged: Judged, zone: ZoneInfo) -> None:
    if not judged.evaluation.caps:
        return
    table = _table("Caps on credits", "clause", "each", "from", ">cap", ">used", ">left")
    for item in judged.evaluation.caps:
        table.add_row(
            item.clause or "all",
            _span(item.cap),
            moment_text(item.start, zone),
            money(item.allowed, item.currency),
            money(item.used, item.currency),
            money(item.left, item.currency),
        )
    out.print(table)


def _interest(judged: Judged, zone: ZoneInfo) -> None:
    if not judged.evaluation.interest:
        return
    parties = {party.id: party.called for party in judged.rulebook.parties}
    table = _table("Interest", "to", "finding", "rule", "from", "until", ">on", "computed", ">interest")
    for item in judged.evaluation.interest:
        table.add_row(
            parties.get(item.party, item.party),
            item.finding,
            item.rule,
            moment_text(item.start, zone)[:10],
            moment_text(item.end, zone)[:10] + (" (still runs)" if item.running else ""),
            known_money(item.principal, item.currency),
            interest_text(item),
            known_money(item.amount, item.currency),
        )
    out.print(table)


def _refunds(judged: Judged, zone: ZoneInfo) -> None:
    if not judged.evaluation.refunds:
        return
    parties = {party.id: party.called for party in judged.rulebook.parties}
    table = _table("Refunds", "to", "finding", "rule", "on", "paid for", ">paid", "unused", ">refund")
    for item in judged.evaluation.refunds:
        table.add_row(
            parties.get(item.party, item.party),
            item.finding,
            item.rule,
            moment_text(item.at, zone)[:10],
            f"{moment_text(item.start, zone)} – {moment_text(item.end, zone)}",
            known_money(item.prepaid, item.currency),
            refund_text(item),
            known_money(item.amount, item.currency),
        )
    out.print(table)


def _span(cap: Cap) -> str:
    """The period of a cap: `month`, `12 months` for a rolling one, `term`."""
    if cap.each is not None:
        return cap.each.value
    return "term" if cap.rolling is None else str(cap.rolling)


def _open_duties(judged: Judged, zone: ZoneInfo) -> None:
    """What must still be done: duties and answers whose deadline has not passed, and cures that are still possible."""
    dated = {rule.id for rule in judged.rulebook.rules if rule.kind in ("response", "deletion", "cadence")}
    pending = [
        item for item in having(judged.evaluation.findings, [Verdict.PENDING]) if "/" in item.rule or item.rule in dated
    ]
    open_cures = [item for item in curable(judged.evaluation.cures) if item.until is not None]
    if not pending and not open_cures:
        return
    table = _table("Open duties", "until", "duty", "for", "finding")
    rows = [(item.end, item.rule, group_text(item.group or item.about), item.id) for item in pending]
    named = judged.evaluation.findings if open_cures else ()
    groups = {item.id: group_text(item.group or item.about) for item in named}
    rows += [(item.until or 0, f"cure of {item.rule}", groups[item.finding], item.finding) for item in open_cures]
    for until, duty, group, finding in sorted(rows)[:MOST_ROWS]:
        table.add_row(moment_text(until, zone), duty, group, finding)
    out.print(table)


def _rights(judged: Judged, zone: ZoneInfo) -> None:
    evaluation = judged.evaluation
    due = [item for item in evaluation.escalations if item.due]
    running = [item for item in evaluation.blocks if item.end is None]
    if not (evaluation.terminations or due or running or evaluation.rights):
        return
    titles = {role.id: role.title for role in judged.rulebook.roles}
    parties = {party.id: party.called for party in judged.rulebook.parties}
    table = _table("Rights, escalations and blocks", "since", "what", "clause", "because of")
    rows = [
        (right.arises, f"{parties[right.party]} {_may(right, zone)}", right.clause, ", ".join(right.findings[-3:]))
        for right in evaluation.terminations
    ]
    rows += [(step.at, f"escalated to {titles[step.role]}", step.clause, step.finding) for step in due]
    for block in running:
        where = f" in {' or '.join(block.environments)}" if block.environments else ""
        rows.append((block.start, f"{block.event}{where} is blocked", block.clause, block.finding))
    rows += [
        (right.arises, right_text(right, judged.rulebook, zone), right.clause, right.finding)
        for right in evaluation.rights
    ]
    for since, *cells in sorted(rows):
        table.add_row(moment_text(since, zone), *cells)
    out.print(table)


def _waivers(judged: Judged, zone: ZoneInfo) -> None:
    """Every waiver with its last instant, also those that do not count."""
    if not judged.evaluation.waivers:
        return
    titles = {role.id: role.title for role in judged.rulebook.roles}
    table = _table(
        f"Waivers ({judged.rulebook.timezone})", "clause", "by", "for", "from", "last instant", "is", "excuses"
    )
    for item in judged.evaluation.waivers:
        table.add_row(
            item.clause,
            titles.get(item.role, item.role) or "nobody named",
            group_text(item.group),
            moment_text(item.begin, zone),
            "no end" if item.last is None else local_text(item.last, zone) or "",
            item.state.value,
            ", ".join(item.findings),
        )
    out.print(table)


def _may(right: TerminationRight, zone: ZoneInfo) -> str:
    """Whether the right is still there, and until when."""
    if right.until is None:
        return "may terminate"
    until = moment_text(right.until, zone)
    return f"could terminate until {until}, lapsed" if right.lapsed else f"may terminate until {until}"


def _verdict(judged: Judged) -> None:
    count = _verdicts(judged)
    if judged.kept:
        out.print("All that could be judged was kept.", style="bold green")
    else:
        out.print(
            f"{count[Verdict.BREACHED]:,} breached, {count[Verdict.UNMEASURED]:,} unmeasured. "
            "Explain one: tally explain FINDING FILE",
            style="bold red",
        )
