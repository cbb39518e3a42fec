"""Amendments applied to the tree of an agreement: what comes out is the tree of an ordinary agreement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from typing import Any, assert_never

from tallystick.diagnostics.diagnostic import Diagnostic, Related
from tallystick.model.agreement import Act, Amendment, Change
from tallystick.quantities import Period
from tallystick.source import Span
from tallystick.syntax import tree
from tallystick.syntax.names import article_name, definition_name

Holder = tree.ClauseNode | tree.ArticleNode
Key = tuple[str, str]
"""The kind of a text (term, clause, article, definition) and its name."""


@dataclass(frozen=True)
class Text:
    """The tree of an agreement at some time.

    `gone` are the clauses and articles that it no longer has, with the change that took each away; `changed` is where each
    text was last changed, and from which day on.
    """

    file: tree.File
    gone: Mapping[str, Span] = field(default_factory=dict)
    changed: Mapping[Key, tuple[Span, date]] = field(default_factory=dict)


@dataclass(frozen=True)
class Amended:
    """Which amendment or order has just made a text: what is gone by now, and the amendments before it. An order ends
    at `until`, after a `term` if it says so.
    """

    node: tree.AmendmentNode | tree.OrderNode
    effective: date
    gone: Mapping[str, Span]
    before: tuple[Amendment, ...] = ()
    until: date | None = None
    term: Period | None = None


def changes_of(node: tree.AmendmentNode | tree.OrderNode) -> Iterator[Change]:
    """What an amendment or order changes, in order."""
    for change in node.changes:
        match change:
            case tree.SetChange(name=name):
                yield Change(Act.SET, "term", name.text, change.span)
            case tree.ReplaceChange(text=text):
                yield Change(Act.REPLACE, *_named(text), change.span)
            case tree.StrikeClause(name=name):
                yield Change(Act.STRIKE, "clause", name.text, change.span)
            case tree.StrikeArticle(name=name):
                yield Change(Act.STRIKE, "article", name.text, change.span)
            case tree.AddChange(text=tree.Environments() | tree.Stages()):
                pass  # a used file brings them; they are names, and no text
            case tree.AddChange(text=text):
                yield Change(Act.ADD, *_named(text), change.span)
            case tree.AddClause(name=name, place=place):
                yield Change(Act.ADD, "clause", name.text, change.span, place.name.text)
            case _:
                assert_never(change)


def _named(node: tree.Declaration | tree.ClauseNode | tree.Duration | tree.GoverningLaw) -> Key:
    """The kind of a text, and its name; consequences of every breach have none."""
    if isinstance(node, tree.Duration | tree.GoverningLaw):
        return "head", "term" if isinstance(node, tree.Duration) else "governing law"
    if isinstance(node, tree.TermNode | tree.OpenTermNode):
        return "term", node.name.text
    kind = type(node).__name__.removesuffix("Node").lower()
    if isinstance(node, tree.ArticleNode):
        return kind, article_name(node)
    if isinstance(node, tree.DefinitionNode):
        return kind, definition_name(node)
    name = getattr(node, "name", None)
    return (kind, name.text) if name is not None else ("consequences", "")


_OTHERS = (tree.ArticleNode, tree.CalendarNode, tree.ScheduleNode)
_UNNAMED = (
    tree.AgreementNode, tree.Environments, tree.Stages, tree.OnBreach, tree.ScenarioNode, tree.AmendmentNode, tree.OrderNode,
)  # fmt: skip


def conformed(text: Text, changes: Iterable[tree.ChangeNode], effective: date) -> tuple[Text, tuple[Diagnostic, ...]]:
    """The text as changes of a day leave it. A change that cannot be made is reported, and left out."""
    work = _Conforming(list(text.file.declarations), dict(text.gone), dict(text.changed), effective)
    for change in changes:
        work.make(change)
    kept = {name: span for name, span in work.gone.items() if name not in work.living()}
    file = replace(text.file, declarations=tuple(work.declarations))
    return Text(file, kept, work.changed), tuple(work.found)


def is_struck(node: Holder) -> bool:
    """Whether an amendment struck it, so that only its number is left."""
    return any(isinstance(item, tree.Struck) for item in node.items)


def clauses_in(items: Iterable[tree.Node]) -> Iterator[tree.ClauseNode]:
    """Every clause, also in clauses and articles, in order."""
    for item in items:
        if isinstance(item, tree.ClauseNode):
            yield item
        if isinstance(item, tree.ClauseNode | tree.ArticleNode):
            yield from clauses_in(item.items)


@dataclass
class _Conforming:
    declarations: list[tree.Declaration]
    gone: dict[str, Span]
    changed: dict[Key, tuple[Span, date]]
    effective: date
    found: list[Diagnostic] = field(default_factory=list)

    def make(self, change: tree.ChangeNode) -> None:
        match change:
            case tree.SetChange():
                self._set(change)
            case tree.ReplaceChange(text=text):
                self._replace(text)
            case tree.StrikeClause(name=name):
                if self._changes("clause", name, self._clauses()):
                    self._take(clauses_in([self._clauses()[name.text]]), change.span)
                    self._on_clause(name.text, lambda old: replace(old, items=(tree.Struck(change.span),)))
            case tree.StrikeArticle(name=name):
                if self._changes("article", name, self._articles()):
                    article = self._articles()[name.text]
                    self._take(clauses_in(article.items), change.span)
                    self.gone[name.text] = change.span
                    self._put(article, replace(article, items=(tree.Struck(change.span),)))
            case tree.AddChange(text=text):
                if self._is_new(*_named(text), change.span, self._alike(text)):
                    self.declarations.append(text)
            case tree.AddClause():
                self._add_clause(change)
            case _:
                assert_never(change)

    # --- what there is

    def _terms(self) -> dict[str, tree.TermNode | tree.OpenTermNode]:
        terms = (node for node in self.declarations if isinstance(node, tree.TermNode | tree.OpenTermNode))
        return {node.name.text: node for node in terms}

    def _articles(self) -> dict[str, tree.ArticleNode]:
        return {article_name(node): node for node in self.declarations if isinstance(node, tree.ArticleNode)}

    def _definitions(self) -> dict[str, tree.DefinitionNode]:
        return {definition_name(node): node for node in self.declarations if isinstance(node, tree.DefinitionNode)}

    def _clauses(self) -> dict[str, tree.ClauseNode]:
        return {node.name.text: node for node in clauses_in(self.declarations)}

    def living(self) -> set[str]:
        """The names of all clauses and articles that were not struck."""
        held: dict[str, Holder] = {**self._articles(), **self._clauses()}
        return {name for name, node in held.items() if not is_struck(node)}

    def _alike(self, text: tree.Declaration) -> dict[str, tree.Node]:
        """What shares its names with a declaration: articles and calendars have names of their own."""
        own = next((kind for kind in (tree.ArticleNode, tree.CalendarNode) if isinstance(text, kind)), None)
        among = (node for node in self.declarations if not isinstance(node, _UNNAMED))
        alike = (
            node for node in among if isinstance(node, own or tree.Node) and (own or not isinstance(node, _OTHERS))
        )
        return {name: node for node in alike if (name := _named(node)[1])}

    # --- whether a change can be made

    def _is_new(self, kind: str, name: str, span: Span, known: Mapping[str, tree.Node]) -> bool:
        if name not in known:
            return True
        first = Related(known[name].span, "first declared here")
        self.found.append(Diagnostic("T0202", span, {"name": name, "kind": kind}, (first,)))
        return False

    def _is_there(self, kind: str, name: tree.Name, known: Mapping[str, tree.Node]) -> bool:
        if name.text in self.gone:
            struck = Related(self.gone[name.text], "no longer there since this change")
            self.found.append(Diagnostic("T0251", name.span, {"kind": kind, "name": name.text}, (struck,)))
            return False
        if name.text not in known:
            close = get_close_matches(name.text, known, 1, 0.6)
            listed = f", or use one of: {', '.join(sorted(known)[:12])}" if known else ""
            facts = {"kind": kind, "name": name.text, "known": listed}
            self.found.append(Diagnostic("T0250", name.span, facts, (), close[0] if close else None))
            return False
        return True

    def _changes(self, kind: str, name: tree.Name, known: Mapping[str, tree.Node]) -> bool:
        """Whether it is there and no other change of the same day has touched it; from now on, this one has."""
        if not self._is_there(kind, name, known):
            return False
        before = self.changed.get((kind, name.text))
        if before is not None and before[1] == self.effective:
            first = Related(before[0], "first changed here")
            facts = {"kind": kind, "name": name.text, "day": self.effective.isoformat()}
            self.found.append(Diagnostic("T0252", name.span, facts, (first,)))
            return False
        self.changed[kind, name.text] = (name.span, self.effective)
        return True

    # --- the changes

    def _set(self, change: tree.SetChange) -> None:
        if self._changes("term", change.name, self._terms()):
            term = self._terms()[change.name.text]
            if isinstance(term, tree.OpenTermNode):
                self._put(term, _set_for_good(term, change))
                return
            if term.value.span.text == change.value.span.text:
                stands = Related(term.value.span, "it has this value already")
                self.found.append(Diagnostic("T0253", change.value.span, {"name": change.name.text}, (stands,)))
            self._put(term, replace(term, value=change.value, span=change.span))

    def _parties(self) -> dict[str, tree.PartyNode]:
        return {node.name.text: node for node in self.declarations if isinstance(node, tree.PartyNode)}

    def _replace(
        self,
        text: tree.ClauseNode
        | tree.ArticleNode
        | tree.DefinitionNode
        | tree.Duration
        | tree.GoverningLaw
        | tree.PartyNode,
    ) -> None:
        match text:
            case tree.Duration() | tree.GoverningLaw():
                self._replace_in_head(text)
            case tree.PartyNode(name=name):
                if self._changes("party", name, self._parties()):
                    self._put(self._parties()[name.text], text)
            case tree.ClauseNode():
                self._replace_clause(text)
            case tree.ArticleNode():
                self._replace_article(text)
            case tree.DefinitionNode():
                self._replace_definition(text)

    def _replace_in_head(self, text: tree.Duration | tree.GoverningLaw) -> None:
        """In the place of what the agreement says, or after all that it says where it says nothing of it."""
        kind, name = _named(text)
        for head in (node for node in self.declarations if isinstance(node, tree.AgreementNode)):
            if self._changes(kind, tree.Name(text.span, name), {name: head}):
                kept = tuple(item for item in head.items if type(item) is not type(text))
                self._put(head, replace(head, items=(*kept, text)))

    def _replace_clause(self, text: tree.ClauseNode) -> None:
        if self._changes("clause", text.name, self._clauses()):
            old = self._clauses()[text.name.text]
            self._take(clauses_in(old.items), text.span)
            self._on_clause(
                text.name.text,
                lambda old: replace(old, span=text.span, title=text.title or old.title, items=text.items),
            )

    def _replace_article(self, text: tree.ArticleNode) -> None:
        name = text.name or tree.Name(text.title.span, article_name(text))
        if self._changes("article", name, self._articles()):
            old = self._articles()[name.text]
            self._take(clauses_in(old.items), text.span)
            self._put(old, replace(text, name=old.name or name))

    def _replace_definition(self, text: tree.DefinitionNode) -> None:
        name = text.name or tree.Name(text.title.span, definition_name(text))
        if self._changes("definition", name, self._definitions()):
            self._put(self._definitions()[name.text], replace(text, name=name))

    def _add_clause(self, change: tree.AddClause) -> None:
        if change.name.text in self.gone:
            self._is_there("clause", change.name, {})
            return
        if not self._is_new("clause", change.name.text, change.name.span, self._clauses()):
            return
        where = change.place.name
        fields = (change.span, change.name, change.title, change.items)
        match change.place:
            case tree.AfterClause():
                if self._is_there("clause", where, self._clauses()):
                    new = tree.InsertedClauseNode(*fields)
                    self.declarations = [
                        replace(node, items=tuple(_inserted(node.items, where.text, new)))
                        if isinstance(node, tree.ArticleNode)
                        else node
                        for node in self.declarations
                    ]
            case tree.ToArticle():
                if self._is_there("article", where, self._articles()):
                    article = self._articles()[where.text]
                    self._put(article, replace(article, items=(*article.items, tree.ClauseNode(*fields))))
            case _:
                assert_never(change.place)

    def _take(self, clauses: Iterable[tree.ClauseNode], span: Span) -> None:
        """These clauses are gone, unless the new text has them, too."""
        self.gone.update({clause.name.text: span for clause in clauses})

    def _put(self, old: tree.Declaration, new: tree.Declaration) -> None:
        self.declarations = [new if node is old else node for node in self.declarations]

    def _on_clause(self, name: str, change: Callable[[tree.ClauseNode], tree.ClauseNode]) -> None:
        self.declarations = [
            replace(node, items=tuple(_changed(node.items, name, change)))
            if isinstance(node, tree.ArticleNode)
            else node
            for node in self.declarations
        ]


def _set_for_good(term: tree.OpenTermNode, change: tree.SetChange) -> tree.TermNode:
    """An optional term that has got its value, which must be of the kind that the term has."""
    fields = (change.span, term.name, term.title, change.value)
    if isinstance(term, tree.KeyOpenTermNode):
        return tree.KeyTermNode(*fields)
    return tree.SetTermNode(*fields, tree.ParamNode(term.span, term.name, term.title, term.type))


def _changed(items: Iterable[Any], name: str, change: Callable[[tree.ClauseNode], tree.ClauseNode]) -> Iterator[Any]:
    for item in items:
        if not isinstance(item, tree.ClauseNode):
            yield item
        elif item.name.text == name:
            yield change(item)
        else:
            yield replace(item, items=tuple(_changed(item.items, name, change)))


def _inserted(items: Iterable[Any], name: str, new: tree.InsertedClauseNode) -> list[Any]:
    """The new clause after the one of that name and those that were added there before, so that none is renumbered."""
    kept: list[Any] = []
    waiting = False
    for item in items:
        if waiting and not isinstance(item, tree.InsertedClauseNode):
            kept.append(new)
            waiting = False
        if isinstance(item, tree.ClauseNode):
            waiting = waiting or item.name.text == name
            item = replace(item, items=tuple(_inserted(item.items, name, new)))
        kept.append(item)
    return [*kept, new] if waiting else kept
