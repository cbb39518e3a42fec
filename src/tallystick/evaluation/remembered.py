"""What an evaluation keeps about the files that it counted, for the next one: see `facts/settled.py`.

Of each segment of files the aggregates by strip, window and group, which can be added to those of others; what
percentiles came to in each window, which holds as long as no other file has a row in it; and how many findings each rule
has of each verdict in each closed window, in batches of which the large ones are seldom written again. An index, written
last, names the batches by their digests: one that is damaged or missing is as if it had never been kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.evaluation.windows import Stretch
from tallystick.facts.settled import digest, read_sealed, write_sealed
from tallystick.facts.tables import Part
from tallystick.resources import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

_SAID = b"said"
_ROWS = 16_384
"""So many rows of aggregates, sorted by window, lie together: a few windows are read without the others."""
_VERDICTS = 5
_NAME = re.compile(r"[0-9a-f]{24}")
_COUNTED = {"rule": "int32", "starts": "int64", "ends": "int64", "verdict": "int8", "many": "int64"}


@dataclass(frozen=True)
class Batch:
    """How many findings rules have in some closed windows: columns `rule` (its place among those counted together),
    `starts` and `ends` of the window, `verdict`, `many`. `name` is its digest if it is kept as it stands."""

    counted: pa.Table
    name: str | None = None

    @cached_property
    def windows(self) -> frozenset[Stretch]:
        """Its windows."""
        return stretches(self.counted)

    def without(self, windows: Iterable[Stretch]) -> Batch:
        """The rest of it."""
        import pyarrow as pa
        from pyarrow import compute

        gone = [each.start for each in self.windows & {*windows}]
        if not gone:
            return self
        here = compute.is_in(self.counted["starts"], pa.array(gone, pa.int64()))
        return Batch(self.counted.filter(compute.invert(here)))


@dataclass(frozen=True)
class Closed:
    """What is kept of closed windows: of the rows of which files, in batches, and in which window (`starts`) each view
    has first seen each group."""

    files: frozenset[str] = frozenset()
    batches: tuple[Batch, ...] = ()
    firsts: pa.Table | None = None


@dataclass(frozen=True)
class Percentiles:
    """What percentiles came to, of the rows of some files, in the windows that start then."""

    files: frozenset[str]
    starts: frozenset[int]
    rows: pa.Table


@dataclass(frozen=True)
class Remembered:
    """What is kept in a folder for rules that are counted together; `said` is all that it depends on but the files,
    `asked` what verdicts depend on besides."""

    folder: Path
    said: tuple[object, ...]
    asked: Sequence[object] = field(default=())

    @cached_property
    def _key(self) -> str:
        return digest(repr(self.said))

    def _place(self, segment: str) -> Path:
        return self.folder / f"cells-{segment}-{self._key}.parquet"

    def cells(self, part: Part, starts: Sequence[int] | None = None) -> pa.Table | None:
        """The aggregates of a part, or those in the windows that start then; None where they are missing."""
        return _read(self._place(part.segment), starts)

    def joined(self, part: Part) -> pa.Table | None:
        """The aggregates of the segments that a part was made of, one after the other; None where some are missing."""
        import pyarrow as pa

        parts = [_read(self._place(segment)) for segment in part.of]
        found = [each for each in parts if each is not None]
        return pa.concat_tables(found) if part.of and len(found) == len(parts) else None

    def keep_cells(self, part: Part, cells: pa.Table) -> None:
        """Keeps the aggregates of a part, in place of those of the segments that it was made of."""
        _write(self._place(part.segment), cells)
        for segment in part.of:
            self._place(segment).unlink(missing_ok=True)

    # --- percentiles

    @cached_property
    def percentiles(self) -> Percentiles | None:
        """What percentiles came to, when the evaluation began."""
        rows = _read(self._percentiles)
        try:
            said = json.loads((rows.schema.metadata or {})[_SAID]) if rows is not None else {}
            return Percentiles(frozenset(said["files"]), frozenset(said["starts"]), rows)
        except (ValueError, KeyError, TypeError):
            return None

    def keep_percentiles(self, kept: Percentiles) -> None:
        """Keeps what percentiles came to."""
        said = json.dumps({"files": sorted(kept.files), "starts": sorted(kept.starts)})
        _write(self._percentiles, kept.rows.replace_schema_metadata({_SAID: said}))

    @property
    def _percentiles(self) -> Path:
        return self.folder / f"percentiles-{self._key}.parquet"

    # --- closed windows

    @cached_property
    def _closed(self) -> str:
        return f"closed-{digest(self._key, repr(self.asked))}"

    def closed(self) -> Closed:
        """What is kept of closed windows; nothing where the index is damaged or belongs to something else."""
        try:
            index = json.loads(read_sealed(self.folder / f"{self._closed}.json"))
            files, names = frozenset(index["files"]), [*dict.fromkeys(index["batches"])]
            firsts = index["firsts"]
        except (OSError, ValueError, KeyError, TypeError):
            return Closed()
        found = [(each, self._load(each)) for each in names]
        batches = [Batch(rows, each) for each, rows in found if rows is not None and self._is_counted(rows)]
        return Closed(files, tuple(batches), None if firsts is None else self._load(firsts))

    def keep_closed(self, files: frozenset[str], batches: Iterable[Batch], firsts: pa.Table | None) -> None:
        """Keeps what is known of closed windows, of the rows of these files."""
        kept = [each.name or self._store(each.counted) for each in _few(batches)]
        seen = None if firsts is None else self._store(firsts)
        said = {"files": sorted(files), "batches": kept, "firsts": seen}
        write_sealed(self.folder / f"{self._closed}.json", json.dumps(said).encode())
        standing = {self._batch(each) for each in (*kept, seen) if each is not None}
        for old in {*self.folder.glob(f"{self._closed}-*.parquet")} - standing:
            old.unlink(missing_ok=True)

    def _is_counted(self, rows: pa.Table) -> bool:
        """Whether it is how many findings these rules have."""
        from pyarrow import compute

        if {field.name: str(field.type) for field in rows.schema} != _COUNTED:
            return False
        ends = compute.min_max(rows["rule"]).as_py(), compute.min_max(rows["verdict"]).as_py()
        most = len(self.asked), _VERDICTS
        return not any(
            end["min"] is None or not 0 <= end["min"] <= end["max"] < top for end, top in zip(ends, most, strict=True)
        )

    def _batch(self, named: str) -> Path:
        return self.folder / f"{self._closed}-{named}.parquet"

    def _store(self, rows: pa.Table) -> str:
        """Writes rows under the digest of what is written; gives it."""
        from pyarrow import parquet

        written = BytesIO()
        parquet.write_table(rows, written, compression="zstd")
        named = sha256(written.getvalue()).hexdigest()[:24]
        if not self._batch(named).exists():
            write_whole(self._batch(named), lambda path: Path(path).write_bytes(written.getvalue()))
        return named

    def _load(self, named: object) -> pa.Table | None:
        """Rows under the digest of what was written; None where they are missing or something else."""
        import pyarrow as pa
        from pyarrow import parquet

        if not isinstance(named, str) or not _NAME.fullmatch(named):
            return None
        with suppress(OSError, pa.ArrowException):
            raw = self._batch(named).read_bytes()
            if sha256(raw).hexdigest().startswith(named):
                return parquet.read_table(BytesIO(raw))
        return None


def stretches(rows: pa.Table) -> frozenset[Stretch]:
    """The windows of rows with `starts` and `ends`."""
    pairs = rows.select(["starts", "ends"]).group_by(["starts", "ends"]).aggregate([])
    found = zip(*(pairs[column].to_pylist() for column in ("starts", "ends")), strict=True)
    return frozenset(Stretch(*each) for each in found if None not in each)


def _few(batches: Iterable[Batch]) -> list[Batch]:
    """Batches made into larger ones until each has at least twice the windows of the next."""
    import pyarrow as pa

    found: list[Batch] = []
    for batch in sorted((each for each in batches if len(each.counted)), key=lambda each: -len(each.windows)):
        last = batch
        while found and len(found[-1].windows) < 2 * len(last.windows):
            last = Batch(pa.concat_tables([found.pop().counted, last.counted]))
        found.append(last)
    return found


def _read(place: Path, starts: Sequence[int] | None = None) -> pa.Table | None:
    """A table that is kept, or its rows of the windows that start then; None where it is missing or damaged."""
    import pyarrow as pa
    from pyarrow import parquet

    wanted = None if starts is None else [("starts", "in", [*starts])]
    try:
        return parquet.read_table(pa.BufferReader(read_sealed(place)), filters=wanted)
    except (OSError, ValueError, pa.ArrowException):
        return None


def _write(place: Path, table: pa.Table) -> None:
    from pyarrow import parquet

    written = BytesIO()
    parquet.write_table(table, written, compression="zstd", row_group_size=_ROWS)
    write_sealed(place, written.getvalue())
