"""House styles: how a paper looks and in which manner it is written, as a folder that a firm copies and changes.

A style is a folder with `style.toml` and files that replace those of the style it is based on: templates (Jinja2), CSS,
fonts, drawings, parts of a Word file. Files that are equal to those below are none of its own. A style is data that somebody
sends: its templates run sandboxed, and nothing but its own files can be read from it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tallystick.prose.manner import DateForm, Manner, NumberForm
from tallystick.resources import resource

SETTINGS = "style.toml"
CARRIED = "style/"
"""Under this folder the attachments of a paper hold its house style."""

_SUFFIXES = frozenset({".toml", ".html", ".css", ".xml", ".svg", ".woff2", ".txt"})
_MAXIMUM_FILES, _MAXIMUM_BYTES = 100, 8_000_000


class StyleRefused(Exception):
    """A house style that is not there, is not well formed, or reaches for what it may not; the message says which."""


class NotInStyle(LookupError):
    """A file that a style does not have."""


class Settings(BaseModel):
    """`style.toml`. What is not said there is as in the style that it is based on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: str = ""
    verb: Literal["shall", "must", "will"] = "shall"
    language: Literal["en", "en-GB", "en-US"] = "en"
    dates: DateForm | None = None
    numbers: NumberForm = NumberForm.COMMA
    paper: Literal["Letter", "Legal", "A4"] = "Letter"
    initials: bool = False
    anchors: bool = False


@dataclass(frozen=True)
class Paper:
    """A size of paper as CSS names it, with width and height in twentieths of a point, as Word counts."""

    css: str
    width: int
    height: int


_PAPERS = {
    "Letter": Paper("8.5in 11in", 12240, 15840),
    "Legal": Paper("8.5in 14in", 12240, 20160),
    "A4": Paper("210mm 297mm", 11906, 16838),
}


@dataclass(frozen=True)
class HouseStyle:
    """A style that can print. `shipped` names the shipped style under it; `own` are the files of a firm's own, which
    replace those of the shipped one; `given` is its `style.toml`, none for the classic style.
    """

    shipped: str
    settings: Settings
    given: bytes | None = None
    own: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def manner(self) -> Manner:
        """How words, dates and numbers are written."""
        usual = DateForm.MONTH_FIRST if self.settings.language == "en-US" else DateForm.DAY_FIRST
        return Manner(self.settings.verb, self.settings.dates or usual, self.settings.numbers, self.settings.language)

    @property
    def paper(self) -> Paper:
        """The size of the pages."""
        return _PAPERS[self.settings.paper]

    @property
    def carried(self) -> dict[str, bytes]:
        """The files that a paper carries so that it can be printed again: all that is not shipped."""
        settings = {} if self.given is None else {SETTINGS: self.given}
        return {f"{CARRIED}{name}": content for name, content in sorted((settings | dict(self.own)).items())}

    def read(self, name: str) -> bytes:
        """A file of the style. Raises NotInStyle for one that it does not have, or that would be outside of it."""
        if name in self.own:
            return self.own[name]
        if not _is_safe(name):
            raise NotInStyle(name)
        for folder in self._folders:
            path = folder.joinpath(*PurePosixPath(name).parts)
            if path.is_file():
                return path.read_bytes()
        raise NotInStyle(name)

    @cached_property
    def _folders(self) -> tuple[Path, ...]:
        return tuple(resource("templates", name) for name in _chain(self.shipped))


# --- where styles come from ------------------------------------------------------------------------------------


def shipped_styles() -> dict[str, Path]:
    """The shipped styles by name."""
    folder = resource("templates")
    return {path.parent.name: path.parent for path in sorted(folder.glob(f"*/{SETTINGS}"))}


def files_of(style: HouseStyle) -> dict[str, bytes]:
    """Every file of a shipped style by name, those of the styles under it with it."""
    found: dict[str, bytes] = {SETTINGS: _all_settings(style.shipped).encode()}
    for name in reversed(_chain(style.shipped)):
        files = _files(resource("templates", name))
        found |= {each: content for each, content in files.items() if each != SETTINGS}
    return found


def _all_settings(shipped: str) -> str:
    """A `style.toml` with every setting there is, as this shipped style has them, and what else they can be."""
    known = resource("templates", "classic", SETTINGS).read_text(encoding="utf-8")
    said = {key: value for key, value in _shipped_settings(shipped).items() if key != "base"}
    for key, value in said.items():
        known = re.sub(rf'^{key} = "[^"]*"', f'{key} = "{value}"', known, flags=re.MULTILINE)
    _, _, settings = known.partition("\n\n")
    return f'# A house style: how a paper looks and reads. These are all the settings there are.\n\nbase = "{shipped}"\n\n{settings}'


