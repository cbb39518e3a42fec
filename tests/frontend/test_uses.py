"""Clause libraries: where their clauses stand, how names meet, what parameters become."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.compilation import Compiled, check, compile_source, examine, rules_json
from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.document.to_markdown import to_markdown
from tallystick.source import Source
from tallystick.sources import assembled, attachments, from_attachments, not_found
from tallystick.syntax.to_source import format_source

HEAD = """agreement "Try" {
  version "1".
  effective 2027-01-01.
  timezone "UTC".
  currency USD.
}
party vendor "Vendor Ltd" called "Vendor".
party customer "Customer Ltd" called "Customer".
role boss "Boss" of customer.
"""
LIBRARY = """param provider: party = provider.
param officer: role.
param notice_period "Notice Period": period = 72 hours.
event incident "Incident" by incident_id, severity.
param trigger: event = incident.
article incidents "Incidents" {
  \"\"\"{provider} handles each {trigger} within the {notice_period}, see {@report}.\"\"\"
  clause report "Reporting" {
    provider must notify officer within notice_period of trigger matching incident_id labelled told.
  }
}
"""
WITH = "provider = vendor. officer = boss."


def agreement(text: str, **files: str) -> Source:
    texts = {f"{name}.msa": content for name, content in files.items()}
    return assembled(
        Source("a.msa", HEAD + text), lambda name: texts[name] if name in texts else not_found(name, texts)
    )


def compiled(text: str, **files: str) -> Compiled:
    result, diagnostics = compile_source(agreement(text, **files))
    assert diagnostics == ()
    assert result is not None
    return result


def codes(text: str, **files: str) -> list[tuple[str, str]]:
    """Code and place of each mistake."""
    return [(item.code, repr(item.span)) for item in found(text, **files)]


def found(text: str, **files: str) -> list[Diagnostic]:
    """The mistakes; what other uses of the head would need is not asked for."""
    return [item for item in check(agreement(text, **files))[1] if item.code != "T0507"]


def sentences(result: Compiled) -> list[str]:
    return [rule.sentence for rule in result.rulebook.rules]


def test_an_article_stands_at_the_place_of_its_use() -> None:
    own = 'article own "Own" { clause mine { narrative "n". """text""" } }'
    result = compiled(
        f'{own} use "l.msa" with {{ {WITH} }} article last {own[12:].replace("mine", "mine2")}', l=LIBRARY
    )
    assert [(article.number, article.id) for article in result.agreement.articles] == [
        ("2", "own"),
        ("3", "incidents"),
        ("4", "last"),
    ]
    assert sentences(result)[0].endswith(
        "after each Incident (with the same incident id). Exactly 72 hours after is in time."
    )


def test_in_an_article_the_clauses_stand_among_its_own() -> None:
    clause = 'clause %s { narrative "n". """text""" }'
    text = f'article "Own" {{ {clause % "one"} use "l.msa" with {{ {WITH} }} {clause % "three"} }}'
    result = compiled(text, l=LIBRARY)
    assert [(each.number, each.id) for each in result.agreement.clauses] == [
        ("2.1", "one"),
        ("2.2", "report"),
        ("2.3", "three"),
    ]


def test_a_parameter_is_printed_like_a_term() -> None:
    text = to_markdown(compiled(f'use "l.msa" with {{ {WITH} notice_period = 24 hours. }}', l=LIBRARY).document, "")
    assert "“**Notice Period**” means 24 hours." in text
    assert "[Vendor](#party-vendor) handles each [Incident](#event-incident) within the" in text


def test_a_library_twice_needs_a_word_that_tells_its_names_apart() -> None:
    twice = f'use "l.msa" with {{ {WITH} }} use "l.msa" as pay "Payment" with {{ {WITH} notice_period = 4 hours. }}'
    result = compiled(twice, l=LIBRARY)
    assert [rule.id for rule in result.rulebook.rules] == ["told", "pay_told"]
    assert [clause.id for clause in result.agreement.clauses] == ["report", "pay_report"]
    assert [article.title for article in result.agreement.articles] == ["Incidents", "Incidents (Payment)"]
    assert result.rulebook.terms == {"notice_period": "Notice Period", "pay_notice_period": "Payment Notice Period"}
    assert "the Payment Notice Period (4 hours)" in sentences(result)[1]
    assert "[Section\u00a03.1](#clause-pay_report)" in to_markdown(result.document, "")
    again = codes(twice.replace(' as pay "Payment"', ""), l=LIBRARY)
    assert {code for code, _ in again} == {"T0240"}


def test_the_same_declaration_in_two_files_is_one() -> None:
    same = 'event incident "Incident" by incident_id, severity.\n'
    assert list(compiled(f'{same} use "l.msa" with {{ {WITH} }}', l=LIBRARY).agreement.events)[-1:] == ["incident"]
    other = same.replace("severity", "model")
    [twice] = found(f'{other}use "l.msa" with {{ {WITH} }}', l=LIBRARY)
    assert (twice.code, repr(twice.span)) == ("T0240", "l.msa:4:1")
    assert [repr(each.span) for each in twice.related] == ["a.msa:10:1", "a.msa:11:5"]


def test_what_is_given_for_a_declaration_stands_in_its_place() -> None:
    text = f'event outage "Outage" by incident_id, region. use "l.msa" with {{ {WITH} trigger = outage. }}'
    result = compiled(text, l=LIBRARY)
    assert "incident" not in result.agreement.events
    assert "after each Outage (with the same incident id)" in sentences(result)[0]


def test_a_term_of_the_agreement_may_be_given() -> None:
    text = f'term our_period "Our Period" = 2 days. use "l.msa" with {{ {WITH} notice_period = our_period. }}'
    assert "the Our Period (2 days)" in sentences(compiled(text, l=LIBRARY))[0]


def test_a_library_hands_on_its_names() -> None:
    outer = 'param p: party = provider. param who: role. use "l.msg" with { provider = p. officer = who. }'.replace(
        ".msg", ".msa"
    )
    result = compiled('use "o.msa" with { p = vendor. who = boss. }', o=outer, l=LIBRARY)
    assert sentences(result)[0].startswith("Vendor shall notify the Boss")


def test_environments_and_stages_come_together() -> None:
    stage = 'clause c { stage live. narrative "n". """text""" }'
    library = f'stages build, live. environments test. article "L" {{ {stage} }}'
    text = 'stages live, gone. environments test, prod. use "l.msa".'
    result, diagnostics = compile_source(agreement(text, l=library))
    assert result is not None
    assert result.agreement.stages == ("live", "gone", "build")
    assert result.agreement.environments == ("test", "prod")
    assert {item.code for item in diagnostics if item.code != "T0507"} == {"T0508"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("officer = boss. provider = vendr.", ("T0201", "a.msa:10:47")),
        ("officer = boss. provider = boss.", ("T0243", "a.msa:10:47")),
        (f"{WITH} notice_period = 3%.", ("T0243", "a.msa:10:71")),
        (f"{WITH} notice_period = vendor.", ("T0243", "a.msa:10:71")),
        (f"{WITH} notice_period = 2 * 3.", ("T0408", "a.msa:10:71")),
        (f'{WITH} officer = "boss".', ("T0202", "a.msa:10:55")),
        ('provider = vendor. officer = "boss".', ("T0243", "a.msa:10:49")),
        (f"{WITH} deadline = 3 days.", ("T0241", "a.msa:10:55")),
        ("provider = vendor.", ("T0242", "a.msa:10:5")),
    ],
)
def test_parameters_are_of_their_kind(settings: str, expected: tuple[str, str]) -> None:
    assert codes(f'use "l.msa" with {{ {settings} }}', l=LIBRARY) == [expected]


def test_both_places_of_a_wrong_parameter_are_shown() -> None:
    [wrong] = found(f'use "l.msa" with {{ {WITH} notice_period = USD 3. }}', l=LIBRARY)
    assert [repr(each.span) for each in wrong.related] == ["l.msa:3:1"]


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("fraction", "5%", True),
        ("fraction", "5", False),
        ("score", "5", True),
        ("count", "5", True),
        ("count", "5%", False),
        ("money", "EUR 5", True),
        ("USD", "USD 5", True),
        ("USD", "EUR 5", False),
        ("milliseconds", "2.5 seconds", True),
        ("hours", "3 days", True),
        ("months", "1 year", True),
        ("period", "3 months", True),
        ("period", "USD 3", False),
        ("gigabytes", "5 bytes", True),
        ("text", '"x"', True),
        ("text", "5", False),
        ("date", "2027-05-05", True),
        ("date", '"x"', False),
    ],
)
def test_kinds_of_values(kind: str, value: str, fits: bool) -> None:
    library = f'param x: {kind}. article "L" {{ clause c {{ narrative "n". """{{x}}""" }} }}'
    seen = {code for code, _ in codes(f'use "l.msa" with {{ x = {value}. }}', l=library)}
    assert seen == (set() if fits else {"T0243"})


def test_a_mistake_in_a_used_file_names_where_it_is_used() -> None:
    broken = LIBRARY.replace("{@report}", "{@reprt}")
    [wrong] = found(f'use "l.msa" with {{ {WITH} }}', l=broken)
    assert repr(wrong.span).startswith("l.msa:7")
    assert [repr(each.span) for each in wrong.related] == ["a.msa:10:5"]


def test_unreadable_files_raise_no_other_mistakes() -> None:
    text = 'use "gone.msa". article "A" { clause c { vendor must perform drill at least every 3 days. } }'
    assert codes(text) == [("T0120", "a.msa:10:5")]
    broken = LIBRARY.replace("labelled told", "labelled")
    assert [code for code, _ in codes(f'use "l.msa" with {{ {WITH} }}', l=broken)] == ["T0101"]


def test_a_library_alone_is_checked_with_its_defaults() -> None:
    checked = examine(Source("l.msa", LIBRARY))
    assert checked.diagnostics == ()
    assert checked.library
    assert [param.name.text for param in checked.params] == ["provider", "officer", "notice_period", "trigger"]
    wrong = examine(Source("l.msa", LIBRARY.replace("72 hours", "72%").replace("{@report}", "{@reprt}")))
    assert [item.code for item in wrong.diagnostics] == ["T0243", "T0201"]
    assert [item.code for item in compile_source(Source("l.msa", LIBRARY))[1]] == ["T0204"]


def test_a_library_that_needs_data_of_the_agreement_is_checked_for_the_rest() -> None:
    library = (
        'param m: metric. param p: party. article "L" { clause c { p must keep mean(m) at leest 3 over each day. } }'
    )
    assert [item.code for item in examine(Source("l.msa", library.replace("leest", "least"))).diagnostics] == []
    assert [item.code for item in examine(Source("l.msa", library)).diagnostics] == ["T0101"]


def test_what_belongs_to_an_agreement_is_not_in_a_library() -> None:
    assert codes('use "l.msa".', l=HEAD) == [("T0244", "l.msa:1:1")]
    assert codes('use "l.msa".', l='on breach { note "n". }') == [("T0244", "l.msa:1:1")]
    assert codes("param p: period = 3 days.") == [("T0244", "a.msa:10:1")]


def test_formatting_and_attachments_keep_the_tally() -> None:
    text = f'use "l.msa" as pay "Payment" with {{ {WITH} notice_period = 4 hours. }} use "l.msa" with {{ {WITH} }}'
    before = compiled(text, l=LIBRARY)
    formatted = format_source(HEAD + text)
    assert format_source(formatted) == formatted
    after, _ = compile_source(assembled(Source("a.msa", formatted), lambda _: format_source(LIBRARY)))
    assert after is not None
    assert rules_json(after.rulebook) == rules_json(before.rulebook)
    again = from_attachments(attachments(before.source))
    assert again is not None
    result, _ = compile_source(again)
    assert result is not None
    assert result.tally == before.tally


INLINE = """event incident "Incident" by incident_id, severity.
term notice_period "Notice Period" = 4 hours.
article incidents "Incidents" {
  \"\"\"{vendor} handles each {incident} within the {notice_period}, see {@report}.\"\"\"
  clause report "Reporting" {
    vendor must notify boss within notice_period of incident matching incident_id labelled told.
  }
}
"""


def test_used_clauses_mean_the_same_as_written_out() -> None:
    used = compiled(f'use "l.msa" with {{ {WITH} notice_period = 4 hours. }}', l=LIBRARY)
    written = compiled(INLINE)
    assert rules_json(used.rulebook) == rules_json(written.rulebook)
    assert used.tally == written.tally


PIECES = ("use", '"l.msa"', "library", "as", "with", "{", "}", "=", ".", "param", "only", "if", "set", "optional", ":")


@settings(deadline=None)
@given(st.lists(st.sampled_from((*PIECES, "boss", "provider", "officer", "72 hours")), max_size=14))
def test_no_order_of_the_words_ends_in_anything_but_diagnostics(words: list[str]) -> None:
    text = " ".join(words)
    for source in (agreement(text, l=LIBRARY), Source("l.msa", text), agreement('use "l.msa".', l=text)):
        checked = examine(source)
        assert checked.agreement is not None or checked.library or checked.diagnostics


@pytest.mark.parametrize("key", ["", "key "])
def test_an_optional_term_is_said_to_have_no_value(key: str) -> None:
    clause = """article "A" { clause a { only if fee is set. vendor must notify boss within 3 days of drill. } }"""
    text = f'event drill "drill". {key}term fee "Fee": USD optional. {clause}'
    page = to_markdown(compiled(text).document, "")
    assert "“**Fee**” means nothing until it is set." in page
    assert ("| [Fee](#term-fee) | not set |" in page) == bool(key)
    assert "This Section\u00a02.1 has no effect until the [Fee](#term-fee) is set." in page
    assert "Without effect yet" in page


@pytest.mark.parametrize(
    "statement",
    [
        "vendor must keep mean(speed) at least limit over each month.",
        "vendor must keep share(speed at least limit) at least 90% over each month.",
        "vendor must keep mean(speed) at least 2 * limit over each month.",
        "vendor must keep count(drill where size above limit) at most 3 over each month.",
        "vendor must perform drill at least every rest.",
        "vendor must notify boss within rest of drill.",
        "vendor must perform drill at least every 3 days. on breach { vendor must notify boss within rest. }",
        "vendor must perform drill at least every 3 days. on breach { credit customer share of fee. }",
        "vendor must perform drill at least every 3 days. except where size above limit.",
        "vendor must not perform drill where place is where_to.",
        "vendor must not perform drill without drill within rest before.",
    ],
)
def test_a_clause_without_effect_wherever_the_term_stands(statement: str) -> None:
    opened = """metric speed "speed" as score. event drill "drill" by place with size as score.
