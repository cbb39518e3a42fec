"""The redline as one HTML page that needs nothing else: struck words crossed out, new ones underlined."""

from __future__ import annotations

from pathlib import Path

from tallystick.document.to_html import environment
from tallystick.redline.redline import Redline, changed_places
from tallystick.resources import resource


def to_html(redline: Redline, style: Path | None = None) -> str:
    """The page, with a list of what changed before the text. A `style` without a `redline.html` uses the classic one.

    Raises jinja2.TemplateError for a broken style.
    """
    folder = style if style and (style / "redline.html").is_file() else resource("templates", "classic")
    page = environment(folder).get_template("redline.html")
    return page.render(redline=redline, places=changed_places(redline))
