"""The document of a hand-made agreement: what stands in it, in which order, and that every link arrives."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import rfc8785

from tallystick.compilation import compile_source
from tallystick.document.document import (
    Definition,
    DraftingNote,
    Emphasis,
    ItemList,
    Kind,
    Paragraph,
    Row,
    Section,
    Signature,
    Strong,
    Subsection,
    Table,
    paragraph,
    text_of,
    to_canonical,
)
from tallystick.document.from_model import from_model
from tallystick.document.to_markdown import to_markdown
from tallystick.model.agreement import Agreement, Article, Clause, Party
from tallystick.prose.sentence import Link
from tallystick.source import Source

from .anchors import anchors, links
from .sample_agreement import SPAN, agreement, prose

DOCUMENT = from_model(agreement())


def section(kind: Kind, number: int = 1) -> Section:
    return [each for each in DOCUMENT.sections if each.kind is kind][number - 1]


def clauses(part: Section | Subsection) -> list[Subsection]:
    return [each for each in part.blocks if isinstance(each, Subsection)]


def plain(*blocks: object) -> str:
    return json.dumps(to_canonical(replace(DOCUMENT, sections=blocks)), ensure_ascii=False)  # type: ignore[arg-type]


def test_sections_stand_in_the_order_of_a_contract() -> None:
    titles = [(each.number, each.title) for each in DOCUMENT.sections]
    assert titles == [
        ("", "Parties"),
        ("", "Recitals"),
        ("Article 1", "Definitions"),
        ("Article 2", "Model performance"),
        ("Article 3", "Governance"),
        ("", "Remedies under every Section"),
        ("", "Signatures"),
        ("Schedule 1", "Metrics and measures"),
        ("Schedule 2", "Events and records"),
        ("Schedule 3", "Service credits"),
        ("Schedule 4", "Roles and approvals"),
        ("Schedule 5", "Standards"),
        ("Schedule 6", "Measurability"),
    ]


def test_contents_list_sections_and_the_clauses_of_articles() -> None:
    article = [each for each in DOCUMENT.contents if each.anchor.startswith(("article-", "clause-"))]
    assert [(each.level, each.number, each.title) for each in article] == [
        (1, "Article 2", "Model performance"),
        (2, "2.1", "Accuracy"),
        (2, "2.2", "Standards of work"),
        (1, "Article 3", "Governance"),
        (2, "3.1", "Approval"),
        (2, "3.2", "Access to data"),
        (2, "3.3", "Incidents"),
    ]


def test_every_link_arrives_and_no_anchor_stands_twice() -> None:
    found = list(anchors(DOCUMENT))
    assert len(found) == len(set(found))
    assert set(links(DOCUMENT)) <= set(found)


def test_everything_that_can_be_referred_to_has_its_anchor() -> None:
    found, sample = set(anchors(DOCUMENT)), agreement()
    for target in (
        "parties",
        "roles",
        "terms",
        "definitions",
        "metrics",
        "events",
        "records",
        "standards",
    ):
        singular = {"parties": "party"}.get(target, target.removesuffix("s"))
        assert {f"{singular}-{name}" for name in getattr(sample, target)} <= found
    assert {f"clause-{each.id}" for each in sample.clauses} <= found
    assert {f"rule-{each.id}" for each in sample.rules} <= found
    assert {f"article-{each.id}" for each in sample.articles} <= found


def test_the_cover_shows_the_key_terms_only() -> None:
    rows = [[text_of(cell) for cell in row.cells] for row in DOCUMENT.cover.key_terms.rows]
    assert [row[0] for row in rows] == [
        "Effective date", "Term", "Governing law", "Currency", "Time zone", "Accuracy Floor", "Monthly Fee", "Review Date",
    ]  # fmt: skip
    assert ["Accuracy Floor", "92%"] in rows
    assert ["Monthly Fee", "USD 40,000"] in rows
    assert [text_of(cell) for cell in DOCUMENT.cover.parties[0].cells] == [
        "Acme Models, Inc.", "a Delaware corporation", "Provider",
    ]  # fmt: skip


def test_an_agreement_without_extras_is_shorter() -> None:
    bare = Agreement(
        "A",
        "1",
        agreement().effective,
        None,
        "UTC",
        SPAN,
        parties={"p": Party("p", "P Ltd", "P", SPAN)},
    )
    document = from_model(bare)
    assert [each.title for each in document.sections] == [
        "Parties",
        "Definitions",
        "Signatures",
    ]
    assert [text_of(row.cells[0]) for row in document.cover.key_terms.rows] == [
        "Effective date",
        "Time zone",
    ]
    only = [block for block in document.sections[2].blocks if isinstance(block, Signature)]
    assert only == [Signature("Signature_p_1", "P Ltd", "P", "", "", "")]


def test_a_term_that_does_not_renew() -> None:
    document = from_model(replace(agreement(), renewal=None))
    assert ["24 months"] in [[text_of(cell) for cell in row.cells[1:]] for row in document.cover.key_terms.rows]
    assert "lasts for 24 months from the Effective Date, unless" in plain(*document.sections)


def test_parties_are_numbered_and_joined() -> None:
    (items,) = (each for each in section(Kind.PARTIES).blocks if isinstance(each, ItemList))
    said = [
        (each.label, text_of(each.blocks[0].inlines)) for each in items.items if isinstance(each.blocks[0], Paragraph)
    ]
    assert said == [
        (
            "(1)",
            "Acme Models, Inc., a Delaware corporation, of 1 Market Street, San Francisco, CA 94105 (“Provider”); and",
        ),
        ("(2)", "Globex Bank, N.A. (“Customer”)."),
    ]


def test_three_parties_are_joined_by_semicolons() -> None:
    parties = {name: Party(name, name.upper(), name, SPAN) for name in ("a", "b", "c")}
    first = from_model(Agreement("T", "1", agreement().effective, None, "UTC", SPAN, parties=parties)).sections[0]
    (items,) = (each for each in first.blocks if isinstance(each, ItemList))
    assert [text_of(each.blocks[0].inlines)[-5:] for each in items.items if isinstance(each.blocks[0], Paragraph)] == [
        "“a”);", "; and", "“c”).",
    ]  # fmt: skip


def test_definitions_are_alphabetic_and_end_in_a_full_stop() -> None:
    entries = [each for each in clauses(section(Kind.DEFINITIONS))[0].blocks if isinstance(each, Definition)]
    assert [each.title for each in entries] == [
        "Accuracy Floor", "Confidential Information", "Customer", "Data Scientist", "Head of Risk", "Model",
        "Model Registry", "Monthly Fee", "Notice Period", "Production Model", "Provider", "Review Date", "Risk Officer",
    ]  # fmt: skip
    meanings = {each.title: text_of(each.inlines) for each in entries}
    assert meanings["Production Model"] == "means a Model that serves live traffic."
    assert meanings["Notice Period"] == "means 72 hours."
    assert meanings["Risk Officer"] == "means whoever holds the role of Risk Officer for Customer."
    assert meanings["Model"] == "means:"
    assert meanings["Confidential Information"] == "means information that a party marks as confidential."
    more = {each.title: each.more for each in entries}
    assert isinstance(more["Model"][0], ItemList)
    assert more["Confidential Information"] == (Paragraph(("It does not include what is public.",)),)


def test_references_print_names_and_numbers_as_links() -> None:
    first = clauses(section(Kind.ARTICLE))[0].blocks[0]
    assert isinstance(first, Paragraph)
    assert [each for each in first.inlines if isinstance(each, Link)] == [
        Link("Production Model", "definition-production_model"),
        Link("Section\u00a03.1", "clause-gate"),
        Link("Article\u00a03", "article-governance"),
        Link("Review Date", "term-review_date"),
        Link(
            "Regulation (EU) 2024/1689 (Artificial Intelligence Act)",
            "standard-eu_ai_act",
        ),
        Link("Risk Officer", "role-risk_officer"),
    ]


def test_prose_keeps_emphasis_lists_and_tables() -> None:
    blocks = clauses(section(Kind.ARTICLE))[1].blocks
    assert isinstance(blocks[0], Paragraph)
    assert Strong(("measured",)) in blocks[0].inlines
    assert Emphasis(("never",)) in blocks[0].inlines
    assert isinstance(blocks[1], ItemList)
    assert [each.label for each in blocks[1].items] == ["(1)", "(2)"]
    assert blocks[2] == Table(("Stage", "Owner"), (Row((("Training",), (Link("Approval", "clause-gate"),))),))


def test_nested_clauses_stand_inside() -> None:
    outer = clauses(section(Kind.ARTICLE))[1]
    assert [(each.number, each.anchor) for each in clauses(outer)] == [
        ("2.2.1", "clause-baseline"), ("2.2.2", "clause-own"),
    ]  # fmt: skip


def test_remedies_are_lettered_after_a_lead_in() -> None:
    blocks = clauses(section(Kind.ARTICLE))[0].blocks
    lead, remedies = blocks[-2:]
    assert lead == Paragraph(("On each breach of this Section\u00a02.1:",))
    assert isinstance(remedies, ItemList)
    assert [each.label for each in remedies.items] == [f"({letter})" for letter in "abcdefgh"]


def test_a_list_of_more_than_26_goes_on_with_two_letters() -> None:
    document = from_model(replace(agreement(), recitals=tuple(prose(f"No. {n}") for n in range(28))))
    (items,) = (each for each in document.sections[1].blocks if isinstance(each, ItemList))
    assert [each.label for each in items.items[24:]] == ["(Y)", "(Z)", "(AA)", "(AB)"]


def test_own_wording_takes_the_parts_of_the_generated_sentence() -> None:
    own = clauses(clauses(section(Kind.ARTICLE))[1])[1].blocks[0]
    assert isinstance(own, Paragraph)
    said = text_of(own.inlines)
    assert own.operative
    assert said.startswith("By way of own wording, the Provider keeps accuracy ")
    assert "93%" in said
    assert "month" in said


def test_drafting_notes_are_in_drafts_only() -> None:
    assert "Negotiate the floor." not in plain(*DOCUMENT.sections)
    draft = from_model(agreement(), draft=True)
    notes = [each for each in clauses(draft.sections[3])[0].blocks if isinstance(each, DraftingNote)]
    assert notes == [DraftingNote((Paragraph(("Negotiate the floor.",)),))]


def test_each_signatory_signs() -> None:
    lines = [each for each in section(Kind.SIGNATURES).blocks if isinstance(each, Signature)]
    assert [(each.party, each.name) for each in lines] == [
        ("Acme Models, Inc.", "Jane Roe"), ("Acme Models, Inc.", "Juan Pérez"), ("Globex Bank, N.A.", ""),
    ]  # fmt: skip


def rows(part: object) -> list[list[str]]:
    if isinstance(part, Table):
        return [[text_of(cell) for cell in row.cells] for row in part.rows]
    blocks = part.blocks if isinstance(part, (Section, Subsection)) else ()
    return [row for block in blocks for row in rows(block)]


def test_the_schedule_of_metrics() -> None:
    said = rows(section(Kind.SCHEDULE, 1))
    assert [
        "One sample is",
        "the share of predictions on the Holdout Set that equal the recorded outcome",
    ] in said
    assert ["Unit", "fraction, shown as a percentage, read to 6 decimal places"] in said
    assert [
        "In data",
        "accuracy, for each model and environment, reported by Provider",
    ] in said
    assert ["Used in", "Sections 2.1, 2.2.1 and 2.2.2"] in said
    compared = [row for row in said if row[0] == "Section\u00a02.2.1"]
    assert len(compared) == 1
    assert compared[0][1].count("mean ") == 2


def test_the_schedule_of_events_and_records() -> None:
    said = rows(section(Kind.SCHEDULE, 2))
    assert [
        "Deployment",
        "deployment",
        "model, version, environment, role",
        "Sections 2.1, 2.2.2 and 3.1",
    ] in said
    assert [
        "Incident an unplanned interruption of a Production Model", "incident", "incident id, severity; loss (USD)", "Section\u00a03.3",
    ] in said  # fmt: skip
    assert [
        "Planned maintenance",
        "maintenance",
        "model",
        "Sections 2.1 and 2.2.2",
    ] in said


def test_the_schedule_of_credits() -> None:
    assert rows(section(Kind.SCHEDULE, 3)) == [
        ["Section\u00a02.1 Accuracy", "below 92%", "USD 4,000 (10% of the Monthly Fee)", "Customer"],
        ["Section\u00a02.1 Accuracy", "below 85%", "USD 10,000 (25% of the Monthly Fee)", "Customer"],
        ["Section\u00a02.2.2 Own wording", "any breach", "USD 500", "Customer"],
        ["Section\u00a02.1", "each calendar quarter", "USD 9,000"],
        ["the whole Agreement", "each calendar month", "USD 8,000 (20% of the Monthly Fee)"],
    ]


TOLD = (
    "Is notified of a breach (Section\u00a02.1) Gives approval before deployment (Section\u00a03.1) "
    "Is notified of Incident (Section\u00a03.3)"
)


def test_the_schedule_of_roles() -> None:
    assert rows(section(Kind.SCHEDULE, 4)) == [
        [
            "Risk Officer", "Customer", "–",
            TOLD,
        ],
        ["Head of Risk", "Customer", "Risk Officer", "Receives what is escalated (Section\u00a02.1)"],
        ["Data Scientist", "Provider", "–", "May perform access to Training Data (Section\u00a03.2)"],
    ]  # fmt: skip


def test_the_schedule_of_standards() -> None:
    standards = clauses(section(Kind.SCHEDULE, 5))
    assert [(each.title, each.anchor) for each in standards] == [
        ("Regulation (EU) 2024/1689 (Artificial Intelligence Act)", "standard-eu_ai_act"),
        ("ISO/IEC 42001", "standard-iso"),
    ]
    assert rows(standards[0]) == [
        ["Article 15(1)", "Section\u00a02.1 Accuracy"],
        ["Article 14", "Section\u00a03.1 Approval Section\u00a03.2 Access to data"],
    ]
    assert standards[1].blocks == (paragraph("No Section addresses this standard."),)


def test_the_schedule_of_measurability() -> None:
    opening = section(Kind.SCHEDULE, 6).blocks[0]
    assert isinstance(opening, Paragraph)
    assert text_of(opening.inlines).startswith("6 of 7 Sections (85%) are measured from data.")
    said = rows(section(Kind.SCHEDULE, 6))
    assert ["Section\u00a02.2 Standards of work", "–", "Narrative: states a purpose"] in said
    assert ["Section\u00a03.1 Approval", "training, operation", "1 sentence"] in said


def test_schedules_with_nothing_to_say_are_left_out() -> None:
    article = Article(
        "a",
        "A",
        "1",
        SPAN,
        clauses=(Clause("c", "C", "2.1", SPAN, narrative="says why"),),
    )
    document = from_model(Agreement("T", "1", agreement().effective, None, "UTC", SPAN, articles=(article,)))
    assert [each.number for each in document.sections if each.kind is Kind.SCHEDULE] == ["Schedule 1"]
    assert document.sections[-1].title == "Measurability"


def test_canonical_form_is_plain_json_that_a_comma_changes() -> None:
    canonical = rfc8785.dumps(to_canonical(DOCUMENT))
    assert canonical == rfc8785.dumps(to_canonical(from_model(agreement())))
    changed = replace(agreement(), recitals=(prose("The parties, want more."),))
    assert canonical != rfc8785.dumps(to_canonical(from_model(changed)))
    assert json.loads(canonical)["sections"][0]["kind"] == "parties"


def test_canonical_form_refuses_what_is_no_part_of_a_document() -> None:
    with pytest.raises(TypeError, match="not part of a document"):
        to_canonical(replace(DOCUMENT, title=1.5))  # type: ignore[arg-type]


def test_the_schedules_say_how_derived_data_is_computed() -> None:
    source = """
