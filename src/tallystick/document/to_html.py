"""The document as one HTML page that needs nothing else: styles and fonts are in it.

The page is the template `agreement.html` of the house style, with what that includes. Templates run sandboxed and escape
everything they print; a page that a style of somebody's own makes is looked through before it is used.
"""

from __future__ import annotations

import re
from base64 import b64encode
from calendar import month_name
from datetime import datetime
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from jinja2.sandbox import SandboxedEnvironment

from tallystick.document.apart import apart
from tallystick.document.document import Document, Letterhead
from tallystick.document.house_style import CLASSIC, HouseStyle, NotInStyle, StyleRefused
from tallystick.prose.quantity import date_text


def to_html(document: Document, tally: str, style: HouseStyle = CLASSIC) -> str:
    """The page. `tally` is the digest in hexadecimal, printed on it.

    The same page is read on a screen and laid out for paper. Raises StyleRefused for a style that is broken or reaches out.
    """
    return apart(_guarded_page, document, tally, style) if style.own else page_of(document, tally, style)


def page_of(document: Document, tally: str, style: HouseStyle) -> str:
    """The page, made in this process: for shipped styles, and for a process of its own."""
    name = "paper.html" if isinstance(document.cover, Letterhead) else "agreement.html"
    page = environment(style).get_template(name)
    return page.render(document=document, tally=tally, short_tally=short_tally(tally), style=style)


def _guarded_page(document: Document, tally: str, style: HouseStyle) -> str:
    return guarded(page_of(document, tally, style))


def stamp_html(who: str, at: datetime, width: float, height: float) -> str:
    """A page of `width` by `height` points that says who signed, and when (UTC)."""
    page = environment(CLASSIC).get_template("stamp.html")
    day, time = date_text(at.date()), f"{at:%H:%M:%S}"
    return page.render(who=who, day=day, time=time, width=f"{width:.3f}", height=f"{height:.3f}")


def short_tally(tally: str) -> str:
    """The first sixteen digits in groups of four: enough to compare by eye."""
    return " ".join(tally[start : start + 4] for start in range(0, 16, 4))


class _Templates(BaseLoader):
    """Templates of a style, for Jinja2."""

    def __init__(self, style: HouseStyle) -> None:
        self.style = style

    def get_source(self, environment: Environment, template: str) -> tuple[str, None, None]:  # noqa: ARG002 - as Jinja2 calls it
        try:
            return self.style.read(template).decode(), None, None
        except NotInStyle:
            raise TemplateNotFound(template) from None
        except UnicodeDecodeError:
            raise StyleRefused(f"{template} of the house style is not text in UTF-8.") from None


def environment(style: HouseStyle) -> SandboxedEnvironment:
    """Templates of a style: sandboxed, escaping everything they print, and with nothing undefined."""
    environment = SandboxedEnvironment(
        loader=_Templates(style),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_tied,
    )
    environment.filters["type"] = lambda value: type(value).__name__
    environment.globals["asset"] = lambda name: _data_address(style, name)
    return environment


_UNITS = "milli|second|minute|hour|day|week|month|quarter|year|byte|kilo|mega|giga|tera|time|sample|breach"
_MONTHS = "|".join(month_name[1:])
_TIES = re.compile(
    rf"(?<=\b[A-Z]{{3}}) (?=\d)|(?<=\d) (?=(?:{_UNITS}))|(?<=\b\d) (?=(?:{_MONTHS}) \d)|(?<=\b\d\d) (?=(?:{_MONTHS}) \d)"
)


def _tied(value: Any) -> Any:
    """A number stays on the line of its currency or unit, a day on that of its month."""
    return _TIES.sub("\u00a0", value) if type(value) is str else value


_MEDIA = {".woff2": "font/woff2", ".svg": "image/svg+xml"}


def _data_address(style: HouseStyle, name: str) -> str:
    """A font or drawing of the style as an address that holds it. Raises NotInStyle for any other file."""
    media = _MEDIA.get(PurePosixPath(name).suffix)
    if media is None:
        raise NotInStyle(name)
    return f"data:{media};base64,{b64encode(style.read(name)).decode('ascii')}"


# --- pages that a style of somebody's own made -----------------------------------------------------------------

_POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "font-src data:; img-src data:; form-action 'none'; base-uri 'none'\">"
)
_HEAD = re.compile(r"\A\s*<!DOCTYPE html>\s*<html[^<>]*>\s*<head>", re.IGNORECASE)
_HARMLESS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "footer",
        "nav",
        "main",
        "section",
        "article",
        "aside",
        "div",
        "span",
        "p",
        "br",
        "hr",
        "wbr",
        "a",
        "em",
        "strong",
        "b",
        "i",
        "u",
        "s",
        "small",
        "sub",
        "sup",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "colgroup",
        "col",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "figure",
        "figcaption",
        "blockquote",
        "q",
        "cite",
        "abbr",
        "dfn",
        "code",
        "address",
        "img",
        "input",
        "ins",
        "del",
        "mark",
        "time",
    ]
)


def guarded(page: str) -> str:
    """The page with a policy that lets a browser load nothing. Raises StyleRefused for one that does more than show text:
    that has an element, an address or an attribute which could run or fetch something."""
    if not _HEAD.match(page):
        raise StyleRefused("agreement.html of the house style must begin with <!DOCTYPE html>, <html> and <head>.")
    looking = _Looking()
    looking.feed(page)
    looking.close()
    return _HEAD.sub(lambda found: found[0] + _POLICY, page, count=1)


class _Looking(HTMLParser):
    """Goes through a page and stops at the first thing that is not text and layout."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _HARMLESS:
            raise StyleRefused(f"The house style may not use the element <{tag}>.")
        for name, value in attrs:
            words = (value or "").strip()
            if name.startswith("on") or name in ("srcset", "formaction", "ping", "background", "srcdoc"):
                raise StyleRefused(f"The house style may not use the attribute {name}.")
            if name == "href" and not words.startswith("#"):
                raise StyleRefused(f"The house style may link to places of the paper only, not to {words[:60]}.")
            if name == "src" and not words.startswith("data:image/"):
                raise StyleRefused(f"The house style may show its own drawings only, not {words[:60]}.")
            if name == "http-equiv" and words.casefold() != "content-security-policy":
                raise StyleRefused(f"The house style may not use http-equiv={words[:60]}.")