term limit "Limit": score optional. term rest "Rest": period optional. term share "Share": fraction optional.
term where_to "Place": text optional. term fee "Fee" = USD 100.
"""
    text = f'{opened} article "A" {{ clause a {{ {statement} }} }}'
    result, diagnostics = compile_source(agreement(text))
    assert {item.code for item in diagnostics} <= {"T0507"}
    assert result is not None
    assert result.rulebook.rules == ()
    assert (result.measurability.clauses, result.measurability.dormant) == (0, 1)
    said = " ".join(to_markdown(result.document, "").split())
    assert "not set" in said or "not yet set" in said
    values = {"limit": "5", "rest": "3 days", "share": "5%", "where_to": '"here"'}
    for name, kind in (("limit", "score"), ("rest", "period"), ("share", "fraction"), ("where_to", "text")):
        text = re.sub(rf'term {name} "(\w+)": {kind} optional', rf'param {name} "\1": {kind} optional', text)
    library = text.replace("vendor", "v").replace("boss", "b") + "param v: party = vendor. param b: role = boss."
    given_values = " ".join(f"{name} = {value}." for name, value in values.items())
    live, diagnostics = compile_source(agreement(f'use "l.msa" with {{ {given_values} }}', l=library))
    assert {item.code for item in diagnostics} <= {"T0507"}, diagnostics
    assert live is not None
    assert len(live.rulebook.rules) == 1
