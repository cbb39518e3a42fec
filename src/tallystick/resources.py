"""Where the files that are not Python live: the grammar, the house styles, the pages of the diagnostics.

In a checkout (also an editable install) they stand at the top level; a wheel carries them in `_resources`. The
checkout wins where there is one, so that no stale copy can shadow it.
"""

from __future__ import annotations

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
