"""The redline as one HTML page that needs nothing else: struck words crossed out, new ones underlined."""

from __future__ import annotations

from tallystick.document.apart import apart
from tallystick.document.house_style import CLASSIC, HouseStyle
from tallystick.document.to_html import environment, guarded
from tallystick.redline.redline import Redline, changed_places


def to_html(redline: Redline, style: HouseStyle = CLASSIC) -> str:
    """The page, with a list of what changed before the text. Raises StyleRefused."""
    return apart(_guarded_page, redline, style) if style.own else _page(redline, style)


def _page(redline: Redline, style: HouseStyle) -> str:
    return environment(style).get_template("redline.html").render(redline=redline, places=changed_places(redline))


def _guarded_page(redline: Redline, style: HouseStyle) -> str:
    return guarded(_page(redline, style))