def house_style(name: str) -> HouseStyle:
    """The style of that name, or in that folder. Raises StyleRefused, and OSError for a folder that cannot be read."""
    if name in shipped_styles():
        return shipped_style(name)
    folder = Path(name)
    if not folder.is_dir():
        known = ", ".join(shipped_styles())
        raise StyleRefused(
            f"There is no house style “{name}”. Shipped are {known}; a folder with {SETTINGS} is another."
        )
    return from_files(_files(folder))


def shipped_style(name: str) -> HouseStyle:
    """A shipped style as it is. Raises StyleRefused."""
    if name not in shipped_styles():
        raise StyleRefused(f"There is no shipped house style “{name}”. There are: {', '.join(shipped_styles())}.")
    given = None if name == "classic" else f'base = "{name}"\n'.encode()
    return HouseStyle(name, _settings({}, name), given)


def from_carried(attachments: Mapping[str, bytes]) -> HouseStyle:
    """The style that a paper carries; the classic one where it carries none. Raises StyleRefused."""
    files = {name.removeprefix(CARRIED): content for name, content in attachments.items() if is_of_style(name)}
    return from_files(files) if files else CLASSIC


def is_of_style(name: str) -> bool:
    """Whether an attachment belongs to the house style. A source never does, whatever its folder is called."""
    return name.startswith(CARRIED) and not name.endswith(".msa")


def from_files(files: Mapping[str, bytes]) -> HouseStyle:
    """The style that these files make, by their names in its folder. Raises StyleRefused."""
    if SETTINGS not in files:
        raise StyleRefused(f"A house style needs a file {SETTINGS}; it may be empty.")
    if len(files) > _MAXIMUM_FILES or sum(len(content) for content in files.values()) > _MAXIMUM_BYTES:
        raise StyleRefused(f"A house style has at most {_MAXIMUM_FILES} files and {_MAXIMUM_BYTES:,} bytes.")
    for name in files:
        if not _is_safe(name) or PurePosixPath(name).suffix not in _SUFFIXES:
            allowed = ", ".join(sorted(_SUFFIXES))
            raise StyleRefused(f"{name} is not a file that a house style can have ({allowed}).")
    raw = _toml(files[SETTINGS])
    base = str(raw.get("base", "classic"))
    if base not in shipped_styles():
        raise StyleRefused(f"{SETTINGS}: base: “{base}” is not a shipped style ({', '.join(shipped_styles())}).")
    plain = HouseStyle(base, _settings(raw, base), files[SETTINGS])
    return HouseStyle(
        base, plain.settings, plain.given, {n: c for n, c in files.items() if not _is_shipped(plain, n, c)}
    )


def _is_shipped(style: HouseStyle, name: str, content: bytes) -> bool:
    try:
        return name == SETTINGS or style.read(name) == content
    except NotInStyle:
        return False


def _files(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise StyleRefused(f"{name} of the house style is a link; a style holds its files itself.")
        if path.is_file() and not any(part.startswith(".") for part in PurePosixPath(name).parts):
            if len(found) > _MAXIMUM_FILES or path.stat().st_size > _MAXIMUM_BYTES:
                raise StyleRefused(f"{folder} has more or larger files than a house style can have.")
            found[name] = path.read_bytes()
    return found


def _is_safe(name: str) -> bool:
    parts = name.split("/")
    return name.isprintable() and not set(name) & set('\\:*?"<>|~') and not {"", ".", ".."} & set(parts)


def _toml(content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StyleRefused(f"{SETTINGS} cannot be read: {error}.") from None


def _chain(name: str) -> list[str]:
    """A shipped style and those under it; all rest on the classic one."""
    return [name] if name == "classic" else [name, *_chain(_shipped_settings(name).get("base", "classic"))]


def _shipped_settings(name: str) -> dict[str, Any]:
    return _toml(resource("templates", name, SETTINGS).read_bytes())


def _settings(given: Mapping[str, Any], base: str) -> Settings:
    """What is said in a `style.toml` over what the styles under it say."""
    said = {key: value for name in reversed(_chain(base)) for key, value in _shipped_settings(name).items()}
    try:
        return Settings.model_validate(said | dict(given) | {"base": base})
    except ValidationError as error:
        first = error.errors()[0]
        where, value = ".".join(map(str, first["loc"])), first["input"]
        if first["type"] == "extra_forbidden":
            known = ", ".join(Settings.model_fields)
            raise StyleRefused(f"{SETTINGS}: there is no setting “{where}”. There are: {known}.") from None
        expected = str(first["msg"]).removeprefix("Input should be ")
        raise StyleRefused(f"{SETTINGS}: {where}: {value!r} is not possible; it is {expected}.") from None


CLASSIC = shipped_style("classic")
