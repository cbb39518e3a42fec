"""The agreement, resolved and typed: every name found, every number with its unit, every clause numbered.

Operative sentences are held as the rules they are (`tallystick.rules`); paper and rulebook are both made from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from string import ascii_lowercase

from tallystick.model.scenario import Scenario
from tallystick.quantities import Period, Quantity
from tallystick.rules.calendars import WorkingCalendar, WorkingHours
from tallystick.rules.derived import Intervals, Runs
from tallystick.rules.rule import (
    Covered,
    Exemption,
    FiscalYear,
    Occasion,
    Remedy,
    Rule,
    Survival,
    followed,
    unversioned,
)
from tallystick.source import Span


class Target(StrEnum):
    """What a reference in prose points to."""

    TERM = "term"
    PARTY = "party"
    ROLE = "role"
    DEFINITION = "definition"
    METRIC = "metric"
    EVENT = "event"
    RECORD = "record"
    CLAUSE = "clause"
    RULE = "rule"
    ARTICLE = "article"
    SCHEDULE = "written-schedule"
    STANDARD = "standard"
    CALENDAR = "calendar"
    PART = "part"
    VERB = "verb"


@dataclass(frozen=True)
class Reference:
    """`{name}` or `{@clause}` in prose: prints the name or number of what it points to, as a live link. `{shall}` points to
    nothing and prints the verb of duty of the house."""

    target: Target
    id: str
    span: Span


@dataclass(frozen=True)
class Prose:
    """Markdown, dedented, with its references in place. Adjacent texts are joined."""

    parts: tuple[str | Reference, ...]
    span: Span


@dataclass(frozen=True)
class Note:
    """A drafting note: shown in drafts, never in what is signed."""

    prose: Prose


@dataclass(frozen=True)
class Party:
    """A contracting party. `signatories` are (name, title)."""

    id: str
    name: str
    called: str
    span: Span
    entity: str | None = None
    address: str | None = None
    notices: str | None = None
    signatories: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Role:
    """A role of a party; `above` is the role next below it, which it outranks."""

    id: str
    title: str
    party: str
    span: Span
    above: str | None = None


@dataclass(frozen=True)
class NumberAttribute:
    """A number carried by an event or record."""

    name: str
    unit: str


@dataclass(frozen=True)
class Metric:
    """Numbers sampled over time. `means` says in words what one sample is, `reported_by` the party that reports it.

    A `derived` one is computed from other data.
    """

    id: str
    title: str
    unit: str
    dimensions: tuple[str, ...]
    span: Span
    places: int = 9
    means: Prose | None = None
    reported_by: str | None = None
    derived: Intervals | None = None


@dataclass(frozen=True)
class Event:
    """Things that happen at an instant. `title` is the noun, `action` the verb phrase ("deploy a Model") if given.

    `actor` is the dimension that names the person who acts (of a notice: who is told), if it has one.
    """

    id: str
    title: str
    dimensions: tuple[str, ...]
    attributes: tuple[NumberAttribute, ...]
    span: Span | None
    action: str | None = None
    optional: tuple[str, ...] = ()
    means: Prose | None = None
    reported_by: str | None = None
    actor: str | None = None


@dataclass(frozen=True)
class Record:
    """Things that last. A `derived` one is made of runs of intervals of other data."""

    id: str
    title: str
    dimensions: tuple[str, ...]
    attributes: tuple[NumberAttribute, ...]
    span: Span | None
    means: Prose | None = None
    reported_by: str | None = None
    optional: tuple[str, ...] = ()
    derived: Runs | None = None


@dataclass(frozen=True)
class Term:
    """A named value. Key terms make the cover page. One that is not `set` has a value only to say of what kind it will be."""

    id: str
    title: str
    value: Quantity | Period | date | str
    key: bool
    span: Span
    set: bool = True


@dataclass(frozen=True)
class Calendar:
    """Working time as it was declared; its holidays become dates once the life of the agreement is known."""

    id: str
    title: str
    span: Span
    weekdays: tuple[int, ...]
    hours: tuple[WorkingHours, ...]
    places: tuple[str, ...]
    timezone: str | None
    hours_stated: bool


@dataclass(frozen=True)
class Definition:
    """A defined term of the contract."""

    id: str
    title: str
    means: Prose
    span: Span


@dataclass(frozen=True)
class Standard:
    """An outside standard that clauses can say they satisfy."""

    id: str
    title: str
    span: Span


@dataclass(frozen=True)
class Operative:
    """A rule as it stands in a clause; `worded` is the drafter's own wording, with `{part}` for each measurable part.

    `letter` is `(b)` for the second of several sentences of a clause, empty for the only one.
    """

    rule: Rule
    span: Span
    worded: Prose | None = None
    letter: str = ""


def letter_of(index: int) -> str:
    """a, b, … z, aa, ab, … as contracts count their sentences."""
    more, letter = divmod(index, 26)
    return (letter_of(more - 1) if more else "") + ascii_lowercase[letter]


@dataclass(frozen=True)
class Dormant:
    """A sentence of a clause without effect: said on paper with its optional terms, and no rule."""

    operative: Operative


@dataclass(frozen=True)
class Clause:
    """A numbered clause. `content` keeps the order of the source; `number` is like 3.2 or 3.2.1, and 3.2A of one that an
    amendment added after 3.2. An amendment left out an `omitted` one, whose number stays. `waivers` are the only roles
    that may waive a breach of it, if it names any. It `survives` the end of the agreement for so long.

    `needs` are the optional terms that must be set for it to have effect, `open` those of them that are not: while there
    are any, it has no effect, and no rules.
    """

    id: str
    title: str
    number: str
    span: Span
    stages: tuple[str, ...] = ()
    narrative: str | None = None
    content: tuple[Prose | Note | Operative | Dormant, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    missing_excused: bool = False
    remedies: tuple[Remedy, ...] = ()
    satisfies: tuple[tuple[str, str], ...] = ()
    clauses: tuple[Clause, ...] = ()
    needs: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    omitted: bool = False
    waivers: tuple[str, ...] = ()
    survives: Survival | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of this clause's own sentences and occasions."""
        return tuple(item.rule for item in self.content if isinstance(item, Operative))

    @property
    def occasions(self) -> tuple[Occasion, ...]:
        """What consequences follow from without a breach."""
        return tuple(rule for rule in self.rules if isinstance(rule, Occasion))

    @property
    def every_remedy(self) -> tuple[Remedy, ...]:
        """All consequences: of a breach, of the occasions, and those that follow when a duty among them is breached."""
        own = (self.remedies, *(rule.remedies for rule in self.occasions))
        return tuple(remedy for block in own for _, remedy in followed(block, ""))


