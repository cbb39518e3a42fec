"""What stops the reading of data, as data: a plain sentence, its place, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Problem:
    """A mistake in `tally.toml` or in a file. `where` is its place, such as `tally.toml, [metric.latency]`."""

    where: str
    says: str
    instead: str | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.says}" + (f" {self.instead}" if self.instead else "")


class DataError(Exception):
    """Raised by `load` when data cannot be read at all. `problems` has every reason; there is at least one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def suggestion(wrong: str, known: Iterable[str], what: str) -> str:
    """What to write instead of a name that is not known: the nearest one, else all of them.

    `what` is how the known names are called, such as `columns`.
    """
    names = sorted(set(known))
    near = get_close_matches(wrong.casefold(), [name.casefold() for name in names], n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{next(name for name in names if name.casefold() == near[0])}`?"
    return f"Known {what}: {', '.join(f'`{name}`' for name in names)}." if names else f"There are no {what}."
