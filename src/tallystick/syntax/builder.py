"""From grammar rules to our tree: each rule names its node, and its children are the node's fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from lark import Token

from tallystick.source import Source, Span
from tallystick.syntax import tree
from tallystick.syntax.tokens import dedented

# Rule -> node whose fields are the children in order.
NODES: dict[str, type[tree.Node]] = {
    "agreement": tree.AgreementNode,
    "version": tree.Version,
    "effective": tree.Effective,
    "duration": tree.Duration,
    "governing_law": tree.GoverningLaw,
    "timezone": tree.Timezone,
    "currency": tree.Currency,
    "recital": tree.Recital,
    "worked_examples": tree.WorkedExamples,
    "business_hours": tree.BusinessHours,
    "fiscal_year": tree.FiscalYearNode,
    "calendar": tree.CalendarNode,
    "hours": tree.Hours,
    "party": tree.PartyNode,
    "entity": tree.Entity,
    "address": tree.Address,
    "notices": tree.Notices,
    "signatory": tree.Signatory,
    "role": tree.RoleNode,
    "environments": tree.Environments,
    "stages": tree.Stages,
    "metric": tree.MetricNode,
    "event": tree.EventNode,
    "record": tree.RecordNode,
    "attribute": tree.AttributeNode,
    "derivation": tree.Derivation,
    "empty_counts": tree.EmptyCounts,
    "empty_missing": tree.EmptyMissing,
    "occurring": tree.Occurring,
    "means": tree.Means,
    "reported_by": tree.ReportedBy,
    "places": tree.Places,
    "key_term": tree.KeyTermNode,
    "term": tree.TermNode,
    "open_term": tree.OpenTermNode,
    "key_open_term": tree.KeyOpenTermNode,
    "param": tree.ParamNode,
    "open_param": tree.OpenParamNode,
    "use": tree.UseNode,
    "use_library": tree.UseLibraryNode,
    "prefixed": tree.Prefixed,
    "setting": tree.Setting,
    "definition": tree.DefinitionNode,
    "standard": tree.StandardNode,
    "article": tree.ArticleNode,
    "schedule": tree.ScheduleNode,
    "clause": tree.ClauseNode,
    "amendment": tree.AmendmentNode,
    "set_change": tree.SetChange,
    "replace_change": tree.ReplaceChange,
    "strike_clause": tree.StrikeClause,
    "strike_article": tree.StrikeArticle,
    "add_change": tree.AddChange,
    "add_clause": tree.AddClause,
    "after_clause": tree.AfterClause,
    "to_article": tree.ToArticle,
    "order": tree.OrderNode,
    "order_title": tree.OrderTitle,
    "order_term": tree.OrderTerm,
    "order_until": tree.OrderUntil,
    "covers": tree.Covers,
    "overriding": tree.Overriding,
    "paragraph": tree.Paragraph,
    "note": tree.NoteNode,
    "stage": tree.Stage,
    "narrative": tree.Narrative,
    "except_during": tree.ExceptDuring,
    "except_where": tree.ExceptWhere,
    "missing_excused": tree.MissingExcused,
    "may_waive": tree.MayWaive,
    "survives": tree.Survives,
    "citation": tree.Citation,
    "keep": tree.KeepNode,
    "gate": tree.GateNode,
    "keep_always": tree.KeepAlwaysNode,
    "cadence": tree.CadenceNode,
    "must_count": tree.MustCountNode,
    "may_count": tree.MayCountNode,
    "times": tree.Times,
    "notify_response": tree.NotifyResponseNode,
    "perform_response": tree.PerformResponseNode,
    "whichever": tree.WhicheverNode,
    "after_event": tree.AfterEventNode,
    "period_of_class": tree.PeriodOfClassNode,
    "otherwise": tree.Otherwise,
    "prohibition": tree.ProhibitionNode,
    "precedence": tree.PrecedenceNode,
    "by_roles": tree.ByRoles,
    "by_someone": tree.BySomeone,
    "different_persons": tree.DifferentPersons,
    "other_than_performer": tree.OtherThanPerformer,
    "within_before": tree.WithinBefore,
    "lead_before": tree.LeadBefore,
    "permission": tree.PermissionNode,
    "retention": tree.RetentionNode,
    "deletion": tree.DeletionNode,
    "samples": tree.Samples,
    "confidence": tree.Confidence,
    "labelled": tree.Labelled,
    "worded": tree.Worded,
    "during_time": tree.DuringTime,
    "outside_time": tree.OutsideTime,
    "after_time": tree.AfterTime,
    "from_event": tree.FromEvent,
    "case_share": tree.CaseShareNode,
    "calendar_window": tree.CalendarWindow,
    "rolling_window": tree.RollingWindow,
    "on_breach": tree.OnBreach,
    "on_event": tree.OnEvent,
    "lasting": tree.Lasting,
    "notify_duty": tree.NotifyDutyNode,
    "perform_duty": tree.PerformDutyNode,
    "credit": tree.CreditNode,
    "tier": tree.TierNode,
    "cap": tree.CapNode,
    "highest": tree.HighestNode,
    "charged": tree.ChargedNode,
    "cure": tree.CureNode,
    "escalate": tree.EscalateNode,
    "terminate": tree.TerminateNode,
    "uncured": tree.Uncured,
    "block": tree.BlockNode,
    "minimum": tree.MinimumNode,
    "if_claimed": tree.IfClaimed,
    "count_tier": tree.CountTierNode,
    "credit_by_delay": tree.CreditByDelayNode,
    "up_to": tree.UpTo,
    "cap_rolling": tree.CapRolling,
    "over_term": tree.OverTerm,
    "exercisable": tree.Exercisable,
    "terminate_in_row": tree.TerminateInRowNode,
    "terminate_in_spans": tree.TerminateInSpansNode,
    "notified": tree.NotifiedInTime,
    "interest_on": tree.InterestOn,
    "interest_simple": tree.InterestSimple,
    "interest_compounded": tree.InterestCompounded,
    "interest_from": tree.InterestFrom,
    "interest_until": tree.InterestUntil,
    "refund": tree.RefundNode,
    "terminate_at_once": tree.TerminateAtOnceNode,
    "exercise_time": tree.ExerciseTime,
    "right": tree.RightNode,
    "block_time": tree.BlockTime,
    "trigger_duty": tree.TriggerDutyNode,
    "scenario": tree.ScenarioNode,
    "given_samples": tree.GivenSamples,
    "given_event": tree.GivenEvent,
    "given_record": tree.GivenRecord,
    "given_none": tree.GivenNone,
    "on_moment": tree.OnMoment,
    "each_from": tree.EachFrom,
    "given_value": tree.GivenValue,
    "moment": tree.Moment,
    "as_of": tree.AsOf,
    "expect_verdict": tree.ExpectVerdict,
    "expect_notify": tree.ExpectNotify,
    "expect_perform": tree.ExpectPerform,
    "expect_credit": tree.ExpectCredit,
    "expect_no_credit": tree.ExpectNoCredit,
    "expect_interest": tree.ExpectInterest,
    "expect_no_interest": tree.ExpectNoInterest,
    "expect_refund": tree.ExpectRefund,
    "expect_no_refund": tree.ExpectNoRefund,
    "expect_may": tree.ExpectMay,
    "expect_may_not": tree.ExpectMayNot,
    "expect_right": tree.ExpectRight,
    "expect_no_right": tree.ExpectNoRight,
    "expect_cure": tree.ExpectCure,
    "expect_escalation": tree.ExpectEscalation,
    "expect_no_escalation": tree.ExpectNoEscalation,
    "expect_blocked": tree.ExpectBlocked,
    "expect_block": tree.ExpectBlock,
    "expect_no_block": tree.ExpectNoBlock,
    "expect_waiver": tree.ExpectWaiver,
    "under": tree.Under,
    "group_value": tree.GroupValue,
    "window_from": tree.WindowFrom,
    "call": tree.Call,
    "relative_change": tree.RelativeChange,
    "drift": tree.DriftNode,
    "first_time": tree.FirstTime,
    "time_before": tree.TimeBefore,
    "time_between": tree.TimeBetween,
    "comparison_tail": tree.ComparisonTail,
    "across": tree.AcrossDimension,
    "counting": tree.Counting,
    "excluding": tree.Excluding,
    "elapsed": tree.ElapsedNode,
    "where": tree.Where,
    "negation": tree.Negation,
    "comparison": tree.ComparisonNode,
    "membership": tree.Membership,
    "non_membership": tree.NonMembership,
}

# Rule -> node whose one field is the tuple of all children.
NODES_OF_MANY: dict[str, type[tree.Node]] = {
    "start": tree.File,
    "business_days": tree.BusinessDays,
    "order_of_precedence": tree.OrderOfPrecedence,
    "holidays": tree.Holidays,
    "satisfies": tree.Satisfies,
    "only_if_set": tree.OnlyIfSet,
    "per": tree.Per,
    "in_environments": tree.InEnvironments,
    "matching": tree.Matching,
    "all_of": tree.AllOf,
    "any_of": tree.AnyOf,
    "given_values": tree.GivenValues,
    "for_group": tree.ForGroup,
}

# Rules that are just lists: their value is the tuple of children.
LISTS = (
    "agreement_items",
    "amendment_items",
    "order_items",
    "calendar_items",
    "party_body",
    "names",
    "dimensions",
    "attributes",
    "data_body",
    "article_items",
    "schedule_items",
    "clause_items",
    "role_names",
    "bounds",
    "any_role",
    "names_of_key",
    "classes",
    "periods_of_classes",
    "qualifiers",
    "event_qualifiers",
    "consequences",
    "texts",
    "scenario_items",
    "settings",
)

COMPARATORS = {
    "at_least": "at least",
    "at_most": "at most",
    "below": "below",
    "above": "above",
    "exactly": "is",
    "equals": "is",
    "differs": "is not",
}

OPERATORS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "share_of": "of"}

WAIVER_STATES = {
    "in_force": "in force",
    "expired": "expired",
    "orphaned": "orphaned",
    "not_entitled": "not entitled",
}

EXTENTS = ("started", "full")
EXTREMES = ("later", "earlier")

_ESCAPE = re.compile(r"\\(.)")


def number_value(text: str) -> Decimal:
    """The value of `1,000.5`. Raises decimal.InvalidOperation for anything else."""
    return Decimal(text.replace(",", ""))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _clock(text: str) -> time | None:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


Make = Callable[[Span, list[Any]], Any]
"""What becomes of a rule: from its place and its children to a node, or to the tuple that a list is."""


def _node(node: Callable[..., tree.Node]) -> Make:
    return lambda span, children: node(span, *children)


def _node_of_many(node: Callable[..., tree.Node]) -> Make:
    return lambda span, children: node(span, tuple(children))


def _word(node: Callable[[Span, str], tree.Node], words: str) -> Make:
    return lambda span, _: node(span, words)


def _operation(operator: str) -> Make:
    return lambda span, children: tree.Binary(span, operator, *children)


class Builder:
    """Builds `tallystick.syntax.tree` bottom up, for the source that `of` is told."""

    def __init__(self) -> None:
        self._source = Source("", "")
        self._made: dict[str, Make] = {}
        self._made |= {rule: _node(node) for rule, node in NODES.items()}
        self._made |= {rule: _node_of_many(node) for rule, node in NODES_OF_MANY.items()}
        self._made |= {rule: _word(tree.Comparator, words) for rule, words in COMPARATORS.items()}
        self._made |= {rule: _operation(operator) for rule, operator in OPERATORS.items()}
        self._made |= {words: _word(tree.Extent, words) for words in EXTENTS}
        self._made |= {words: _word(tree.Extreme, words) for words in EXTREMES}
        self._made |= {rule: _word(tree.WaiverWord, words) for rule, words in WAIVER_STATES.items()}
        self._made |= {rule: lambda _, children: tuple(children) for rule in LISTS}

    def of(self, source: Source) -> None:
        """What is built from now on is of this source."""
        self._source = source

    def make(self, rule: str) -> Make:
        """What becomes of a rule. Raises AttributeError for one that nothing becomes of."""
        made: Make = self._made.get(rule) or getattr(self, rule)
        return made

    def span(self, start: int, end: int) -> Span:
        """A place in the source."""
        return Span(self._source, start, end)

    def _at(self, token: Token) -> Span:
        assert token.start_pos is not None
        assert token.end_pos is not None
        return Span(self._source, token.start_pos, token.end_pos)

    def name(self, _: Span, children: list[Token]) -> tree.Name:
        return tree.Name(self._at(children[0]), str(children[0]))

    unit = code = name

    def fiscal_name(self, span: Span, children: list[Token]) -> tree.Name:
        return tree.Name(span, " ".join(children))

    def reference(self, _: Span, children: list[Token]) -> tree.NameReference:
        return tree.NameReference(self._at(children[0]), str(children[0]))

    def attribute_reference(self, span: Span, children: list[Any]) -> tree.AttributeReference:
        return tree.AttributeReference(span, children[0], children[1][1:])

    def string(self, _: Span, children: list[Token]) -> tree.String:
        return tree.String(self._at(children[0]), _ESCAPE.sub(r"\1", children[0][1:-1]))

    def prose(self, _: Span, children: list[Token]) -> tree.ProseText:
        span = self._at(children[0])
        text, offsets = dedented(str(children[0])[3:-3], span.start + 3)
        return tree.ProseText(span, text, offsets)

    def number(self, _: Span, children: list[Token]) -> tree.Number:
        return tree.Number(self._at(children[0]), number_value(children[0]))

    def percent(self, _: Span, children: list[Token]) -> tree.Percent:
        return tree.Percent(self._at(children[0]), number_value(children[0][:-1]) / 100)

    def money(self, span: Span, children: list[Token]) -> tree.Money:
        return tree.Money(span, str(children[0]), number_value(children[1]))

    def quantity(self, span: Span, children: list[Token]) -> tree.QuantityLiteral:
        return tree.QuantityLiteral(span, number_value(children[0]), " ".join(children[1:]))

    def date(self, _: Span, children: list[Token]) -> tree.DateLiteral:
        return tree.DateLiteral(self._at(children[0]), _day(children[0]))

    def time(self, _: Span, children: list[Token]) -> tree.TimeLiteral:
        return tree.TimeLiteral(self._at(children[0]), _clock(children[0]))

    def verdict(self, _: Span, children: list[Token]) -> tree.VerdictWord:
        return tree.VerdictWord(self._at(children[0]), str(children[0]))

    cure_state = verdict

    def period(self, span: Span, children: list[Token]) -> tree.PeriodLiteral:
        amount = number_value(children[0]) if len(children) > 1 else None
        return tree.PeriodLiteral(span, amount, " ".join(children[1:] or children))

    def calendar_period(self, span: Span, children: list[Any]) -> tree.PeriodLiteral:
        length: tree.PeriodLiteral = children[0]
        return replace(length, span=span, calendar=children[1])

    def notify_by_class(self, span: Span, children: list[Any]) -> tree.NotifyResponseNode:
        holder, role, dimension, trigger, qualifiers, classes = children
        within = _by_class(dimension, classes)
        return tree.NotifyResponseNode(span, holder, role, within, trigger, None, qualifiers)

    def perform_by_class(self, span: Span, children: list[Any]) -> tree.PerformResponseNode:
        holder, event, where, dimension, trigger, qualifiers, classes = children
        within = _by_class(dimension, classes)
        return tree.PerformResponseNode(span, holder, event, where, within, trigger, None, qualifiers)

    def delete_by_class(self, span: Span, children: list[Any]) -> tree.DeletionNode:
        holder, record, where, dimension, trigger, qualifiers, classes = children
        within = _by_class(dimension, classes)
        return tree.DeletionNode(span, holder, record, where, within, trigger, qualifiers)

    def credit_by_value(self, span: Span, children: list[Any]) -> tree.CreditByValueNode:
        party, minimum, claimed, *tiers = children
        return tree.CreditByValueNode(span, party, minimum, claimed, tuple(tiers))

    def credit_by_count(self, span: Span, children: list[Any]) -> tree.CreditByCountNode:
        party, each, minimum, claimed, *tiers = children
        return tree.CreditByCountNode(span, party, each, minimum, claimed, tuple(tiers))

    def for_each_breach(self, span: Span, children: list[Any]) -> tree.ForEachBreach:
        ordinal, within = children
        number = None if ordinal is None else tree.Number(self._at(ordinal), number_value(ordinal[:-2]))
        return tree.ForEachBreach(span, number, within)

    def accrue(self, span: Span, children: list[Any]) -> tree.InterestNode:
        party, rate, per, *parts = children
        return tree.InterestNode(span, party, rate, per, tuple(parts))

    def interest_counting(self, span: Span, children: list[Token]) -> tree.InterestCounting:
        return tree.InterestCounting(span, str(children[0]))

    def number_period(self, span: Span, children: list[Token]) -> tree.PeriodLiteral:
        return tree.PeriodLiteral(span, number_value(children[0]), str(children[1]))


def _by_class(dimension: tree.Name, periods: Sequence[Any]) -> tree.ByClassNode:
    *classes, otherwise = periods
    return tree.ByClassNode(dimension.span, dimension, tuple(classes), otherwise)
