"""Where the files that are not Python live: the grammar, the house styles, the pages of the diagnostics.

In a checkout (also an editable install) they stand at the top level; a wheel carries them in `_resources`. The
checkout wins where there is one, so that no stale copy can shadow it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def resource(*parts: str) -> Path:
    """The path of a shipped file or folder, e.g. `resource("grammar", "tallystick.lark")`.

    Raises FileNotFoundError when it is in neither place: the installation is broken.
    """
    for root in (_CHECKOUT, _PACKAGE / "_resources"):
        path = root.joinpath(*parts)
        if (root / "grammar").is_dir() and path.exists():
            return path
    raise FileNotFoundError("/".join(parts))


def cache_folder() -> Path | None:
    """Where what takes long to make is kept (XDG Base Directory Specification); None where that is no folder of one's own."""
    if os.environ.get("TALLY_NO_CACHE"):
        return None
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        path = Path(base) / "tallystick"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = path.stat()
    except (OSError, RuntimeError):
        return None
    own = not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o022)
    return path if own and path.is_dir() else None


def digest_of(parts: Iterable[bytes]) -> str:
    """A digest of parts with their lengths, so that no two lists of them are read as the same bytes."""
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()


def write_whole(place: Path, write: Callable[[str], object]) -> None:
    """Writes a file under another name first, so that nobody ever reads a part of it."""
    handle, part = tempfile.mkstemp(dir=place.parent, suffix=".part")
    os.close(handle)
    try:
        write(part)
        Path(part).replace(place)
    finally:
        with suppress(FileNotFoundError):
            Path(part).unlink()
