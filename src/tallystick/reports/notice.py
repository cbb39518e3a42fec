"""A notice of breach: who was to do what, what was measured instead, on what evidence, and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from tallystick.evaluating import Judged
from tallystick.evaluation.evaluation import CureState
from tallystick.evaluation.explain import rows_for
from tallystick.evaluation.finding import Evidence, Finding, Verdict
from tallystick.evaluation.to_json import evidence_json, finding_json, local_text, utc_text
from tallystick.facts.digests import FileDigest, digests
from tallystick.model.agreement import Agreement, Party
from tallystick.reports.following import Consequence, Known, following
from tallystick.rules.derived import Runs, SampledIntervals
from tallystick.rules.measure import SeriesKind, series_in
from tallystick.rules.rule import Block, PerformDuty, Rule
from tallystick.rules.rulebook import Rulebook

MOST_ROWS = 12
"""Of the rows behind one breach, so many are shown, the most telling first."""


class NoNotice(Exception):
    """There is nothing to give notice of, or it is not said between whom; the message says why."""


@dataclass(frozen=True)
class Breach:
    """A breached finding, the sentence that it breaches, the rows behind it and what follows."""

    finding: Finding
    rule: Rule
    sentence: str
    rows: tuple[Evidence, ...]
    consequences: tuple[Consequence, ...]


@dataclass(frozen=True)
class Notice:
    """A notice as of an instant. `cured` counts the breaches of the clause that it leaves out because they were cured."""

    agreement: Agreement
    judged: Judged
    sender: Party
    recipient: Party
    breaches: tuple[Breach, ...]
    files: tuple[FileDigest, ...]
    cured: int = 0

    @property
    def zone(self) -> ZoneInfo:
        """The agreement's time zone."""
        return ZoneInfo(self.judged.rulebook.timezone)


def notice_of(
    agreement: Agreement, judged: Judged, what: str, sender: str | None = None, recipient: str | None = None
) -> Notice:
    """The notice of a finding by its id, or of every breach of a clause (by its name, number or one of its rules) that
    was not cured. Raises NoNotice, and OSError for data that is gone since it was read.
    """
    known = Known(judged.rulebook, judged.evaluation)
    found, cured = _named(known, what)
    to = _party(agreement, recipient) if recipient else _in_breach(agreement, known, found)
    found = [each for each in found if _holder(agreement, known, each) in (None, to)]
    if not found:
        raise NoNotice(f"Nothing of that is a breach by {agreement.parties[to].called}.")
    by = _party(agreement, sender) if sender else _other(agreement, to)
    if by == to:
        raise NoNotice("A party gives no notice to itself: --from and --to name the same one.")
    breaches = tuple(_breach(known, judged, each) for each in found)
    read = {key for each in breaches for key in _sources(judged.rulebook, each.rule)}
    files = digests(judged.bindings, read)
    return Notice(agreement, judged, agreement.parties[by], agreement.parties[to], breaches, files, cured)


def _named(known: Known, what: str) -> tuple[list[Finding], int]:
    """The breached findings that are meant, and how many more were cured."""
    exact = [each for each in known.evaluation.findings if each.id == what]
    if exact:
        if exact[0].verdict is not Verdict.BREACHED:
            raise NoNotice(f"Finding {what} is {exact[0].verdict.value}: there is no breach to give notice of.")
        return exact, 0
    clauses = {rule.clause for rule in known.rulebook.rules if what in _names(rule)}
    if not clauses:
        raise NoNotice(
            f"There is no finding, clause or rule “{what}” as of {utc_text(known.evaluation.as_of)}; a finding needs the "
            "same data and --as-of."
        )
    of_clause = [each for each in known.evaluation.findings if each.clause in clauses]
    breached = [each for each in of_clause if each.verdict is Verdict.BREACHED]
    cured = {each.finding for each in known.evaluation.cures if each.state is CureState.CURED}
    left = [each for each in breached if each.id not in cured]
    if not left:
        also = f" ({len(breached)} breached and cured)" if breached else ""
        raise NoNotice(f"Nothing of “{what}” is breached as of {utc_text(known.evaluation.as_of)}{also}.")
    return left, len(breached) - len(left)


