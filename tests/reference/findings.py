"""What the reference evaluator hands back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

Texts = tuple[str | None, ...]


@dataclass(frozen=True)
class Finding:
    """The judgement of a rule on a group (its texts, as `per` has them) in `[start, end)`; `value` in base units.

    `performed` is when that which was late was done, or a record that was the occasion ended; `numbers` are
    those of the row that it is about, or that a duty goes back to; `interval` the ends of the confidence interval,
    in base units; `limit` the threshold of what is measured against one, in base units. `for_want`: the rule had no case
    to judge.
    """

    rule: str
    clause: str
    verdict: str
    group: Texts
    start: int
    end: int
    value: Fraction | None = None
    samples: int = 0
    decided: int | None = None
    about: tuple[tuple[str, str], ...] = ()
    performed: int | None = None
    interval: tuple[Fraction, Fraction] | None = None
    numbers: tuple[tuple[str, Decimal], ...] = ()
    limit: Fraction | None = None
    for_want: bool = False
