"""The wheel carries everything that is read at run time, and an installed copy finds it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tallystick.resources import resource

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel lays it down, away from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def tally(installed: Path, *arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import tallystick, sys; from tallystick.cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_checkout_is_found() -> None:
    assert resource("grammar", "tallystick.lark") == ROOT / "grammar" / "tallystick.lark"
    with pytest.raises(FileNotFoundError):
        resource("grammar", "nothing.lark")


def test_installed_copy_finds_its_own_files(installed: Path, tmp_path: Path) -> None:
    code = "from tallystick.resources import resource; print(resource('grammar', 'tallystick.lark'))"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == installed / "tallystick" / "_resources" / "grammar" / "tallystick.lark"


def test_installed_copy_makes_builds_and_explains(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "library.msa").write_text(
        'agreement "A" { version "1". effective 2027-01-01. timezone "UTC". } party provider "P". party customer "C".'
        ' role model_owner "Owner" of customer. use library "drift-retraining".'
    )
    for arguments in (
        ("new", "mine", "--template", "uptime"),
        ("check", "mine/agreement.msa"),
        ("build", "mine/agreement.msa", "-o", "out"),
        ("check", "library.msa"),
        ("explain", "T0201"),
        ("--help",),
    ):
        done = tally(installed, *arguments, folder=tmp_path)
        assert done.returncode == 0, (arguments, done.stderr)
    assert (tmp_path / "out" / "agreement.pdf").read_bytes().startswith(b"%PDF-")
