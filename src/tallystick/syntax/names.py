"""How the language names things that have no name of their own, and where prose names something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields

from tallystick.syntax import tree

# `{name}` or `{@clause}` in prose.
INTERPOLATION = re.compile(r"\{([^{}\n]*)\}")

# `{shall}` in prose: the verb of duty of the house in which the paper is printed.
VERB = "shall"


def definition_name(node: tree.DefinitionNode) -> str:
    """The name of a definition; without one, its title in small letters with `_` for all else."""
    return node.name.text if node.name else _from_title(node.title)


def article_name(node: tree.ArticleNode | tree.ScheduleNode) -> str:
    """The same of an article or a schedule."""
    return node.name.text if node.name else _from_title(node.title)


def words(nodes: Iterable[tree.Node]) -> Iterator[str]:
    """Every name in the nodes, in order; not those in prose."""
    pending: list[object] = [*nodes]
    pending.reverse()
    while pending:
        node = pending.pop()
        match node:
            case tree.Name(text=text) | tree.NameReference(text=text):
                yield text
            case tree.PeriodLiteral(amount=None, word=word):
                yield word
            case tuple():
                pending.extend(reversed(node))
            case tree.Node() if not isinstance(node, tree.ProseText):
                pending.extend(getattr(node, each.name) for each in reversed(fields(node)))
            case _:
                pass


def _from_title(title: tree.String) -> str:
    return re.sub(r"\W+", "_", title.text).strip("_").lower()
