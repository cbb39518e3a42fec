"""Bindings from `tally.toml`, and from the names of files for the sources that it does not mention."""

from __future__ import annotations

import glob
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import available_timezones

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tallystick.facts.binding import (
    Bindings,
    Cell,
    DataFile,
    Defaults,
    EventSection,
    Format,
    MetricSection,
    NumberCell,
    RecordSection,
    Section,
    Table,
)
from tallystick.facts.declared import Source, Sources, derived_of, sources_of, units
from tallystick.facts.problem import Problem, suggestion
from tallystick.facts.sql import EPOCHS, ISO, strptime_fault
from tallystick.facts.units import factor, source_units
from tallystick.rules.measure import SeriesKind
from tallystick.rules.rulebook import MetricData, Rulebook

FILE = "tally.toml"
SUFFIXES = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
}
"""Formats by the end of a file's name; CSV and JSON lines may also end in `.gz`."""

SourceSections = MetricSection | EventSection | RecordSection
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
_SECTIONS: dict[SeriesKind, type[SourceSections]] = {
    SeriesKind.METRIC: MetricSection,
    SeriesKind.EVENT: EventSection,
    SeriesKind.RECORD: RecordSection,
}

_S = TypeVar("_S", bound=Section)


def bind(rulebook: Rulebook, folder: Path) -> tuple[Bindings, tuple[Problem, ...]]:
    """What `tally.toml` in the folder binds to the metrics, events and records of the rulebook.

    A source that it does not mention is bound to the file `<id>.csv` (or another known suffix) where there is one.
    With any problem the bindings are incomplete: show the problems, do not load.
    """
    if not folder.is_dir():
        return Bindings(folder=folder), (Problem(str(folder), "there is no such folder.", None),)
    sources = sources_of(rulebook)
    problems = _same_names(sources)
    document = _document(folder / FILE, problems)
    defaults = _defaults(document.pop("defaults", {}), problems)
    problems += _of_derived(document, derived_of(rulebook))
    sections = list(_sections(document, sources, problems))
    place = _Folder(folder)
    tables = [_section_table(place, sources, defaults, *section, problems) for section in sections]
    mentioned = {(kind, name) for kind, name, _, _ in sections}
    tables += [
        _named_table(place, source, kind, defaults, problems)
        for (kind, _), source in sources.items()
        if (kind, source.id) not in mentioned
    ]
    bound = tuple(table for table in tables if table is not None)
    unused = _unused(place, bound)
    problems += _files_of_derived(unused, derived_of(rulebook))
    return Bindings(folder=folder, tables=bound, unused=unused), tuple(problems)


def _same_names(sources: Sources) -> list[Problem]:
    """Names that differ by capitals only, which the tables of the database cannot tell apart."""
    groups = [(kind.value, [name for other, name in sources if other is kind]) for kind in SeriesKind]
    groups += [("dimension", list(source.dimensions)) for source in sources.values()]
    groups += [("attribute", list(units(source))) for source in sources.values()]
    return [
        Problem("the agreement", f"two {what}s are called `{name}` but for capitals.", "Rename one.")
        for what, names in groups
        for name in sorted(names)
        if name != name.lower() and [each.lower() for each in names].count(name.lower()) > 1
    ]


# --- derived data ----------------------------------------------------------------------------------------------


def _of_derived(document: dict[str, Any], derived: frozenset[tuple[SeriesKind, str]]) -> list[Problem]:
    """Sections for what the agreement derives itself; they are taken out of the document."""
    problems = []
    for kind, name in sorted(derived):
        named = document.get(kind.value)
        if isinstance(named, dict) and name in named:
            del named[name]
            problems.append(_derived_problem(f"{FILE}, [{kind.value}.{name}]", kind, name))
    return problems


def _files_of_derived(unused: Iterable[str], derived: frozenset[tuple[SeriesKind, str]]) -> list[Problem]:
    """Files called like what the agreement derives itself, which nothing else reads."""
    kinds = {name: kind for kind, name in derived}
    names = ((file, file.split(".", 1)[0]) for file in unused)
    return [_derived_problem(file, kinds[name], name) for file, name in names if name in kinds]


def _derived_problem(place: str, kind: SeriesKind, name: str) -> Problem:
    says = f"the agreement derives the {kind.value} `{name}` from other data: it takes no table."
    return Problem(place, says, "Remove it, and give the data that it is derived from.")


# --- tally.toml ------------------------------------------------------------------------------------------------


def _document(path: Path, problems: list[Problem]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        # Numbers stay as they are written, so that `0.1` is exactly that.
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"), parse_float=str)
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(FILE, f"this is not TOML: {error}."))
    except UnicodeDecodeError:
        problems.append(Problem(FILE, "the file is not UTF-8.", "Save it as UTF-8."))
    except RecursionError:
        problems.append(Problem(FILE, "the values are nested too deeply."))
    except OSError as error:
        problems.append(Problem(FILE, f"the file cannot be read ({error.strerror})."))
    return {}


