"""Bindings: how foreign tables become metrics, events and records. Plain data.

`Section` and its heirs are what `tally.toml` says; a `Table` is the same resolved: its files found, every
dimension given a cell.
"""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from tallystick.quantities import Data
from tallystick.rules.measure import SeriesKind


class Format(StrEnum):
    """How the rows of a file are written."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON_LINES = "json lines"


def _text(given: object) -> object:
    """A number, truth value or date of TOML as the text that a file has for it."""
    match given:
        case bool():
            return str(given).lower()
        case int():
            return str(given)
        case date() | time():
            return given.isoformat()
        case str() if "\x00" in given:
            raise ValueError("a text cannot hold a NUL character")
        case _:
            return given


def _texts(given: object) -> object:
    return given if isinstance(given, list | tuple) else [given]


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_texts)]


def _column(given: object) -> object:
    return {"column": given} if isinstance(given, str) else given


class Cell(Data):
    """Where the text of one field comes from: a column, or the same `value` in each row.

    `values` maps what the source says to what the agreement says (others pass as they are); `default` stands
    in for an empty cell.
    """

    column: Text | None = None
    value: Text | None = None
    values: dict[str, Text] = Field(default={})
    default: Text = ""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is None) == (self.value is None):
            raise ValueError('write the name of a column, or { column = "…" }, or { value = "…" }')
        return self


class NumberCell(Cell):
    """A cell that holds a number in `unit`; None is the unit that the agreement declares."""

    unit: str | None = None


CellGiven = Annotated[Cell, BeforeValidator(_column)]
NumberGiven = Annotated[NumberCell, BeforeValidator(_column)]


class Match(Data):
    """Which texts of a raw column a row may have: one of `values`, or none of them when `negated`."""

    values: Texts
    negated: bool = False


def _match(given: object) -> object:
    match given:
        case dict() if set(given) == {"not"}:
            return {"values": given["not"], "negated": True}
        case dict():
            raise ValueError('write "text", ["one", "other"] or { not = "text" }')
        case Match():
            return given
        case _:
            return {"values": given}


MatchGiven = Annotated[Match, BeforeValidator(_match)]


class Section(Data):
    """What every section of `tally.toml` can say."""

    file: Text | None = None
    table: Text | None = None
    format: Format | None = None
    delimiter: Annotated[str, Field(pattern=r'^[^\w\s".+\-]$|^\t$|^ $')] | None = None
    time_format: str = "ISO 8601"
    timezone: str | None = None
    dimensions: dict[str, CellGiven] = Field(default={})


class Defaults(Section):
    """`[defaults]`: what holds for all sections that do not say otherwise."""

    time: CellGiven | None = None


class SourceSection(Section):
    """What the section of a metric, event or record can say."""

    where: dict[str, MatchGiven] = Field(default={})
    distinct: Texts = ()
    keep: Literal["first", "last"] = "first"


class MetricSection(SourceSection):
    """`[metric.NAME]`."""

    time: CellGiven = Cell(column="time")
    value: CellGiven = Cell(column="value")
    unit: str | None = None


class EventSection(SourceSection):
    """`[event.NAME]`."""

    time: CellGiven = Cell(column="time")
    attributes: dict[str, NumberGiven] = Field(default={})


class RecordSection(SourceSection):
    """`[record.NAME]`: from `begin` to `end`, or, with `state`, from checks at `time`."""

    begin: CellGiven | None = None
    end: CellGiven | None = None
    time: CellGiven | None = None
    state: CellGiven | None = None
    open: Texts = ()
    attributes: dict[str, NumberGiven] = Field(default={})

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.state is None) != (not self.open):
            raise ValueError('`state` and `open` belong together, such as state = "status", open = ["down"]')
        if self.state is None and self.time is not None:
            raise ValueError("a record has `begin` and `end`, or `time`, `state` and `open`")
        if self.state is not None and (self.begin is not None or self.end is not None):
            raise ValueError("a record from states has `time`, not `begin` and `end`")
        if self.state is not None and self.distinct:
            raise ValueError("`distinct` does not go with `state`: each check counts")
        return self


class DataFile(Data):
    """A file of data under the name that messages show for it."""

    path: Path
    name: str
    format: Format


class Table(Data):
    """One table bound to one source: files, or one that Spark has in its `catalog`. `begin` is the time of a sample, an
    event or a check."""

    kind: SeriesKind
    name: str
    place: str
    files: tuple[DataFile, ...]
    catalog: str = ""
    delimiter: str | None = None
    time_format: str = "ISO 8601"
    timezone: str | None = None
    begin: Cell
    end: Cell | None = None
    value: NumberCell | None = None
    dimensions: dict[str, Cell] = Field(default={})
    attributes: dict[str, NumberCell] = Field(default={})
    where: dict[str, Match] = Field(default={})
    distinct: tuple[str, ...] = ()
    keep: Literal["first", "last"] = "first"
    state: Cell | None = None
    open: tuple[str, ...] = ()


class Bindings(Data):
    """All tables of one folder, and the data files in it that belong to nothing."""

    folder: Path
    tables: tuple[Table, ...] = ()
    unused: tuple[str, ...] = ()
