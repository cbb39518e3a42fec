"""The document of a hand-made agreement: what stands in it, in which order, and that every link arrives."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import rfc8785

from tallystick.compilation import compile_source
from tallystick.document.document import (
    Cover,
    Definition,
    Document,
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


def cover_of(document: Document) -> Cover:
    assert isinstance(document.cover, Cover)
    return document.cover


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
        ("Schedule 4", "Playbook"),
        ("Schedule 5", "Roles and approvals"),
        ("Schedule 6", "Standards"),
        ("Schedule 7", "Measurability"),
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
    rows = [[text_of(cell) for cell in row.cells] for row in cover_of(DOCUMENT).key_terms.rows]
    assert [row[0] for row in rows] == [
        "Effective date", "Term", "Governing law", "Currency", "Time zone", "Accuracy Floor", "Monthly Fee", "Review Date",
    ]  # fmt: skip
    assert ["Accuracy Floor", "92%"] in rows
    assert ["Monthly Fee", "USD 40,000"] in rows
    assert [text_of(cell) for cell in cover_of(DOCUMENT).parties[0].cells] == [
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
    assert [text_of(row.cells[0]) for row in cover_of(document).key_terms.rows] == [
        "Effective date",
        "Time zone",
    ]
    only = [block for block in document.sections[2].blocks if isinstance(block, Signature)]
    assert only == [Signature("Signature_p_1", "P Ltd", "P", "", "", "")]


def test_a_term_that_does_not_renew() -> None:
    document = from_model(replace(agreement(), renewal=None))
    assert ["24 months"] in [[text_of(cell) for cell in row.cells[1:]] for row in cover_of(document).key_terms.rows]
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


def test_remedies_are_counted_after_a_lead_in() -> None:
    blocks = clauses(section(Kind.ARTICLE))[0].blocks
    lead, remedies = blocks[-2:]
    assert lead == Paragraph(("On each breach of this Section\u00a02.1:",))
    assert isinstance(remedies, ItemList)
    assert [each.label for each in remedies.items] == [f"({n})" for n in range(1, 9)]


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
    assert rows(section(Kind.SCHEDULE, 5)) == [
        [
            "Risk Officer", "Customer", "–",
            TOLD,
        ],
        ["Head of Risk", "Customer", "Risk Officer", "Receives what is escalated (Section\u00a02.1)"],
        ["Data Scientist", "Provider", "–", "May perform access to Training Data (Section\u00a03.2)"],
    ]  # fmt: skip


def test_the_schedule_of_standards() -> None:
    standards = clauses(section(Kind.SCHEDULE, 6))
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
    opening = section(Kind.SCHEDULE, 7).blocks[0]
    assert isinstance(opening, Paragraph)
    assert text_of(opening.inlines).startswith("6 of 7 Sections (85%) are measured from data.")
    said = rows(section(Kind.SCHEDULE, 7))
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


TWO_SENTENCES = """agreement "A" { version "1". effective 2027-01-01. timezone "UTC". currency USD. }
party p "P Ltd" called "P".
party q "Q Ltd" called "Q".
role officer "Officer" of q.
event drill "drill", "hold a drill" by site.
event audit "audit".
article "Work" {
  clause drills "Drills" {
    \"\"\"Drills are short. The second promise stands in {@yearly}, the only one about audits in {@audits}.\"\"\"
    p must perform drill at least 1 time each month.
    p must perform drill at least 20 times each year labelled yearly.
    on breach {
      p must notify officer within 2 days.
      p must perform drill within 5 days.
      q may terminate after 3 breaches in 6 months.
      cure within 10 days.
      escalate to officer after 3 days.
      block audit.
      cap credits at USD 5 each month.
      credit q USD 3 if claimed within 30 days.
    }
  }
  clause audited "Audits" {
    p must perform audit at least 1 time each year labelled audits.
  }
}
"""


def two_sentences() -> Agreement:
    found, diagnostics = compile_source(Source("a.msa", TWO_SENTENCES))
    assert found is not None, diagnostics
    return found.agreement


def test_several_sentences_are_lettered_and_one_is_not() -> None:
    found = two_sentences()
    assert {rule.id: rule.number for rule in found.rules} == {"drills": "2.1(a)", "yearly": "2.1(b)", "audits": "2.2"}
    page = to_markdown(from_model(found), "")
    assert "The second promise stands in [Section\u00a02.1(b)](#rule-yearly)" in page
    assert "the only one about audits in [Section\u00a02.2](#rule-audits)." in page
    assert "- (a) " in page
    assert '- (b) <a id="rule-yearly"></a>' in page
    assert "- (8) " in page
    assert '\n<a id="rule-audits"></a>' in page


def test_the_playbook_says_who_does_what_by_when() -> None:
    (schedule,) = (each for each in from_model(two_sentences()).sections if each.anchor == "schedule-playbook")
    table = next(block for block in schedule.blocks if isinstance(block, Table))
    assert [[text_of(cell) for cell in row.cells] for row in table.rows] == [
        ["Section\u00a02.1 Drills", "P", "Notifies the Officer", "No later than 2 days after the breach"],
        ["Section\u00a02.1", "P", "Shall hold a drill", "No later than 5 days after the breach"],
        [
            "Section\u00a02.1",
            "Q",
            "May terminate this Agreement",
            "Once 3 breaches of this Section fall within any 6 months",
        ],
        ["Section\u00a02.1", "P", "May cure the breach", "No later than 10 days after the breach"],
        ["Section\u00a02.1", "The Officer", "Takes up what is not cured", "After 3 days"],
        [
            "Section\u00a02.1",
            "No one",
            "May perform audit",
            "From the breach until it is cured or this requirement is met again",
        ],
        [
            "Section\u00a02.1",
            "Q",
            "Is credited (see the service credits)",
            "If claimed no later than 30 days after the breach",
        ],
    ]


def test_what_follows_an_event_is_lettered_counted_and_in_the_playbook() -> None:
    chain = "p must perform audit within 5 days on breach { q may terminate. cure within 3 days. }"
    text = TWO_SENTENCES.replace('clause audited "Audits" {', f'clause audited "Audits" {{ on audit {{ {chain} }}')
    found, diagnostics = compile_source(Source("a.msa", text))
    assert found is not None, diagnostics
    assert [rule.number for rule in found.agreement.rules] == ["2.1(a)", "2.1(b)", "2.2(a)", "2.2(b)"]
    document = from_model(found.agreement)
    page = to_markdown(document, "")
    assert "\n  - (1) [P](#party-p) shall perform" in page
    assert "\n    - (A) [Q](#party-q) may terminate this Agreement on each breach of this duty." in page
    (schedule,) = (each for each in document.sections if each.anchor == "schedule-playbook")
    table = next(block for block in schedule.blocks if isinstance(block, Table))
    assert [[text_of(cell) for cell in row.cells] for row in table.rows][-3:] == [
        ["Section\u00a02.2 Audits: Each audit", "P", "Shall perform audit", "No later than 5 days after the audit"],
        ["That duty", "Q", "May terminate this Agreement", "On each breach of this duty"],
        [
            "That duty",
            "Whoever is in breach",
            "May cure the breach",
            "No later than 3 days after the breach of this duty",
        ],
    ]


EXAMPLES = """agreement "A" { version "1". effective 2027-01-01. timezone "Europe/Berlin". currency USD. annex worked examples. }
party p "P Ltd" called "P".
party q "Q Ltd" called "Q".
role officer "Officer" of q.
metric load "load" as milliseconds by site.
event outcry "outcry" by site with people as count.
record strike "strike" by site.
article "Work" {
  clause calm "Calm" {
    p must keep max(load) at most 5 milliseconds over each day per site.
    on breach { p must notify officer within 2 days. credit q USD 3. block outcry. }
    except during strike.
  }
}
scenario "A loud day" {
  given 2 samples of load of 7 milliseconds each hour from 2027-03-01 until 2027-03-01 at 03:00 where site is "a".
  given outcry on 2027-03-02 at 09:30 with people of 20 where site is "a".
  given strike from 2027-03-05 where site is "b".
  given no notice.
  as of 2027-03-09.
  expect calm breached at 7 milliseconds for site "a" on 2027-03-01.
  expect duty to notify officer breached.
  expect block of outcry breached for site "a".
  expect credit to q of USD 3.
  expect outcry blocked.
}
"""


def test_worked_examples_are_annexed_in_tables() -> None:
    found, diagnostics = compile_source(Source("a.msa", EXAMPLES))
    assert found is not None, diagnostics
    annex = found.document.sections[-1]
    assert (annex.number, annex.title) == ("Schedule 7", "Worked examples")
    (example,) = clauses(annex)
    given, outcome = (block for block in example.blocks if isinstance(block, Table))
    assert [[text_of(cell) for cell in row.cells] for row in given.rows] == [
        [
            "load (2 times)",
            "3 times from 1 March 2027 to 1 March 2027 at 02:00, both included",
            "7 milliseconds; site “a”",
        ],
        ["outcry", "2 March 2027 at 09:30", "people 20; site “a”"],
        ["strike", "from 5 March 2027, without end", "site “b”"],
        ["notice", "never", "–"],
    ]
    assert outcome.columns == ("At 9 March 2027", "Outcome")
    assert [[text_of(cell) for cell in row.cells] for row in outcome.rows] == [
        ["Section\u00a02.1 for site “a”, on 1 March 2027", "breached at 7 milliseconds"],
        ["Duty to notify the Officer under Section\u00a02.1", "breached"],
        ["Block of outcry under Section\u00a02.1 for site “a”", "breached"],
        ["Credits to Q", "USD 3 in all"],
        ["outcry", "blocked"],
    ]
    assert set(links(found.document)) <= set(anchors(found.document))


def test_without_the_statement_no_example_stands_in_the_paper() -> None:
    found, _ = compile_source(Source("a.msa", EXAMPLES.replace(" annex worked examples.", "")))
    assert found is not None
    assert all(each.title != "Worked examples" for each in found.document.sections)


def test_a_clause_says_who_alone_may_waive_it() -> None:
    source = TWO_SENTENCES.replace("    on breach {", "    only officer may waive.\n    on breach {")
    found, diagnostics = compile_source(Source("a.msa", source))
    assert found is not None, diagnostics
    assert (
        "Only the [Officer](#role-officer) may waive a breach of this Section. A waiver lasts from its beginning up to, but "
        "not including, its end, in the time zone UTC."
    ) in to_markdown(found.document, "")