def _defaults(given: object, problems: list[Problem]) -> dict[str, Any]:
    place = f"{FILE}, [defaults]"
    if not isinstance(given, dict):
        problems.append(Problem(FILE, "`defaults` is a section.", "Write [defaults] on a line of its own."))
        return {}
    section = _validated(Defaults, given, place, problems)
    return given if section is not None and _times_are_known(section, place, problems) else {}


def _sections(
    document: dict[str, Any], sources: Sources, problems: list[Problem]
) -> Iterable[tuple[SeriesKind, str, str, dict[str, Any]]]:
    """Kind, name, place and content of every section that names a source."""
    kinds = [kind.value for kind in SeriesKind]
    for kind, named in document.items():
        if kind not in kinds:
            problems.append(
                Problem(FILE, f"there is no section `{kind}`.", suggestion(kind, [*kinds, "defaults"], "sections"))
            )
        elif not isinstance(named, dict):
            problems.append(Problem(FILE, f"`{kind}` is not a section.", f"Write [{kind}.NAME] on a line of its own."))
        else:
            for name, content in named.items():
                yield from _named_sections(SeriesKind(kind), name, content, sources, problems)


def _named_sections(
    kind: SeriesKind, name: str, content: object, sources: Sources, problems: list[Problem]
) -> Iterable[tuple[SeriesKind, str, str, dict[str, Any]]]:
    place = f"{FILE}, [{kind.value}.{name}]"
    contents = content if isinstance(content, list) else [content]
    if (kind, name) not in sources:
        problems.append(
            Problem(place, f"the agreement has no {kind.value} `{name}`.", _other_name(kind, name, sources))
        )
    elif not all(isinstance(each, dict) for each in contents):
        problems.append(Problem(place, "this is not a section.", f"Write [{kind.value}.{name}] on a line of its own."))
    else:
        numbered = len(contents) > 1
        for number, each in enumerate(contents, 1):
            yield kind, name, f"{place}, table {number}" if numbered else place, each


def _other_name(kind: SeriesKind, name: str, sources: Sources) -> str:
    for other, known in sources:
        if known == name:
            return f"It is {'an' if other is SeriesKind.EVENT else 'a'} {other.value}: write [{other.value}.{name}]."
    return suggestion(name, [known for other, known in sources if other is kind], f"{kind.value}s")


def _validated(model: type[_S], given: object, place: str, problems: list[Problem]) -> _S | None:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        problems += [_problem(model, place, each) for each in error.errors()]
        return None


def _problem(model: type[Section], place: str, error: ErrorDetails) -> Problem:
    """A validation error in the words of `tally.toml`."""
    key = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "extra_forbidden" if len(error["loc"]) == 1:
            return Problem(place, f"there is no key `{key}`.", suggestion(key, model.model_fields, "keys"))
        case "extra_forbidden":
            known = [name for name in NumberCell.model_fields if name != "unit" or error["loc"][0] == "attributes"]
            return Problem(place, f"there is no key `{key}`.", suggestion(str(error["loc"][-1]), known, "keys"))
        case "value_error":
            says = error["msg"].removeprefix("Value error, ")
            return Problem(place, f"{f'`{key}`: ' if key else ''}{says}.")
        case "string_pattern_mismatch":
            return Problem(place, f'`{key}` is one character, such as ";" or "\\t".')
        case "enum" | "literal_error":
            return Problem(place, f"`{key}` cannot be that.", f"Write one of {error.get('ctx', {}).get('expected')}.")
        case _:
            return Problem(place, f"`{key}` cannot be that: {error['msg'].lower()}.")


def _times_are_known(section: Section, place: str, problems: list[Problem]) -> bool:
    """Whether the time format and the timezone exist."""
    before = len(problems)
    if section.timezone is not None and section.timezone not in available_timezones():
        known = suggestion(section.timezone, available_timezones(), "zones")
        instead = known if known.startswith("Did") else 'Write a name such as "UTC" or "America/New_York".'
        problems.append(Problem(place, f"there is no timezone `{section.timezone}`.", instead))
    if "%" in section.time_format:
        fault = strptime_fault(section.time_format)
        if fault:
            problems.append(
                Problem(place, f"`time_format` cannot be read: {fault}.", 'Write such as "%d-%m-%Y %H:%M".')
            )
    elif section.time_format not in (ISO, *EPOCHS):
        instead = suggestion(section.time_format, (ISO, *EPOCHS), "formats") + ' Or write one such as "%d-%m-%Y %H:%M".'
        problems.append(Problem(place, f"there is no time format `{section.time_format}`.", instead))
    return len(problems) == before


