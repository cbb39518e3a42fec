"""The libraries of the system that lay out a PDF, and how each system installs them. No Python package brings them."""

from __future__ import annotations

import platform
from collections.abc import Mapping

# By the names that systems give themselves (`ID` and `ID_LIKE` in os-release) or that Python gives them.
_COMMANDS = {
    "debian": "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "fedora": "dnf install pango harfbuzz",
    "suse": "zypper install libpango-1_0-0 libharfbuzz-subset0",
    "arch": "pacman -S pango",
    "alpine": "apk add so:libgobject-2.0.so.0 so:libpango-1.0.so.0 so:libpangoft2-1.0.so.0 so:libharfbuzz.so.0 "
    "so:libharfbuzz-subset.so.0 so:libfontconfig.so.1",
    "Darwin": "brew install pango",
    "Windows": "pacman -S mingw-w64-x86_64-pango (in the shell of MSYS2)",
}
_KIN = {"rhel": "fedora", "centos": "fedora", "opensuse": "suse", "sles": "suse", "ubuntu": "debian"}


def install_command() -> str | None:
    """The command that installs Pango and HarfBuzz on this system; None where it is not known."""
    return command_for(platform.system(), _release())


def command_for(system: str, release: Mapping[str, str]) -> str | None:
    """The same for a system as Python names it, and what its os-release says."""
    if system != "Linux":
        return _COMMANDS.get(system)
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((_COMMANDS[kin] for name in names if (kin := _KIN.get(name, name)) in _COMMANDS), None)


def how_to_install() -> str:
    """A sentence that says how."""
    command = install_command()
    if command is not None:
        return f"Install them with: {command}"
    known = "; ".join(f"on {name}: {_COMMANDS[kin]}" for name, kin in (("Debian", "debian"), ("macOS", "Darwin")))
    return f"Install them with the means of your system ({known})."


def _release() -> Mapping[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:  # no Linux, or one that does not say which
        return {}
