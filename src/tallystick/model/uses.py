"""`use`: the clauses and declarations of other files in their places, as one tree.

A used file is taken over with its parameters replaced: one that stands for a name (a party, a role, an event …) by the
name it was given, one that stands for a value by a term. Every node keeps its place in the file it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, TypeVar

from tallystick.diagnostics.diagnostic import Diagnostic, Related
from tallystick.model.scope import Scope
from tallystick.model.values import VALUE_TYPES, is_value_type
from tallystick.source import Source, Span
from tallystick.syntax import tree
from tallystick.syntax.from_source import Parsed, from_source
from tallystick.syntax.names import INTERPOLATION, article_name, definition_name
from tallystick.syntax.references import library_path

_N = TypeVar("_N", bound=tree.Node)

# What a parameter may stand for besides a value.
NAME_TYPES = ("party", "role", "metric", "event", "record", "standard", "environment", "dimension")

# What a library that stands alone cannot know of the agreement that uses it.
_OF_THE_USER = ("metric", "event", "record")


@dataclass(frozen=True)
class Alias:
    """A name that was given for a parameter: it must be of the parameter's kind."""

    param: tree.ParamNode
    given: tree.NameReference


@dataclass(frozen=True)
class Joined:
    """All files as one. `uses` are the places that bring in each other file; `missing` says that one could not be read,
    so that unknown names may be its own. `required` are the parameters of a clause library that stands alone.
    """

    file: tree.File
    aliases: tuple[Alias, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    doubtful: frozenset[str] = frozenset()
    uses: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    missing: bool = False
    library: bool = False
    params: tuple[tree.ParamNode, ...] = ()


def joined(source: Source, parsed: Parsed) -> Joined:
    """The file with what it uses in place. A clause library by itself stands in a frame that gives it what it requires."""
    assert parsed.file is not None
    joining = _Joining(Scope(), {source.name: parsed})
    params = tuple(node for node in parsed.file.declarations if isinstance(node, tree.ParamNode))
    library = is_library(parsed.file) and "agreement" not in parsed.doubtful
    if library:
        found = joining.taken(parsed.file, None)
        frame = _frame(parsed.file, params, frozenset(_declared_names(found)))
        declarations = [*frame.declarations, *found]
    else:
        for param in params:
            joining.scope.report("T0244", param.span, found="param", reason="An agreement has terms, not parameters")
        declarations = joining.expanded(parsed.file)
    whole = replace(parsed.file, declarations=tuple(_met(declarations)))
    return Joined(
        whole,
        tuple(joining.aliases),
        tuple(joining.scope.diagnostics),
        parsed.doubtful | joining.doubtful,
        joining.uses,
        joining.missing,
        library,
        params,
    )


def with_uses(
    node: tree.AmendmentNode | tree.OrderNode, parsed: Parsed, whole: Joined
) -> tuple[tree.AmendmentNode | tree.OrderNode, Joined]:
    """An amendment or order with what its added or replaced articles use in place, and what that brings: `aliases` are
    those of the instrument alone, all else is added to the whole. What the agreement declares the same way stays one.
    """
    items: list[Any] = []
    joining = _Joining(Scope(), {node.span.source.name: parsed})
    known = {_name(each): shape(each) for each in whole.file.declarations}
    for item in node.items:
        change = item.change if isinstance(item, tree.Overriding) else item
        if not isinstance(change, tree.AddChange | tree.ReplaceChange) or not isinstance(change.text, tree.ArticleNode):
            items.append(item)
            continue
        *declared, article = joining.expanded(replace(whole.file, declarations=(change.text,)))
        assert isinstance(article, tree.ArticleNode)
        new = (each for each in declared if _name(each) is None or known.get(_name(each)) != shape(each))
        items.extend(tree.AddChange(change.span, each) for each in new)
        said = replace(change, text=article)
        items.append(replace(item, change=said) if isinstance(item, tree.Overriding) else said)
    uses = {**whole.uses, **{name: (*whole.uses.get(name, ()), *places) for name, places in joining.uses.items()}}
    joined_to = replace(
        whole,
        aliases=tuple(joining.aliases),
        diagnostics=(*whole.diagnostics, *joining.scope.diagnostics),
        doubtful=whole.doubtful | joining.doubtful,
        uses=uses,
        missing=whole.missing or joining.missing,
    )
    return replace(node, items=tuple(items)), joined_to


def is_library(file: tree.File) -> bool:
    """Whether the file is one of clauses for other files: no agreement, no parties of its own."""
    kinds = {type(node) for node in file.declarations}
    return bool(kinds) and not kinds & {tree.AgreementNode, tree.PartyNode}


class _Joining:
    def __init__(self, scope: Scope, parsed: dict[str, Parsed]) -> None:
        self.scope = scope
        self.parsed = parsed
        self.aliases: list[Alias] = []
        self.doubtful: frozenset[str] = frozenset()
        self.uses: dict[str, tuple[Span, ...]] = {}
        self.missing = False

    def expanded(self, file: tree.File) -> list[tree.Declaration]:
        """The declarations with those of used files in place of each `use`."""
        found: list[tree.Declaration] = []
        for node in file.declarations:
            match node:
                case tree.UseNode():
                    found.extend(self._used(node))
                case tree.ArticleNode():
                    found.extend(self._article(node))
                case tree.ParamNode():
                    pass
                case _:
                    found.append(node)
        return found

    def _article(self, node: tree.ArticleNode) -> Iterator[tree.Declaration]:
        """A `use` in an article brings the clauses of the other file; what else it declares stands before the article."""
        items: list[tree.Paragraph | tree.NoteNode | tree.ClauseNode | tree.UseNode | tree.Struck] = []
        for item in node.items:
            if not isinstance(item, tree.UseNode):
                items.append(item)
                continue
            for used in self._used(item):
                if isinstance(used, tree.ArticleNode):
                    items.extend(used.items)
                else:
                    yield used
        yield replace(node, items=tuple(items))

    def _used(self, use: tree.UseNode) -> list[tree.Declaration]:
        path = library_path(use.path.text) if isinstance(use, tree.UseLibraryNode) else use.path.text
        source = use.span.source.files.get(path)
        parsed = self._parse(source) if isinstance(source, Source) else None
        if parsed is None or parsed.file is None:
            self.missing = True
            return []
        name = parsed.file.span.source.name
        self.uses[name] = (*self.uses.get(name, ()), use.path.span)
        return self.taken(parsed.file, use)

    def _parse(self, source: Source) -> Parsed:
        if source.name not in self.parsed:
            parsed = self.parsed[source.name] = from_source(source)
            self.scope.diagnostics.extend(parsed.diagnostics)
            self.doubtful |= parsed.doubtful
        return self.parsed[source.name]

    def taken(self, file: tree.File, use: tree.UseNode | None) -> list[tree.Declaration]:
        """The declarations of a used file, with its parameters replaced. Without `use`, those it has by default."""
        for node in file.declarations:
            if isinstance(node, tree.AgreementNode | tree.OnBreach | tree.OnEvent):
                self._not_of_library(node, use)
        params = {node.name.text: node for node in file.declarations if isinstance(node, tree.ParamNode)}
        self._once(params, file)
        settings = self._settings(use, params) if use else {}
        first = len(self.aliases)
        own = self.expanded(file)
        inner = len(self.aliases)
        names, terms, dropped = self._replaced(params, settings, use, frozenset(_declared_names(own)))
        prefix = use.prefixed if use else None
        renaming = _Renaming(names, {}, prefix)
        if prefix:
            renaming.names.update({name: f"{prefix.name.text}_{name}" for name in params if name not in names})
            renaming.numbered.update({name: f"{prefix.name.text}_{name}" for name in _numbered_names(own)})
        self.aliases[first:inner] = [
            replace(alias, given=renaming.renamed(alias.given)) for alias in self.aliases[first:inner]
        ]
        brought = [
            renaming.renamed(node)
            for node in own
            if _name(node) not in dropped
            and not isinstance(node, tree.AgreementNode | tree.OnBreach | tree.OnEvent | tree.ScenarioNode)
        ]
        return [
            *(_distinct_term(node, prefix) for node in terms),
            *(_distinct_article(node, prefix) for node in brought),
        ]

    def _not_of_library(
        self, node: tree.AgreementNode | tree.OnBreach | tree.OnEvent, use: tree.UseNode | None
    ) -> None:
        found = "agreement" if isinstance(node, tree.AgreementNode) else "on breach"
        if isinstance(node, tree.OnEvent):
            found = f"on {node.source.text}"
        reason = "A used file is a clause library" if found == "agreement" else "It would reach clauses of other files"
        used = (Related(use.path.span, "used here"),) if use else ()
        self.scope.report("T0244", node.span, related=used, found=found, reason=reason)

    def _once(self, params: Mapping[str, tree.ParamNode], file: tree.File) -> None:
        for node in file.declarations:
            if isinstance(node, tree.ParamNode):
                first = params[node.name.text]
                if first is not node:
                    self.scope.twice(node.name.text, "parameter", first.name.span, node.name.span)
                if node.type.text not in NAME_TYPES and not is_value_type(node.type.text):
                    self.scope.unknown_kind(node.type, (*NAME_TYPES, *VALUE_TYPES))

    def _settings(self, use: tree.UseNode, params: Mapping[str, tree.ParamNode]) -> dict[str, tree.Expression]:
        found: dict[str, tree.Setting] = {}
        for setting in use.settings:
            name = setting.name.text
            if name in found:
                self.scope.twice(name, "parameter", setting.name.span, found[name].name.span)
            elif name in params:
                found[name] = setting
            else:
                close = get_close_matches(name, params, 1, 0.6)
                listed = ", ".join(params) or "none"
                instead = close[0] if close else None
                self.scope.report("T0241", setting.name.span, name=name, known=listed, instead=instead)
        for name, param in params.items():
            if name not in found and param.default is None and not isinstance(param, tree.OpenParamNode):
                there = (Related(param.span, "required here"),)
                kind = param.type.text
                self.scope.report("T0242", use.path.span, name=name, kind=kind, related=there)
        return {name: setting.value for name, setting in found.items()}

    def _replaced(
        self,
        params: Mapping[str, tree.ParamNode],
        settings: Mapping[str, tree.Expression],
        use: tree.UseNode | None,
        declared: frozenset[str],
    ) -> tuple[dict[str, str], list[tree.TermNode | tree.OpenTermNode], frozenset[str]]:
        """The names that parameters become, the terms that they become, and the declarations that others stand in for."""
        names: dict[str, str] = {}
        terms: list[tree.TermNode | tree.OpenTermNode] = []
        dropped: set[str] = set()
        for name, param in params.items():
            value = settings.get(name, param.default)
            default = param.default.text if isinstance(param.default, tree.NameReference) else None
            if isinstance(value, tree.NameReference):
                names[name] = value.text
                self.aliases.append(Alias(param, value))
                self.missing |= use is None and param.type.text in _OF_THE_USER and value.text not in declared
                if default in declared and value is not param.default and default is not None:
                    names[default] = value.text
                    dropped.add(default)
            elif param.type.text in NAME_TYPES:
                self.missing |= use is None and param.type.text in _OF_THE_USER
                self.doubtful |= {name}
                if value is not None:
                    self.scope.wrong_parameter(param, value.span)
            elif value is not None:
                terms.append(tree.SetTermNode(param.span, param.name, param.title, value, param))
            elif isinstance(param, tree.OpenParamNode) or use is None:
                terms.append(tree.OpenTermNode(param.span, param.name, param.title, param.type))
            else:
                self.doubtful |= {name}
        return names, terms, frozenset(dropped)


# --- names ---------------------------------------------------------------------------------------------------


@dataclass
class _Renaming:
    """Names of declarations and ids of clauses, as another file calls them."""

    names: dict[str, str]
    numbered: dict[str, str]
    prefix: tree.Prefixed | None

    def renamed(self, node: _N) -> _N:
        """The node with other names in it."""
        if not self.names and not self.numbered:
            return node
        found: _N = self._node(node)
        return found

    def _node(self, node: Any) -> Any:
        match node:
            case tuple():
                return tuple(self._node(item) for item in node)
            case tree.Name() | tree.NameReference():
                return replace(node, text=self.names.get(node.text, node.text))
            case tree.PeriodLiteral(amount=None):
                return replace(node, word=self.names.get(node.word, node.word))
            case tree.ProseText():
                return self._prose(node)
            case tree.Call():
                return replace(self._fields(node), function=node.function)
            case tree.CalendarWindow():
                return node
            case tree.ClauseNode() | tree.Labelled():
                return replace(self._fields(node), name=self._number(node.name))
            case tree.ArticleNode() | tree.ScheduleNode():
                name = article_name(node)
                kept = self._number(tree.Name(node.title.span, name)) if name in self.numbered else node.name
                return replace(self._fields(node), name=kept)
            case tree.Node():
                return self._fields(node)
            case _:
                return node

    def _fields(self, node: Any) -> Any:
        return replace(node, **{each.name: self._node(getattr(node, each.name)) for each in fields(node)})

    def _number(self, name: tree.Name) -> tree.Name:
        return replace(name, text=self.numbered.get(name.text, name.text))

    def _prose(self, node: tree.ProseText) -> tree.ProseText:
        """The prose with other names between its braces; each new character has the place of the old name."""
        text, offsets, end = "", list[int](), 0
        for match in INTERPOLATION.finditer(node.text):
            name = match.group(1).strip()
            other = f"@{self.numbered.get(name[1:], name[1:])}" if name.startswith("@") else self.names.get(name, name)
            start, stop = match.span(1)
            text += node.text[end:start] + other
            offsets += [*node.offsets[end:start], *[node.offsets[start]] * len(other)]
            end = stop
        return replace(node, text=text + node.text[end:], offsets=(*offsets, *node.offsets[end:]))


def _distinct_term(node: tree.TermNode | tree.OpenTermNode, prefix: tree.Prefixed | None) -> tree.Declaration:
    """The term of a parameter with the prefix in its name and before its title."""
    if prefix is None:
        return node
    title = node.title.text if node.title else node.name.text.replace("_", " ")
    name = replace(node.name, text=f"{prefix.name.text}_{node.name.text}")
    return replace(node, name=name, title=tree.String(node.name.span, f"{_words(prefix)} {title}"))


def _distinct_article(node: tree.Declaration, prefix: tree.Prefixed | None) -> tree.Declaration:
    """An article or schedule with the prefix after its title."""
    if prefix is None or not isinstance(node, tree.ArticleNode | tree.ScheduleNode):
        return node
    return replace(node, title=replace(node.title, text=f"{node.title.text} ({_words(prefix)})"))


def _words(prefix: tree.Prefixed) -> str:
    return prefix.title.text if prefix.title else prefix.name.text.replace("_", " ").capitalize()


def _name(node: tree.Declaration) -> str | None:
    """The name that a declaration gives."""
    match node:
        case (
            tree.PartyNode()
            | tree.RoleNode()
            | tree.MetricNode()
            | tree.EventNode()
            | tree.RecordNode()
            | tree.TermNode()
            | tree.OpenTermNode()
            | tree.StandardNode()
            | tree.CalendarNode()
        ):
            return node.name.text
        case tree.DefinitionNode():
            return definition_name(node)
        case _:
            return None


def _declared_names(nodes: Iterable[tree.Declaration]) -> Iterator[str]:
    for node in nodes:
        name = _name(node)
        if name is not None:
            yield name


def _numbered_names(nodes: Iterable[tree.Declaration]) -> Iterator[str]:
    """The ids of articles and clauses, and the labels of rules."""
    pending: list[Any] = [node for node in nodes if isinstance(node, tree.ArticleNode | tree.ScheduleNode)]
    while pending:
        node = pending.pop()
        match node:
            case tree.ArticleNode() | tree.ScheduleNode():
                yield article_name(node)
                pending.extend(node.items)
            case tree.ClauseNode():
                yield node.name.text
                pending.extend(node.items)
            case tree.Labelled():
                yield node.name.text
            case tree.Node():
                pending.extend(each for each in getattr(node, "qualifiers", ()) if isinstance(each, tree.Labelled))
            case _:
                pass


# --- where files meet ----------------------------------------------------------------------------------------


def _met(nodes: Iterable[tree.Declaration]) -> Iterator[tree.Declaration]:
    """The same declaration in two files is one. Environments and stages of all files come together."""
    names: dict[str, tree.Declaration] = {}
    listed: dict[str, str] = {}
    for node in nodes:
        name, file = _name(node), node.span.source.name
        before = names.get(name) if name is not None else None
        if isinstance(node, tree.Environments | tree.Stages):
            others = tuple(each for each in node.names if listed.setdefault(each.text, file) == file)
            if others:
                yield replace(node, names=others)
        elif before is None or shape(before) != shape(node) or not _apart(before, node):
            if name is not None and before is None:
                names[name] = node
            yield node


def _apart(one: tree.Declaration, other: tree.Declaration) -> bool:
    """Whether two declarations come from two files, or from two uses of one."""
    return one.span.source.name != other.span.source.name or one.span == other.span


def shape(node: Any) -> Any:
    """A node without its places: two are said alike when their shapes are the same."""
    match node:
        case tuple():
            return tuple(shape(item) for item in node)
        case tree.ProseText():
            return node.text
        case tree.SetTermNode():
            return shape(tree.TermNode(node.span, node.name, node.title, node.value))
        case tree.Node():
            own = (shape(getattr(node, each.name)) for each in fields(node) if each.name != "span")
            return type(node).__name__, *own
        case _:
            return node


# --- a library by itself -------------------------------------------------------------------------------------


def _frame(file: tree.File, params: tuple[tree.ParamNode, ...], declared: frozenset[str]) -> tree.File:
    """An agreement around a clause library, which has what its parameters stand for."""
    title = file.span.source.name.rpartition("/")[2].removesuffix(".msa").replace('"', "")
    named: dict[str, list[str]] = {kind: [] for kind in NAME_TYPES}
    for param in params:
        given = param.default.text if isinstance(param.default, tree.NameReference) else param.name.text
        if param.type.text in named and given not in declared:
            named[param.type.text].append(given)
    parties = list(dict.fromkeys(named["party"])) or ["party_of_the_frame"]
    head = (
        'version "0". effective 2027-01-01. timezone "UTC". business days "US". business hours "Mon-Fri 09:00-17:00".'
    )
    lines = [
        f'agreement "{title}" {{ {head} }}',
        *(f'party {name} "{name}".' for name in parties),
        *(f"role {name} of {parties[0]}." for name in dict.fromkeys(named["role"])),
        *(f'standard {name} "{name}".' for name in dict.fromkeys(named["standard"])),
        *(f"environments {name}." for name in dict.fromkeys(named["environment"])),
    ]
    parsed = from_source(Source(FRAME, "\n".join(lines)))
    assert parsed.complete, parsed.diagnostics
    assert parsed.file is not None
    return parsed.file


FRAME = "the frame of a clause library"
