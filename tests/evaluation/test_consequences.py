"""What follows from a breach, by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any as Anything

import pytest

from tallystick.evaluation.evaluate import evaluate
from tallystick.rules.rule import (
    Block,
    CalendarUnit,
    Cap,
    Credit,
    Cure,
    Escalate,
    Keep,
    NotifyDuty,
    PerformDuty,
    Prohibition,
    Terminate,
    Tier,
)

from .building import (
    AT_LEAST,
    BASE,
    BELOW,
    aggregate,
    at,
    each,
    event,
    facts,
    judged,
    metric,
    money,
    period,
    quantity,
    rulebook,
)

NOTIFY = NotifyDuty(id="notify_1", holder="provider", role="risk", roles=("risk", "head"), within=period(24, "hours"))
RETRAIN = PerformDuty(id="perform_1", holder="provider", event="evaluation", within=period(14, "days"))
CURE = Cure(within=period(30, "days"))


def keep(*remedies: Anything, **more: Anything) -> Anything:
    fields = BASE | more
    return Keep(
        **fields,
        measure=aggregate("mean", metric("accuracy")),
        comparison=AT_LEAST,
        threshold=quantity("0.92"),
        window=each("month"),
        per=("model",),
        remedies=remedies,
    )


def accuracy(*values: Anything, model: Anything = "m", first: Anything = 1) -> Anything:
    """One sample in the middle of each month."""
    return [
        {"time": at(f"2027-{month:02}-15"), "value": value, "model": model, "environment": "production"}
        for month, value in enumerate(values, start=first)
    ]


def parts(found: Anything) -> Anything:
    return [(f.rule, f.verdict.value) for f in found.findings if "/" in f.rule]


def test_duties_count_from_the_breach() -> None:
    data = facts(
        accuracy=accuracy("0.9"),
        notice=[{"time": at("2027-02-02"), "role": "head", "clause": "clause"}],
        evaluation=[{"time": at("2027-02-10"), "model": "other", "environment": "production"}],
    )
    found = judged(keep(NOTIFY, RETRAIN), data, "2027-02-20")
    assert parts(found) == [("rule/notify_1", "met"), ("rule/perform_1", "breached")]
    notice = next(f for f in found.findings if f.rule == "rule/notify_1")
    assert (notice.start, notice.end, str(notice.value), notice.unit) == (
        at("2027-02-01"),
        at("2027-02-02"),
        "24",
        "hours",
    )
    assert [f.rule for f in found.findings][:2] == ["rule", "rule"]  # the open February first, then the duties
    assert found.findings[2].group == (("model", "m"),)


@pytest.mark.parametrize(
    "notice",
    [
        {"time": at("2027-02-02 00:00:00.000001"), "role": "risk"},  # late
        {"time": at("2027-01-31 23:59"), "role": "risk"},  # before the breach
        {"time": at("2027-02-01 12:00"), "role": "clerk"},
        {"time": at("2027-02-01 12:00"), "role": "risk", "clause": "another"},
        {"time": at("2027-02-01 12:00"), "role": "risk", "model": "another"},
    ],
)
def test_a_notice_that_does_not_serve(notice: Anything) -> None:
    data = facts(accuracy=accuracy("0.9"), notice=[notice])
    assert parts(judged(keep(NOTIFY), data, "2027-02-02")) == [("rule/notify_1", "pending")]
    assert parts(judged(keep(NOTIFY), data, "2027-02-03")) == [("rule/notify_1", "breached")]


def test_duties_start_once_the_breach_has_happened_and_need_their_source() -> None:
    data = facts(accuracy=accuracy("0.9"))
    assert parts(judged(keep(NOTIFY), data, "2027-01-31")) == []
    assert parts(judged(keep(NOTIFY), data, "2027-02-01")) == [("rule/notify_1", "unmeasured")]


TIERS = Credit(
    party="customer",
    tiers=(
        Tier(comparison=BELOW, threshold=quantity("0.92"), amount=money("4000")),
        Tier(comparison=BELOW, threshold=quantity("0.85"), amount=money("10000.005")),
    ),
)


def test_credit_by_tier_uses_the_exact_value() -> None:
    rows = accuracy("0.919999999", "0.85", "0.849999999", "0.92")
    found = judged(keep(TIERS), facts(accuracy=rows), "2027-05-01")
    assert [str(c.amount) for c in found.credits] == ["4000.00", "4000.00", "10000.00"]  # half to even
    assert [c.belongs for c in found.credits] == [at(f"2027-0{m}-01") - 1 for m in (2, 3, 4)]
    thirds = [
        {"time": at("2027-01-02"), "value": v, "model": "m", "environment": "p"}
        for v in ("0.85", "0.85", "0.849999999")
    ]
    found = judged(keep(TIERS), facts(accuracy=thirds), "2027-02-01")
    assert found.findings[0].value == Decimal("0.85")  # shown; the exact mean is a third of 10^-9 below
    assert [str(c.amount) for c in found.credits] == ["10000.00"]


def test_caps_in_order_of_instant_rule_and_group() -> None:
    own = Cap(amount=money("6000"), each=CalendarUnit.QUARTER)
    shared = Cap(amount=money("5000"), each=CalendarUnit.MONTH)
    rules = (keep(TIERS, own, id="a"), keep(TIERS, id="b", clause="second"))
    data = facts(accuracy=accuracy("0.9", "0.9"))
    found = evaluate(rulebook(*rules, remedies=(shared,)), data, at("2027-03-01"))
    assert [(c.rule, str(c.before), str(c.amount)) for c in found.credits] == [
        ("a", "4000.00", "4000.00"),
        ("b", "4000.00", "1000.00"),  # the agreement's month
        ("a", "4000.00", "2000.00"),  # the clause's quarter
        ("b", "4000.00", "3000.00"),
    ]
    assert [c.reduced_by for c in found.credits] == [None, shared, own, shared]
    assert [(u.clause, str(u.used), str(u.left)) for u in found.caps] == [
        ("clause", "6000.00", "0.00"),
        (None, "5000.00", "0.00"),
        (None, "5000.00", "0.00"),
    ]


def test_a_cap_of_another_currency_or_clause_does_not_touch_a_credit() -> None:
    euros = Cap(amount=money("1", "EUR"), each=CalendarUnit.MONTH)
    other = keep(Cap(amount=money("1"), each=CalendarUnit.MONTH), id="b", clause="second")
    book = rulebook(keep(TIERS, id="a"), other, remedies=(euros,))
    found = evaluate(book, facts(accuracy=accuracy("0.9")), at("2027-02-01"))
    assert [(str(c.amount), c.reduced_by) for c in found.credits] == [("4000.00", None)]


def test_currencies_without_minor_units() -> None:
    credit = Credit(party="customer", amount=money("100.5", "JPY"))
    found = judged(keep(credit), facts(accuracy=accuracy("0.9")), "2027-02-01")
    assert [str(c.amount) for c in found.credits] == ["100"]


@pytest.mark.parametrize(
    ("cure", "as_of", "state"),
    [
        ({"time": at("2027-03-03"), "clause": "clause"}, "2027-03-04", "cured"),  # 30 days after 1 February
        ({"time": at("2027-03-03 00:00:01"), "clause": "clause"}, "2027-03-04", "uncured"),
        ({"time": at("2027-02-10"), "clause": "another"}, "2027-03-03", "curable"),
        ({"time": at("2027-02-10")}, "2027-03-04", "uncured"),
        ({"time": at("2027-02-10"), "clause": "clause", "model": "another"}, "2027-03-04", "uncured"),
    ],
)
def test_cures(cure: Anything, as_of: Anything, state: Anything) -> None:
    data = facts(accuracy=accuracy("0.9", "0.95"), cure=[cure])
    found = judged(keep(CURE), data, as_of)
    assert [c.state.value for c in found.cures] == [state]
    assert found.cures[0].until == at("2027-03-03")
    assert judged(keep(), data, as_of).cures[0].state.value == "uncured"


def test_escalation() -> None:
    rule = keep(CURE, Escalate(role="head", after=period(10, "days")))
    data = facts(accuracy=accuracy("0.9"), cure=[])
    assert [(e.at, e.due) for e in judged(rule, data, "2027-02-11").escalations] == [(at("2027-02-11"), False)]
    assert [e.due for e in judged(rule, data, "2027-02-12").escalations] == [True]
    cured = facts(accuracy=accuracy("0.9"), cure=[{"time": at("2027-02-11"), "clause": "clause"}])
    assert judged(rule, cured, "2027-02-12").escalations == ()
    late = facts(accuracy=accuracy("0.9"), cure=[{"time": at("2027-02-11 00:00:01"), "clause": "clause"}])
    assert [e.due for e in judged(rule, late, "2027-02-12").escalations] == [True]


def test_termination_after_breaches_in_a_period() -> None:
    rule = keep(Terminate(party="customer", count=2, uncured=False, within=period(1, "months")))
    data = facts(accuracy=accuracy("0.9", "0.95", "0.9", "0.9"))
    # breaches at 1 Feb, 1 Apr, 1 May: (1 Apr, 1 May] holds one only
    assert judged(rule, data, "2027-06-01").terminations == ()
    wider = keep(Terminate(party="customer", count=2, uncured=False, within=period(32, "days")))
    [right] = judged(wider, data, "2027-06-01").terminations
    assert (right.party, right.arises, len(right.findings)) == ("customer", at("2027-05-01"), 2)
    assert judged(wider, data, "2027-04-30").terminations == ()


def test_termination_counts_uncured_breaches_when_their_cure_period_has_ended() -> None:
    rule = keep(CURE, Terminate(party="customer", count=2, uncured=True, within=period(1, "years")))
    data = facts(accuracy=accuracy("0.9", "0.9", "0.9"), cure=[{"time": at("2027-02-10"), "clause": "clause"}])
    # cured: 1 Feb; uncured at 31 March (1 March + 30 days) and 1 May (1 April + 30 days)
    assert judged(rule, data, "2027-05-01").terminations == ()
    [right] = judged(rule, data, "2027-05-02").terminations
    assert right.arises == at("2027-05-01")


def test_block_until_met_again() -> None:
    rule = keep(Block(id="block_1", event="deployment", environments=("production",)))
    deployments = [
        {"time": at(when), "model": model, "environment": environment, "version": "1", "role": "dev"}
        for when, model, environment in (
            ("2027-02-01", "m", "production"),  # at the very breach
            ("2027-02-10", "m", "production"),
            ("2027-02-11", "m", "staging"),
            ("2027-02-12", "other", "production"),
            ("2027-03-01", "m", "production"),  # February was met
        )
    ]
    found = judged(rule, facts(accuracy=accuracy("0.9", "0.95"), deployment=deployments), "2027-03-10")
    assert [(b.start, b.end) for b in found.blocks] == [(at("2027-02-01"), at("2027-03-01"))]
    [broken] = [f for f in found.findings if f.rule == "rule/block_1"]
    assert (broken.verdict.value, broken.start, broken.decided) == ("breached", at("2027-02-10"), at("2027-02-10"))


def test_block_kept_open_or_ended_by_a_cure() -> None:
    rule = keep(CURE, Block(id="block_1", event="deployment"))
    found = judged(rule, facts(accuracy=accuracy("0.9"), deployment=[]), "2027-02-10")
    [kept] = [f for f in found.findings if "/" in f.rule]
    assert (kept.verdict.value, kept.start, kept.end) == ("met", at("2027-02-01"), at("2027-02-10"))
    assert found.blocks[0].end is None
    cure = [{"time": at("2027-02-05"), "clause": "clause", "model": "m"}]
    found = judged(rule, facts(accuracy=accuracy("0.9"), deployment=[], cure=cure), "2027-02-10")
    assert found.blocks[0].end == at("2027-02-05")
    assert parts(judged(rule, facts(accuracy=accuracy("0.9")), "2027-02-10")) == [("rule/block_1", "unmeasured")]


def test_an_event_in_two_blocks_is_one_finding() -> None:
    rule = keep(Block(id="block_1", event="deployment"))
    deployed = [{"time": at("2027-03-10"), "model": "m", "environment": "x", "version": "1", "role": "dev"}]
    found = judged(rule, facts(accuracy=accuracy("0.9", "0.9"), deployment=deployed), "2027-03-20")
    assert parts(found) == [("rule/block_1", "breached")]


def test_remedies_of_the_agreement_apply_to_every_rule() -> None:
    book = rulebook(Prohibition(**BASE, event=event("incident")), remedies=(NOTIFY, CURE, TIERS))
    data = facts(incident=[{"time": at("2027-01-05"), "incident_id": "1"}], notice=[])
    found = evaluate(book, data, at("2027-01-10"))
    assert parts(found) == [("rule/notify_1", "breached")]
    assert [c.state.value for c in found.cures] == ["curable"]
    assert found.credits == ()  # a prohibition has no value, so no tier holds
