"""What is missing, and how to install it; and that everything but the PDF works without Pango."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tallystick.cli import doctor
from tallystick.cli.doctor import State
from tallystick.cli.main import app
from tallystick.document.libraries import command_for
from tallystick.document.to_pdf import PdfUnavailable, producer

ROOT = Path(__file__).parents[2]

# A system whose loader finds no Pango: every other library is found as before.
WITHOUT_PANGO = """\
import sys
import cffi
find = cffi.FFI.dlopen
def dlopen(self, name, flags=0):
    if name is not None and "pango" in str(name):
        raise OSError(f"cannot load library {name}")
    return find(self, name, flags)
cffi.FFI.dlopen = dlopen
from tallystick.cli.main import main
main()
"""


def without_pango(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", WITHOUT_PANGO, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_everything_but_the_pdf_is_made_without_pango(tmp_path: Path) -> None:
    source = str(ROOT / "contracts" / "uptime-sla" / "agreement.msa")
    done = without_pango(tmp_path, "build", source, "-o", "out")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "No PDF was made: The PDF needs the libraries Pango and HarfBuzz" in done.stderr.replace("\n", " ")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "agreement.docx",
        "agreement.html",
        "agreement.md",
        "rules.json",
    ]
    assert all(path.stat().st_size > 1000 for path in (tmp_path / "out").iterdir())
    style = tmp_path / "style"
    style.mkdir()
    (style / "style.toml").write_text("")
    (style / "house.css").write_text("p { color: #111 }")
    own = without_pango(tmp_path, "build", source, "-o", "own", "--style", "style")
    assert (own.returncode, "needs the libraries Pango" in own.stderr) == (2, True)
    assert len(list((tmp_path / "own").iterdir())) == 4


def test_the_doctor_says_that_pango_is_missing(tmp_path: Path) -> None:
    done = without_pango(tmp_path, "doctor", "--format", "json")
    assert done.returncode == 1
    found = {each["name"]: each for each in json.loads(done.stdout)}
    assert found["PDF"]["state"] == "missing"
    assert found["PDF"]["install"]
    assert found["fonts"]["state"] == "ok"


def test_the_doctor_finds_nothing_missing_here() -> None:
    done = CliRunner().invoke(app, ["doctor"])
    try:
        producer()
    except PdfUnavailable:
        pytest.skip("Pango is not installed")
    assert done.exit_code == 0, done.output
    assert "WeasyPrint" in done.output


def test_extras_are_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["lark>=1.3", 'pyHanko>=0.38; extra == "sign"', "ruff; extra == 'dev'"]
    monkeypatch.setattr(doctor, "requires", lambda name: lines)
    monkeypatch.setattr(doctor, "_installed", lambda name: name != "pyHanko")
    found = {each.name: each for each in doctor.examine()}
    assert (found["[sign]"].state, found["[sign]"].install) == (State.OPTIONAL, "pip install 'tallystick[sign]'")
    assert "pyHanko" in found["[sign]"].says
    assert found["packages"].state is State.OK
    assert "[dev]" not in found
    monkeypatch.setattr(doctor, "_installed", lambda name: name != "lark")
    found = {each.name: each for each in doctor.examine()}
    assert (found["packages"].state, "lark" in found["packages"].says) == (State.MISSING, True)


@pytest.mark.parametrize(
    ("system", "release", "begins"),
    [
        ("Linux", {"ID": "debian"}, "apt-get install libpango-1.0-0"),
        ("Linux", {"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "apt-get"),
        ("Linux", {"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "dnf install"),
        ("Linux", {"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "zypper"),
        ("Linux", {"ID": "arch"}, "pacman -S pango"),
        ("Linux", {"ID": "alpine"}, "apk add"),
        ("Darwin", {}, "brew install pango"),
        ("Windows", {}, "pacman -S mingw"),
    ],
)
def test_each_system_has_its_command(system: str, release: dict[str, str], begins: str) -> None:
    assert (command_for(system, release) or "").startswith(begins)


def test_other_systems_have_none() -> None:
    assert command_for("Linux", {"ID": "homemade"}) is None
    assert command_for("Plan9", {}) is None


def test_spark_without_java_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_lacking", lambda extra: [])
    monkeypatch.setattr(doctor, "which", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    found = doctor._extra("spark")
    assert (found.state, "Java 17" in found.says) == (State.OPTIONAL, True)
