"""What an evaluation keeps about the files that it counted, for the next one: see `facts/settled.py`.

Of each segment of files the aggregates by strip, window and group, which can be added to those of others; and what
percentiles came to in each window, which holds as long as no other file has a row in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.facts.settled import digest
from tallystick.facts.tables import Part
from tallystick.resources import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

_FILES = b"files"


@dataclass(frozen=True)
class Remembered:
    """What is kept in a folder for rules that are counted together; `said` is all that it depends on but the files."""

    folder: Path
    said: tuple[object, ...]

    @cached_property
    def _key(self) -> str:
        return digest(repr(self.said))

    def _place(self, segment: str) -> Path:
        return self.folder / f"cells-{segment}-{self._key}.parquet"

    def cells(self, part: Part) -> pa.Table | None:
        """The aggregates of a part, or of the segments that it was made of; None where some are missing."""
        import pyarrow as pa

        own = _read(self._place(part.segment))
        if own is not None or not part.of:
            return own
        parts = [_read(self._place(segment)) for segment in part.of]
        found = [each for each in parts if each is not None]
        if len(found) < len(parts):
            return None
        joined = pa.concat_tables(found)
        self.keep_cells(part, joined)
        for segment in part.of:
            self._place(segment).unlink(missing_ok=True)
        return joined

    def keep_cells(self, part: Part, cells: pa.Table) -> None:
        """Keeps the aggregates of a part."""
        _write(self._place(part.segment), cells)

    def covered(self, files: frozenset[str]) -> frozenset[str]:
        """The files whose rows are in the percentiles that are kept; none where one of them is not among `files`."""
        kept = self.percentiles
        covered = frozenset(json.loads(kept.schema.metadata[_FILES])) if kept is not None else frozenset()
        return covered if covered <= files else frozenset()

    @cached_property
    def percentiles(self) -> pa.Table | None:
        """What percentiles came to, when the evaluation began."""
        return _read(self._percentiles)

    def keep_percentiles(self, files: frozenset[str], rows: pa.Table) -> None:
        """Keeps what percentiles came to, of the rows of these files."""
        _write(self._percentiles, rows.replace_schema_metadata({_FILES: json.dumps(sorted(files))}))

    @property
    def _percentiles(self) -> Path:
        return self.folder / f"percentiles-{self._key}.parquet"


def _read(place: Path) -> pa.Table | None:
    """A table that is kept; None where it is missing or damaged."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.read_table(place)
    except (OSError, pa.ArrowException):
        return None


def _write(place: Path, table: pa.Table) -> None:
    from pyarrow import parquet

    write_whole(place, lambda path: parquet.write_table(table, path, compression="zstd"))
