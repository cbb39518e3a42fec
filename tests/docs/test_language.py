"""The language reference is true: its examples compile, and say what stands beneath them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tallystick.compilation import examine
from tallystick.diagnostics.catalogue import CATALOGUE
from tallystick.model.agreement import Agreement, Clause, Dormant, Operative, Prose, Reference
from tallystick.model.from_syntax import SENTENCE_PARTS
from tallystick.model.measures import _EXTRAS as MEASURES
from tallystick.prose.from_derivation import derived_sentences
from tallystick.prose.from_measure import measure_definition
from tallystick.prose.from_remedy import OF_ALL, of_clause, of_occasion, remedy_sentences
from tallystick.prose.from_rule import (
    MISSING_EXCUSED,
    dormant_sentence,
    effect_sentence,
    exemption_sentence,
    rule_sentence,
)
from tallystick.prose.references import reference_link
from tallystick.prose.sentence import Sentence
from tallystick.quantities import CURRENCIES, UNITS, PeriodUnit
from tallystick.resources import resource
from tallystick.rules.rule import CalendarUnit, Keep, Occasion
from tallystick.source import Source, Unread
from tallystick.sources import assembled, read_file

from .pages import DOCS, Fence, fences

FILE = DOCS / "language.md"
PAGE = FILE.read_text(encoding="utf-8")
EXAMPLES = [fence for fence in fences(PAGE) if fence.language == "msa"]
FILES = {fence.about: fence.text for fence in fences(PAGE) if fence.language == "file"}
FRAME = [fence.text for fence in EXAMPLES if fence.heading == "The agreement around the examples"]
CODES_HEAD = "\n| code | what is wrong | |\n| --- | --- | --- |\n"
STANDARD = "provider must keep mean(accuracy) at least 92% over each month per model.\n"
DECLARES = (
    "party",
    "role",
    "metric",
    "event",
    "record",
    "key",
    "term",
    "define",
    "standard",
    "environments",
    "calendar",
    "use",
    "schedule",
)
FOLLOWS = ("on ", "except", "missing data")
QUOTE = re.compile(r"\n\n((?:^>.*\n)+)", re.MULTILINE)
MEASURE_ROW = re.compile(r"^\| `(?P<measure>[^`]+)` \|(?P<words>[^|]*)\|(?P<how>[^|]*)\|$", re.MULTILINE)
MEASURES_AT = slice(PAGE.index("\n## Measures"), PAGE.index("\n## Exceptions"))
ROWS = list(MEASURE_ROW.finditer(PAGE[MEASURES_AT]))
OF_AN_EXAMPLE = {"T0507", "T0508"}  # declarations of the frame that this one example does not use


def framed(text: str) -> str:
    """The whole agreement in which an example stands."""
    head, declarations = FRAME
    if text in FRAME:
        return head + declarations
    if text.startswith("agreement"):
        return text + declarations
    if text.split(maxsplit=1)[0] in DECLARES or re.search(r"^article ", text, re.MULTILINE):
        return head + declarations + text
    standard = STANDARD if text.startswith(FOLLOWS) else ""
    return f'{head}{declarations}article "Example" {{ clause example "Example" {{\n{standard}{text}}} }}'


def source_of(text: str) -> Source:
    """An example as a file; an amendment or order changes the example before it."""

    def read(name: str) -> str | Unread:
        return FILES[name] if name in FILES else read_file(name)

    if not text.startswith(("amendment", "order")):
        return assembled(Source("example.msa", framed(text)), read)
    texts = [fence.text for fence in EXAMPLES]
    amended = Source("example.msa", framed(texts[texts.index(text) - 1]))
    return replace(amended, amendments=(Source("instrument.msa", text, {amended.name: amended}),))


def compiled(text: str) -> Agreement:
    """The agreement of an example, which has no mistakes; of an order, as it stands under it."""
    checked = examine(source_of(text))
    assert [item for item in checked.diagnostics if item.code not in OF_AN_EXAMPLE] == []
    assert checked.agreement is not None
    return checked.orders[-1].versions[-1].agreement if checked.orders else checked.agreement


def said(agreement: Agreement, *, standard: bool) -> Iterator[str]:
    """Every paragraph that the articles print, in order, after how derived data is computed."""
    yield from (sentence.text for sentence in derived_sentences(agreement).values())
    for article in agreement.articles:
        for item in article.content:
            if isinstance(item, Prose):
                yield printed(agreement, item)
    for clause in agreement.clauses:
        yield from clause_said(agreement, clause, standard=standard)
    yield from (sentence.text for _, sentence in remedy_sentences(agreement, agreement.remedies, OF_ALL))
    for occasion in agreement.occasions:
        yield from operative_said(agreement, occasion)


def clause_said(agreement: Agreement, clause: Clause, *, standard: bool) -> Iterator[str]:
    effect = effect_sentence(agreement, clause)
    if effect is not None:
        yield effect.text
    for item in clause.content[standard:]:
        if isinstance(item, Prose):
            yield printed(agreement, item)
        elif isinstance(item, Operative):
            yield from operative_said(agreement, item)
        elif isinstance(item, Dormant):
            yield dormant_sentence(agreement, item).text
    yield from (exemption_sentence(agreement, exemption).text for exemption in clause.exemptions)
    if clause.missing_excused:
        yield MISSING_EXCUSED
    yield from (s.text for _, s in remedy_sentences(agreement, clause.remedies, of_clause(clause.rules)))


def operative_said(agreement: Agreement, item: Operative) -> Iterator[str]:
    yield rule_sentence(agreement, item).text
    if isinstance(item.rule, Occasion):
        ground = of_occasion(agreement, item.rule)
        yield from (sentence.text for _, sentence in remedy_sentences(agreement, item.rule.remedies, ground))


def printed(agreement: Agreement, prose: Prose) -> str:
    inlines = (reference_link(agreement, part) if isinstance(part, Reference) else part for part in prose.parts)
    return "".join(inline if isinstance(inline, str) else inline.text for inline in inlines)


def sentences(text: str) -> list[str]:
    standard = text.startswith(FOLLOWS) and not re.search(r"^article ", text, re.MULTILINE)
    return [line.replace("\u00a0", " ") for line in said(compiled(text), standard=standard)]


def quoted(lines: list[str]) -> str:
    return "\n>\n".join(f"> {line}" for line in lines) + "\n"


def beneath(fence: Fence) -> re.Match[str] | None:
    return QUOTE.match(PAGE, fence.end)


@pytest.fixture(scope="session")
def rewritten(request: pytest.FixtureRequest) -> bool:
    """With --snapshots the page is written anew before it is compared."""
    if not request.config.getoption("--snapshots"):
        return False
    page = ""
    end = 0
    for fence in EXAMPLES:
        quote = beneath(fence)
        if quote:
            page += PAGE[end : quote.start(1)] + quoted(sentences(fence.text))
            end = quote.end(1)
    page += PAGE[end:]
    for row in ROWS:
        page = page.replace(row[0], measure_row(row["measure"]))
    head = page[: page.index(CODES_HEAD) + len(CODES_HEAD)]
    page = head + codes()
    FILE.write_text(page, encoding="utf-8")
    return True


def measure_row(measure: str) -> str:
    agreement = compiled(f"provider must keep {measure} at least {measure} over each month.\n")
    rule = next(agreement.rules)
    assert isinstance(rule, Keep)
    operative = next(clause.content[0] for clause in agreement.clauses)
    assert isinstance(operative, Operative)
    words = Sentence(tuple(part for part in rule_sentence(agreement, operative).parts if part.name == "measure"))
    return f"| `{measure}` | {words.text} | {measure_definition(agreement, rule.measure).text} |"


@pytest.mark.parametrize("fence", EXAMPLES, ids=[f"line-{fence.line}" for fence in EXAMPLES])
def test_an_example_compiles_and_says_what_stands_beneath(fence: Fence, rewritten: bool) -> None:
    if rewritten:
        pytest.skip("the page was written anew")
    lines, quote = sentences(fence.text), beneath(fence)
    if quote or (lines and fence.heading != "On one page"):
        assert quote, f"the example in line {fence.line} has no sentence beneath it"
        assert quote[1] == quoted(lines)


@pytest.mark.parametrize("row", ROWS, ids=[row["measure"] for row in ROWS])
def test_a_measure_says_what_stands_beside_it(row: re.Match[str], rewritten: bool) -> None:
    if rewritten:
        pytest.skip("the page was written anew")
    assert row[0] == measure_row(row["measure"])


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_an_example_is_a_clause_library_without_mistakes(name: str) -> None:
    assert examine(Source(name, FILES[name])).diagnostics == ()


def test_every_word_of_the_grammar_is_shown() -> None:
    grammar = resource("grammar", "tallystick.lark").read_text(encoding="utf-8")
    words = set(re.findall(r'"([a-z]+)"', grammar))
    shown = "\n".join((*(fence.text for fence in EXAMPLES), *FILES.values())) + "\n".join(row[0] for row in ROWS)
    assert words - set(re.findall(r"[a-z]+", shown)) == set()


def test_every_measure_unit_and_part_is_shown() -> None:
    measures = {row["measure"].partition("(")[0] for row in ROWS}
    assert set(MEASURES) <= measures
    for word in (*UNITS, *CURRENCIES, *PeriodUnit):
        assert f"`{word.replace('_', ' ')}`" in PAGE, word
    parts = PAGE[PAGE.index("### own wording") : PAGE.index("## Measures")]
    assert set(re.findall(r"`([a-z]+)`", parts.partition("| form | parts |")[2])) <= SENTENCE_PARTS
    for unit in CalendarUnit:
        assert re.search(rf"`(each )?{unit}`", PAGE), unit


def codes() -> str:
    rows = (
        f"| [{kind.code}](diagnostics/{kind.code}.md) | {kind.title} | {kind.severity} |" for kind in CATALOGUE.values()
    )
    return "\n".join(rows) + "\n"


def test_every_code_is_listed(rewritten: bool) -> None:
    if rewritten:
        pytest.skip("the page was written anew")
    assert PAGE.partition(CODES_HEAD)[2] == codes()
