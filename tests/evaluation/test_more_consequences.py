"""Credits by count and delay, claims, caps of other periods, and rights to terminate, by hand."""

from __future__ import annotations

from typing import Any as Anything

import pytest

from tallystick.rules.rule import (
    Cadence,
    CalendarUnit,
    Cap,
    Credit,
    Delay,
    Keep,
    Prohibition,
    Response,
    Spans,
    Terminate,
    Tier,
)

from .building import AT_LEAST, BASE, aggregate, at, each, event, facts, judged, metric, money, period, quantity


def response(*remedies: Anything) -> Response:
    return Response(
        **BASE,
        trigger=event("incident"),
        response=event("resolution"),
        within=period(1, "days"),
        remedies=remedies,
    )


def by_delay(extent: Anything, amount: int, unit: str, most: Anything = None) -> Credit:
    return Credit(
        party="customer", delay=Delay(extent=extent, each=period(amount, unit), amount=money("10"), most=most)
    )


@pytest.mark.parametrize(
    ("extent", "unit", "answered", "expected"),
    [
        ("started", (1, "days"), "2027-03-02 00:00:00.000001", ["10.00"]),
        ("started", (1, "days"), "2027-03-03", ["10.00"]),
        ("started", (1, "days"), "2027-03-03 00:00:00.000001", ["20.00"]),
        ("full", (1, "days"), "2027-03-02 23:59:59.999999", []),
        ("full", (1, "days"), "2027-03-03", ["10.00"]),
        ("full", (2, "days"), "2027-03-07 12:00", ["20.00"]),  # five and a half days
        ("started", (1, "months"), "2027-04-02", ["10.00"]),
        ("full", (1, "hours"), None, ["1680.00"]),  # open until as-of: seven days of 24 hours
    ],
)
def test_the_delay_runs_from_the_deadline(extent: str, unit: Anything, answered: Anything, expected: Anything) -> None:
    """The incident is of 1 March, its deadline 2 March."""
    answers = [] if answered is None else [{"time": at(answered), "incident_id": "1"}]
    data = facts(incident=[{"time": at("2027-03-01"), "incident_id": "1"}], resolution=answers)
    as_of = "2027-03-09" if answered is None else "2027-05-01"
    found = judged(response(by_delay(extent, *unit)), data, as_of)
    assert [str(credit.amount) for credit in found.credits] == expected


def test_what_is_due_every_so_often_is_late_until_the_life_ends() -> None:
    """Due on 31 January; the agreement ends on 10 February: ten days, however late the evaluation."""
    rule = Cadence(
        **BASE,
        event=event("evaluation"),
        every=period(30, "days"),
        remedies=(by_delay("started", 1, "days", money("95")),),
    )
    data = facts(evaluation=[], termination=[{"time": at("2027-02-10")}])
    assert [str(credit.amount) for credit in judged(rule, data, "2027-06-01").credits] == ["95.00"]
    assert [str(credit.amount) for credit in judged(rule, data, "2027-02-05").credits] == ["50.00"]


def test_a_rule_without_a_deadline_earns_nothing_by_delay() -> None:
    rule = Prohibition(**BASE, event=event("deployment"), remedies=(by_delay("started", 1, "days"),))
    data = facts(deployment=[{"time": at("2027-01-05")}])
    assert judged(rule, data, "2027-03-01").credits == ()


def test_breaches_of_all_groups_count_together() -> None:
    tiers = tuple(
        Tier(comparison=AT_LEAST, threshold=quantity(count, "count"), amount=money(amount))
        for count, amount in (("1", "100"), ("3", "500"))
    )
    credit = Credit(party="customer", tiers=tiers, counted=CalendarUnit.WEEK)
    rule = Prohibition(**BASE, event=event("deployment"), per=("model",), remedies=(credit,))
    rows = [
        {"time": at(f"2027-01-{day:02}"), "model": model}
        for day, model in ((4, "a"), (5, "b"), (10, "a"), (11, "a"))  # Monday to Sunday, then Monday
    ]
    found = judged(rule, facts(deployment=rows), "2027-03-01")
    assert [(str(c.amount), c.belongs) for c in found.credits] == [
        ("500.00", at("2027-01-10")),
        ("100.00", at("2027-01-11")),
    ]


def monthly(*remedies: Anything) -> Keep:
    return Keep(
        **BASE,
        measure=aggregate("mean", metric("accuracy")),
        comparison=AT_LEAST,
        threshold=quantity("0.92"),
        window=each("month"),
        per=("model",),
        remedies=remedies,
    )


