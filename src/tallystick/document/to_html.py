"""The document as one HTML page that needs nothing else: styles and fonts are in it.

A house style is a folder with `agreement.html` (Jinja2) and what that includes; `templates/classic` is the shipped
one. Templates run sandboxed and escape everything they print.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.loaders import split_template_path
from jinja2.sandbox import SandboxedEnvironment

from tallystick.document.document import Document, Letterhead
from tallystick.prose.quantity import date_text
from tallystick.resources import resource


def to_html(document: Document, tally: str, style: Path | None = None) -> str:
    """The page. `tally` is the digest in hexadecimal, printed on it; `style` a folder, by default the classic one.

    The same page is read on a screen and laid out for paper. Raises jinja2.TemplateError for a broken style.
    """
    folder = style or resource("templates", "classic")
    page = environment(folder).get_template(
        "paper.html" if isinstance(document.cover, Letterhead) else "agreement.html"
    )
    return page.render(document=document, tally=tally, short_tally=short_tally(tally))


def stamp_html(who: str, at: datetime, width: float, height: float) -> str:
    """A page of `width` by `height` points that says who signed, and when (UTC)."""
    page = environment(resource("templates", "classic")).get_template("stamp.html")
    day, time = date_text(at.date()), f"{at:%H:%M:%S}"
    return page.render(who=who, day=day, time=time, width=f"{width:.3f}", height=f"{height:.3f}")


def short_tally(tally: str) -> str:
    """The first sixteen digits in groups of four: enough to compare by eye."""
    return " ".join(tally[start : start + 4] for start in range(0, 16, 4))


def environment(folder: Path) -> SandboxedEnvironment:
    """Templates of a folder: sandboxed, escaping everything they print, and with nothing undefined."""
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_tied,
    )
    environment.filters["type"] = lambda value: type(value).__name__
    environment.globals["asset"] = lambda name: _data_address(folder, name)
    return environment


_UNITS = "milli|second|minute|hour|day|week|month|quarter|year|byte|kilo|mega|giga|tera|time|sample|breach"
_TIES = re.compile(rf"(?<=\b[A-Z]{{3}}) (?=\d)|(?<=\d) (?=(?:{_UNITS}))")


def _tied(value: Any) -> Any:
    """A number stays on the line of its currency or unit."""
    return _TIES.sub("\u00a0", value) if type(value) is str else value


_MEDIA = {".woff2": "font/woff2", ".svg": "image/svg+xml"}


def _data_address(folder: Path, name: str) -> str:
    """A font or drawing of the style as an address that holds it. Names that leave the folder are refused."""
    path = folder.joinpath(*split_template_path(name))
    return f"data:{_MEDIA[path.suffix]};base64,{b64encode(path.read_bytes()).decode('ascii')}"
