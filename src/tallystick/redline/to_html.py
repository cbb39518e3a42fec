"""The redline as one HTML page that needs nothing else: struck words crossed out, new ones underlined."""

from __future__ import annotations

from tallystick.document.apart import apart
from tallystick.document.house_style import CLASSIC, HouseStyle
from tallystick.document.to_html import environment, guarded
from tallystick.redline.redline import Redline, changed_places


def to_html(redline: Redline, style: HouseStyle = CLASSIC) -> str:
    """The page, with a list of what changed before the text. Raises StyleRefused."""
    return apart(_guarded_page, redline, style) if style.own else page_of(redline, style)


def page_of(redline: Redline, style: HouseStyle) -> str:
    """The page, made in this process."""
    return (
        environment(style)
        .get_template("redline.html")
        .render(redline=redline, places=changed_places(redline), style=style)
    )


def _guarded_page(redline: Redline, style: HouseStyle) -> str:
    return guarded(page_of(redline, style))