agreement "A" { version "1". effective 2027-01-01. timezone "UTC". }
party provider "P" called "Provider".
event request "request" by status.
metric errors "error rate" as fraction = count(request where status is "failed") / count(request) each 5 minutes empty is missing.
record downtime "downtime" when errors above 10% lasting at least 10 minutes.
article "X" { clause up "Up" { provider must keep uptime(downtime) at least 99% over each month. } }
"""
    found, diagnostics = compile_source(Source("a.msa", source))
    assert diagnostics == ()
    assert found is not None
    text = to_markdown(found.document, found.tally).replace("\u00a0", " ")
    assert "in each interval of 5 minutes" in text
    assert "An interval in which there is nothing to compute it from gives no sample." in text
    assert "in each of which its value is above 10%, that lasts at least 10 minutes" in text
    request = next(line for line in text.splitlines() if "**Request**" in line)
    assert "Section 2.1" in request
    derived = text[text.index("### How records are derived") :]
    assert "| **Downtime** | A run of consecutive intervals" in derived
    assert "A run of" not in text[text.index("### Records") : text.index("### How records are derived")]


def test_sections_stand_in_order_and_events_of_the_language_say_where_they_are_used() -> None:
    source = """
agreement "A" { version "1". effective 2027-01-01. timezone "UTC". currency EUR. business days "DE". }
party provider "P" called "Provider".
party customer "C" called "Customer".
calendar desk "Night Desk" { hours "Mon-Fri 20:00-23:00". }
event request "request" by status.
metric size "size" as count.
record downtime "downtime" when count(request where status is "failed") above 3 each 5 minutes lasting at least 10 minutes.
article "X" {
  clause up "Up" {
    provider must keep uptime(downtime) at least 99% over each month.
    on breach { credit customer EUR 5 if claimed within 3 days. cure within 2 days. }
  }
  clause requests "Requests" {
    PROSE
    provider must keep count(request) at most 9 over each day.
    provider must keep max(size) at most 9 over each day.
    provider must perform request within 2 business hours of desk of request.
  }
}
"""
    found, diagnostics = compile_source(Source("a.msa", source.replace("PROSE", '"""The {desk} looks at them."""')))
    assert diagnostics == ()
    assert found is not None
    text = to_markdown(found.document, found.tally).replace("\u00a0", " ")
    lines = text.splitlines()
    assert "The [Night Desk](#interpretation) looks at them." in lines
    assert "| Unit | count |" in lines
    for title, used in (
        ("Request", "Sections [2.1](#clause-up) and [2.2](#clause-requests)"),
        ("Claim", "[Section 2.1]"),
        ("Cure", "[Section 2.1]"),
    ):
        assert used in next(line for line in lines if f"**{title}**" in line)
