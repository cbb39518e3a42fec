"""Lark's LALR(1) parser, which hands every rule that it recognises straight to the builder: no tree of its own between.

What a rule's children are (which tokens count, which rules are spliced into their parents, where nothing stands for an
absent part) follows Lark's own `ParseTreeBuilder`, and so do the places: a node begins where its first token begins,
also one that is left out of the children, and ends where its last one ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

from lark import Lark, Token
from lark.grammar import Rule, Terminal
from lark.lexer import TerminalDef

from tallystick.source import Span
from tallystick.syntax.builder import Builder

# A value of the parser's stack: a token, or where a rule's text begins (-1: it has none), where it ends, what it became.
Placed = tuple[int, int, Any]


class InlinedParser(Lark):
    """The parser with a builder in it. `builder` must be told the source first."""

    OPTIONS: ClassVar = {
        "parser": "lalr",
        "lexer": "contextual",
        "maybe_placeholders": True,
        "propagate_positions": False,
    }

    def __init__(self, grammar: str, builder: Builder, postlex: Any) -> None:
        self._builder = builder
        super().__init__(grammar, postlex=postlex, **self.OPTIONS)

    @classmethod
    def from_tables(cls, tables: Any, builder: Builder, postlex: Any) -> Self:
        """The parser that these tables are of."""
        made = cls.__new__(cls)
        made.restore(tables, builder, postlex)
        return made

    def restore(self, tables: Any, builder: Builder, postlex: Any) -> None:
        """Become the parser that these tables are of."""
        self._builder = builder
        self._load(tables, postlex=postlex)

    def tables(self) -> dict[str, Any]:
        """What the parser was made into: texts, numbers, lists and dictionaries."""
        data, memo = self.memo_serialize([TerminalDef, Rule])
        options = {name: value for name, value in data["options"].items() if name != "postlex"}
        return {"data": data | {"options": options}, "memo": memo}

    def _prepare_callbacks(self) -> None:
        self._callbacks = {rule: _callback(rule, self._builder) for rule in self.rules}


def _included(rule: Rule) -> tuple[list[tuple[int, bool, int]], int]:
    """Which symbols become children: their place, whether their children take their place, and how many `None` go before
    them; and how many go after all."""
    absent = rule.options.empty_indices or [False] * len(rule.expansion)
    before = [len(ones) for ones in "".join(str(int(each)) for each in absent).split("0")]
    included, nones = [], 0
    for place, symbol in enumerate(rule.expansion):
        nones += before[place]
        if rule.options.keep_all_tokens or not (isinstance(symbol, Terminal) and symbol.filter_out):
            included.append((place, not symbol.is_term and symbol.name.startswith("_"), nones))
            nones = 0
    return included, nones + before[len(rule.expansion)]


def _callback(rule: Rule, builder: Builder) -> Callable[[list[Any]], Any]:
    included, after = _included(rule)
    spliced = rule.origin.name.startswith("_")
    alone = rule.options.expand1 and not rule.alias
    make = None if spliced else _maker(rule, builder)
    place = builder.span
    if len(included) == 1 and alone and not after and included[0] == (included[0][0], False, 0):
        only = included[0][0]
        return lambda values: _around(values, values[only])

    def reduced(values: list[Any]) -> Any:
        start, end = _first(values), _last(values)
        children: list[Any] = []
        for at, splice, nones in included:
            value = values[at]
            if nones:
                children += [None] * nones
            if splice:
                if children:
                    children += value[2]
                else:
                    children = value[2]  # a list grows by its next item, and is not copied
            else:
                children.append(value[2] if type(value) is tuple else value)
        if after:
            children += [None] * after
        if make is None:
            return start, end, children
        if alone and len(children) == 1:
            return children[0] if isinstance(children[0], Token) else (start, end, children[0])
        return start, end, make(place(max(start, 0), max(end, 0)), children)

    return reduced


def _maker(rule: Rule, builder: Builder) -> Callable[[Span, list[Any]], Any]:
    try:
        return builder.make(rule.alias or rule.options.template_source or rule.origin.name)
    except AttributeError:
        if rule.options.expand1:
            return _never
        raise


def _never(_: Span, children: list[Any]) -> Any:
    raise AssertionError(f"a rule that only passes on its child has {len(children)}")


def _around(values: Sequence[Any], value: Any) -> Any:
    """A child that takes its parent's place, with what stands around it."""
    return (_first(values), _last(values), value[2]) if type(value) is tuple else value


def _first(values: Sequence[Any]) -> int:
    for value in values:
        if type(value) is not tuple:
            return int(value.start_pos)
        if value[0] >= 0:
            return int(value[0])
    return -1


def _last(values: Sequence[Any]) -> int:
    for value in reversed(values):
        if type(value) is not tuple:
            return int(value.end_pos)
        if value[0] >= 0:
            return int(value[1])
    return -1