@dataclass(frozen=True)
class Article:
    """A numbered article: its opening prose and its clauses."""

    id: str
    title: str
    number: str
    span: Span
    content: tuple[Prose | Note, ...] = ()
    clauses: tuple[Clause, ...] = ()
    omitted: bool = False


class Act(StrEnum):
    """What an amendment does to a text."""

    SET = "set"
    REPLACE = "replace"
    STRIKE = "strike"
    ADD = "add"


@dataclass(frozen=True)
class Change:
    """One change of an amendment. `what` is the kind of text (term, clause, article, metric …); `after` is the id of the
    clause that an added one follows, or of the article at whose end it stands."""

    act: Act
    what: str
    id: str
    span: Span
    after: str | None = None


@dataclass(frozen=True)
class Amendment:
    """An amendment in force from the day on which it takes effect."""

    number: int
    effective: date
    span: Span
    recitals: tuple[Prose, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Order:
    """An order under the agreement, from `effective` up to, not including, `until` (None: as long as the agreement).

    It covers the rows that meet all of `covers`, everything without any. `terms` are those that it sets or adds, as they
    stand under it; `overrides` the changes among its `changes` that may ask less than the agreement.
    """

    id: str
    title: str
    effective: date
    until: date | None
    span: Span
    version: str | None = None
    term: Period | None = None
    covers: tuple[Covered, ...] = ()
    recitals: tuple[Prose, ...] = ()
    changes: tuple[Change, ...] = ()
    overrides: tuple[Change, ...] = ()
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Schedule:
    """Prose and tables of the drafter behind the signature page, before the schedules that write themselves."""

    id: str
    title: str
    number: str
    span: Span
    content: tuple[Prose | Note, ...] = ()


@dataclass(frozen=True)
class Agreement:
    """One agreement. Dictionaries are in order of declaration; dimension `environment` takes `environments`.

    `order` is the one under which it stands as it does here; `orders` are all that are known, listed on its paper.
    `precedence` names what prevails over what comes later in it: the orders, the agreement, its schedules, or one of them.
    """

    title: str
    version: str
    effective: date
    until: date | None
    timezone: str
    span: Span
    term: Period | None = None
    renewal: Period | None = None
    governing_law: str | None = None
    currency: str | None = None
    recitals: tuple[Prose, ...] = ()
    parties: dict[str, Party] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    environments: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    metrics: dict[str, Metric] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    terms: dict[str, Term] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    standards: dict[str, Standard] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    working: dict[str, WorkingCalendar] = field(default_factory=dict)
    fiscal_year: FiscalYear | None = None
    articles: tuple[Article, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    occasions: tuple[Operative, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    precedence: tuple[tuple[str, Span], ...] = ()
    order: Order | None = None
    orders: tuple[Order, ...] = ()
    examples: bool = False

    @property
    def clauses(self) -> Iterator[Clause]:
        """Every clause, nested ones too, in order."""
        pending = [clause for article in reversed(self.articles) for clause in reversed(article.clauses)]
        while pending:
            clause = pending.pop()
            yield clause
            pending.extend(reversed(clause.clauses))

    @property
    def rules(self) -> Iterator[Rule]:
        """Every rule, in order."""
        for clause in self.clauses:
            yield from clause.rules

    @cached_property
    def numbers(self) -> Mapping[tuple[Target, str], str]:
        """The number of each clause, article, schedule and rule, by its name; also of rules of clauses without effect."""
        found: dict[tuple[Target, str], str] = {}
        for clause in self.clauses:
            found.setdefault((Target.CLAUSE, clause.id), clause.number)
            for item in clause.content:
                said = item.operative if isinstance(item, Dormant) else item
                if isinstance(said, Operative):
                    found.setdefault((Target.RULE, unversioned(said.rule.id)), said.rule.number)
        for article in self.articles:
            found.setdefault((Target.ARTICLE, article.id), str(article.number))
        for schedule in self.schedules:
            found.setdefault((Target.SCHEDULE, schedule.id), str(schedule.number))
        return found