# --- tables ----------------------------------------------------------------------------------------------------


def _section_table(
    folder: _Folder,
    sources: Sources,
    defaults: dict[str, Any],
    kind: SeriesKind,
    name: str,
    place: str,
    content: dict[str, Any],
    problems: list[Problem],
) -> Table | None:
    source = sources[(kind, name)]
    merged = _with_defaults(kind, source, defaults, content)
    section = _validated(_SECTIONS[kind], merged, place, problems)
    if section is None or not _times_are_known(section, place, problems):
        return None
    if section.table is not None and section.file is not None:
        problems.append(Problem(place, "`file` and `table` do not go together: the data is in one of them."))
    files: tuple[DataFile, ...] = ()
    if section.file:
        files = _files(folder, section, place, problems)
    elif section.table is None:
        files = _files_named(folder, name, section, place, problems)
    if not files and section.table is None and not any(problem.where == place for problem in problems):
        problems.append(Problem(place, "no file is given.", f'Write file = "…", or name the file {name}.csv.'))
    return _resolved(kind, source, section, place, files, problems)


def _with_defaults(
    kind: SeriesKind, source: Source, defaults: dict[str, Any], content: dict[str, Any]
) -> dict[str, Any]:
    """The section over the defaults that make sense for it."""
    from_checks = kind is not SeriesKind.RECORD or "state" in content
    usual = {key: value for key, value in defaults.items() if key != "time" or from_checks}
    if {"file", "table"} & content.keys():
        usual = {key: value for key, value in usual.items() if key not in ("file", "table")}
    dimensions = {key: cell for key, cell in usual.pop("dimensions", {}).items() if key in source.dimensions}
    own = content.get("dimensions", {})
    return {**usual, **content, "dimensions": {**dimensions, **own} if isinstance(own, dict) else own}


def _named_table(
    folder: _Folder, source: Source, kind: SeriesKind, defaults: dict[str, Any], problems: list[Problem]
) -> Table | None:
    """The table of a file that has the name of the source, if there is one."""
    usual = {key: value for key, value in defaults.items() if key not in ("file", "table")}
    section = _SECTIONS[kind].model_validate(_with_defaults(kind, source, usual, {}))
    place = f"{kind.value} {source.id}"
    files = _files_named(folder, source.id, section, place, problems)
    return _resolved(kind, source, section, files[0].name, files, problems) if files else None


def _resolved(
    kind: SeriesKind,
    source: Source,
    section: SourceSections,
    place: str,
    files: tuple[DataFile, ...],
    problems: list[Problem],
) -> Table | None:
    """The table with a cell for every dimension and attribute, checked against the agreement."""
    before = len(problems)
    table = Table(
        kind=kind,
        name=source.id,
        place=place,
        files=files,
        catalog=section.table or "",
        delimiter=section.delimiter,
        time_format=section.time_format,
        timezone=section.timezone,
        begin=_begin(section),
        end=_end(section),
        value=_value(section),
        dimensions={**{name: Cell(column=name) for name in source.dimensions}, **section.dimensions},
        attributes=_attributes(source, section),
        where=section.where,
        distinct=section.distinct,
        keep=section.keep,
        state=section.state if isinstance(section, RecordSection) else None,
        open=section.open if isinstance(section, RecordSection) else (),
    )
    problems += [*_unknown_fields(table, source, place), *_unit_problems(table, source, place)]
    naive_format = "%" in section.time_format and "%z" not in section.time_format.replace("%%", "")
    if naive_format and section.timezone is None:
        problems.append(
            Problem(place, "the times have no offset.", 'Write timezone = "UTC", or the zone that they are in.')
        )
    return table if len(problems) == before else None


def _begin(section: SourceSections) -> Cell:
    if isinstance(section, RecordSection):
        return section.time or Cell(column="time") if section.state else section.begin or Cell(column="begin")
    return section.time


def _end(section: SourceSections) -> Cell | None:
    return section.end or Cell(column="end") if isinstance(section, RecordSection) and not section.state else None


def _value(section: SourceSections) -> NumberCell | None:
    if not isinstance(section, MetricSection):
        return None
    return NumberCell(**section.value.model_dump(), unit=section.unit)


def _attributes(source: Source, section: SourceSections) -> dict[str, NumberCell]:
    """Attributes by their columns. A record from states has none of its own unless they are bound."""
    if isinstance(source, MetricData) or isinstance(section, MetricSection):
        return {}
    return {**{each.name: NumberCell(column=each.name) for each in source.attributes}, **section.attributes}