def _names(rule: Rule) -> tuple[str, ...]:
    return rule.clause, rule.number, rule.number.partition("(")[0], rule.id


# --- between whom --------------------------------------------------------------------------------------------


def _party(agreement: Agreement, name: str) -> str:
    if name not in agreement.parties:
        raise NoNotice(f"There is no party “{name}”. The parties are: {', '.join(agreement.parties)}.")
    return name


def _holder(agreement: Agreement, known: Known, finding: Finding) -> str | None:
    """The party whose breach it is; a role answers for its party. None where the sentence binds nobody by name."""
    duty = known.duty_of(finding)
    holder = duty.holder if duty is not None else known.rule_of(finding).holder
    role = agreement.roles.get(holder or "")
    return role.party if role else holder


def _in_breach(agreement: Agreement, known: Known, found: Sequence[Finding]) -> str:
    holders = sorted({each for each in (_holder(agreement, known, item) for item in found) if each})
    if len(holders) == 1:
        return holders[0]
    choices = " or ".join(f"--to {each}" for each in (holders or agreement.parties))
    why = "Several parties are in breach" if holders else "The sentence binds nobody by name"
    raise NoNotice(f"{why}, so say to whom the notice goes: {choices}.")


def _other(agreement: Agreement, to: str) -> str:
    others = [each for each in agreement.parties if each != to]
    if len(others) == 1:
        return others[0]
    raise NoNotice(f"Say who gives the notice: {' or '.join(f'--from {each}' for each in others)}.")


# --- evidence ------------------------------------------------------------------------------------------------


def _breach(known: Known, judged: Judged, finding: Finding) -> Breach:
    rows = rows_for(judged.facts, judged.rulebook, finding, MOST_ROWS, judged.evaluation.as_of)
    return Breach(finding, known.rule_of(finding), known.sentence_of(finding), rows, following(known, finding))


def _sources(rulebook: Rulebook, rule: Rule) -> Iterator[tuple[SeriesKind, str]]:
    """What the rule and its consequences read; of derived data, what it is derived from."""
    derived: dict[tuple[SeriesKind, str], Any] = {
        **{(SeriesKind.METRIC, each.id): each.derived for each in rulebook.metrics if each.derived},
        **{(SeriesKind.RECORD, each.id): each.derived for each in rulebook.records if each.derived},
    }
    waiting = [(each.source, each.name) for each in series_in(rule)]
    acts = (each.event for each in rule.remedies if isinstance(each, PerformDuty | Block))
    waiting += [(SeriesKind.EVENT, each) for each in ("notice", "cure", *acts) if rule.remedies]
    seen: set[tuple[SeriesKind, str]] = set()
    while waiting:
        key = waiting.pop(0)
        if key in seen:
            continue
        seen.add(key)
        yield key
        definition = derived.get(key)
        waiting += [(each.source, each.name) for each in series_in(definition)]
        if isinstance(definition, Runs) and isinstance(definition.over, SampledIntervals):
            waiting.append((SeriesKind.METRIC, definition.over.metric))


def notice_json(notice: Notice) -> dict[str, Any]:
    """The notice as plain data."""
    book, zone = notice.judged.rulebook, notice.zone
    numbers = {rule.id: rule.number for rule in book.rules}
    return {
        "agreement": book.agreement,
        "version": book.version,
        "tally": notice.judged.evaluation.tally,
        "as_of": utc_text(notice.judged.evaluation.as_of),
        "timezone": book.timezone,
        "from": notice.sender.id,
        "to": notice.recipient.id,
        "breaches": [
            {
                **finding_json(each.finding, numbers, zone),
                "title": each.rule.title,
                "sentence": each.sentence,
                "evidence": [evidence_json(row, zone) for row in each.rows],
                "consequences": [
                    {
                        "says": item.says,
                        "by": None
                        if item.by is None
                        else {"utc": utc_text(item.by), "local": local_text(item.by, zone)},
                        "stands": item.stands,
                        "standing": item.standing.value,
                    }
                    for item in each.consequences
                ],
            }
            for each in notice.breaches
        ],
        "cured": notice.cured,
        "files": [{"source": each.source, "file": each.file, "sha256": each.sha256} for each in notice.files],
    }