def samples(*values: Anything) -> Anything:
    return [
        {"time": at(f"2027-{month:02}-15"), "value": value, "model": "m", "environment": "production"}
        for month, value in enumerate(values, start=1)
        if value is not None
    ]


def test_a_rolling_cap_forgets_and_the_term_does_not() -> None:
    """Two months that end with a month's last day hold the month and the one before."""
    caps = (Cap(amount=money("15"), rolling=period(2, "months")), Cap(amount=money("32")))
    data = facts(accuracy=samples("0.9", "0.9", "0.9", "0.9", "0.9"))
    found = judged(monthly(Credit(party="customer", amount=money("10")), *caps), data, "2027-06-01")
    assert [str(credit.amount) for credit in found.credits] == ["10.00", "5.00", "10.00", "5.00", "2.00"]
    assert [str(use.left) for use in found.caps if use.cap.rolling is None] == ["0.00"]
    assert [str(use.left) for use in found.caps if use.cap.rolling is not None][-1] == "8.00"


@pytest.mark.parametrize(
    ("claims", "as_of", "state", "amount"),
    [
        (["2027-02-01"], "2027-03-15", "claimed", "10.00"),
        (["2027-03-03"], "2027-03-15", "claimed", "10.00"),
        (["2027-03-03 00:00:00.000001"], "2027-03-15", "lapsed", "0.00"),
        (["2027-01-31"], "2027-03-15", "lapsed", "0.00"),
        ([], "2027-03-03", "claimable", "0.00"),
        ([], "2027-03-03 00:00:00.000001", "lapsed", "0.00"),
        (None, "2027-03-15", "lapsed", "0.00"),
    ],
)
def test_a_credit_is_claimed_in_time(claims: Anything, as_of: str, state: str, amount: str) -> None:
    """The breach is of 1 February; 30 days later is 3 March. A claim that names nothing serves all."""
    rule = monthly(Credit(party="customer", amount=money("10"), claim_within=period(30, "days")))
    more = {} if claims is None else {"claim": [{"time": at(time), "clause": None} for time in claims]}
    (found,) = judged(rule, facts(accuracy=samples("0.9"), **more), as_of).credits
    assert (found.state.value, str(found.amount)) == (state, amount)


@pytest.mark.parametrize(("cap", "state", "amount"), [("2", "due", "2.00"), ("1.99", "below minimum", "0.00")])
def test_a_minimum_holds_after_the_caps(cap: str, state: str, amount: str) -> None:
    credit = Credit(party="customer", amount=money("10"), minimum=money("2"))
    found = judged(monthly(credit, Cap(amount=money(cap))), facts(accuracy=samples("0.9")), "2027-02-10")
    assert [(c.state.value, str(c.amount)) for c in found.credits] == [(state, amount)]
    assert [str(use.used) for use in found.caps] == [amount]


ROW = Terminate(party="customer", count=2, uncured=False)
SPANS = Terminate(party="customer", count=2, uncured=False, spans=Spans(number=3, each=CalendarUnit.MONTH))


@pytest.mark.parametrize(
    ("terminate", "values", "expected"),
    [
        (ROW, ("0.9", "0.9"), ["2027-03-01"]),
        (ROW, ("0.9", "0.95", "0.9"), []),
        (ROW, ("0.9", None, "0.9"), ["2027-04-01"]),
        (SPANS, ("0.9", "0.95", "0.9"), ["2027-04-01"]),
        (SPANS, ("0.9", "0.95", "0.95", "0.9"), []),
        (SPANS.model_copy(update={"count": 1}), ("0.95", "0.9"), ["2027-03-01"]),
    ],
)
def test_rights_in_a_row_and_in_consecutive_months(terminate: Terminate, values: Anything, expected: Anything) -> None:
    found = judged(monthly(terminate), facts(accuracy=samples(*values)), "2027-06-01")
    assert [right.arises for right in found.terminations] == [at(day) for day in expected]


def test_a_right_lapses_and_arises_again() -> None:
    """In a row on 1 March, to 31 March; on 1 April, after it, again; not on 1 May, when that still lasts."""
    right = ROW.model_copy(update={"exercisable": period(30, "days")})
    data = facts(accuracy=samples("0.9", "0.9", "0.9", "0.9"))
    found = judged(monthly(right), data, "2027-05-01 00:00:00.000001").terminations
    assert [(r.arises, r.until, r.lapsed) for r in found] == [
        (at("2027-03-01"), at("2027-03-31"), True),
        (at("2027-04-01"), at("2027-05-01"), True),
    ]