def _unknown_fields(table: Table, source: Source, place: str) -> list[Problem]:
    attributes = () if isinstance(source, MetricData) else tuple(each.name for each in source.attributes)
    return [
        Problem(place, f"{table.kind.value} `{source.id}` has no {what} `{name}`.", suggestion(name, known, f"{what}s"))
        for what, given, known in (
            ("dimension", table.dimensions, source.dimensions),
            ("attribute", table.attributes, attributes),
        )
        for name in given
        if name not in known
    ]


def _unit_problems(table: Table, source: Source, place: str) -> list[Problem]:
    declared = units(source)
    cells = {**table.attributes, **({"value": table.value} if table.value else {})}
    return [
        Problem(
            place,
            f"`{name}` is in {declared[name]}, which {cell.unit} does not convert to.",
            suggestion(cell.unit, source_units(declared[name]), "units"),
        )
        for name, cell in cells.items()
        if name in declared and cell.unit is not None and factor(cell.unit, declared[name]) is None
    ]


# --- files -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Folder:
    """The folder of the data. What is in it is looked up once: two hundred sections may name the same thousand files."""

    path: Path
    _named: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _files: dict[tuple[tuple[str, ...], Format | None], tuple[DataFile, ...]] = field(default_factory=dict)

    @cached_property
    def data_files(self) -> list[str]:
        """Names of the files in the folder that could be data."""
        return sorted(path.name for path in self.path.iterdir() if path.is_file() and _format(path.name) is not None)

    def named(self, wanted: str) -> tuple[str, ...]:
        """The file of that name, or all that a pattern finds, in order of name. Raises OSError."""
        if wanted not in self._named:
            one = (self.path / wanted).is_file()
            # Not `Path.glob`, which refuses patterns that begin outside of the folder.
            matches = [wanted] if one else glob.glob(wanted, root_dir=self.path, recursive=True)  # noqa: PTH207
            found = sorted(Path(name).as_posix() for name in matches if (self.path / name).is_file())
            self._named[wanted] = tuple(found)
        return self._named[wanted]

    def files(self, names: Sequence[str], given: Format | None) -> tuple[DataFile, ...]:
        """Files of a format, or of that which their names say; those that say none are left out."""
        key = (tuple(names), given)
        if key not in self._files:
            known = ((name, given or _format(name)) for name in names)
            self._files[key] = tuple(
                DataFile(path=(self.path / name).absolute(), name=name, format=written)
                for name, written in known
                if written is not None
            )
        return self._files[key]


def _files(folder: _Folder, section: Section, place: str, problems: list[Problem]) -> tuple[DataFile, ...]:
    """The files that `file` names: one, or all that a pattern with `*`, `?` or `[…]` finds, in order of name."""
    wanted = section.file or ""
    if _URL.match(wanted):
        problems.append(
            Problem(place, f"`{wanted}` is an address, and data is read from files only.", "Download it first.")
        )
        return ()
    try:
        found = folder.named(wanted)
    except OSError as error:
        problems.append(Problem(place, f"the file `{wanted[:60]}` cannot be read ({error.strerror})."))
        return ()
    if not found:
        there = suggestion(wanted, folder.data_files, "data files in the folder")
        problems.append(Problem(place, f"there is no file `{wanted}`.", there))
    return _with_formats(folder, found, section, place, problems)


def _files_named(
    folder: _Folder, name: str, section: Section, place: str, problems: list[Problem]
) -> tuple[DataFile, ...]:
    """The one file in the folder that is called like the source."""
    found = [file for file in folder.data_files if file.split(".", 1)[0] == name]
    if len(found) > 1:
        says = f"{' and '.join(f'`{file}`' for file in found)} could both be its data."
        problems.append(Problem(place, says, f'Say which in {FILE}: file = "{found[0]}".'))
        return ()
    return _with_formats(folder, found, section, place, problems)


def _with_formats(
    folder: _Folder, names: Sequence[str], section: Section, place: str, problems: list[Problem]
) -> tuple[DataFile, ...]:
    files = folder.files(names, section.format)
    for name in names if len(files) < len(names) else ():
        if _format(name) is None:
            says = f"the name `{name}` does not say how the file is written."
            problems.append(Problem(place, says, 'Write format = "csv", "parquet" or "json lines".'))
    return files


def _format(name: str) -> Format | None:
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    packed = suffixes[-1:] == [".gz"]
    known = SUFFIXES.get("".join(suffixes[-2:-1] if packed else suffixes[-1:]))
    return None if packed and known is Format.PARQUET else known


def _unused(folder: _Folder, tables: Iterable[Table]) -> tuple[str, ...]:
    if not folder.data_files:
        return ()
    used = {path.resolve() for path in {file.path for table in tables for file in table.files}}
    return tuple(name for name in folder.data_files if (folder.path / name).resolve() not in used)
