"""`python -m benchmarks`: measures, prints the table, and writes it to `docs/performance.md`.

Each tool runs in a process of its own: a warm-up, then the runs whose median counts. Tools that are no part of
tallystick run in virtual environments made here; one that cannot be installed is listed with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import data

ROOT = Path(__file__).parent.parent
WORKERS = Path(__file__).parent / "workers"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
SIZES = {
    "small": {"samples": 1_000_000, "rules": (10, 100, 1_000), "events": 100_000, "clauses": 1_000, "most": 30},
    "full": {
        "samples": 10_000_000,
        "rules": (10, 100, 1_000, 5_000),
        "events": 5_000_000,
        "clauses": 10_000,
        "most": 20,
    },
    "large": {"samples": 50_000_000, "rules": (5_000,), "events": 5_000_000, "clauses": 10_000, "most": 10},
}

ONCE = {"runs": 1, "warm": 0}
"""What takes minutes is run once, without a warm-up."""
FEW = 5
"""So many rules are measured with tools that take a second and more for each."""


@dataclass(frozen=True)
class Row:
    """One line of a table: seconds, and how they stand to another line's."""

    what: str
    tool: str
    seconds: float | None
    ratio: str = ""
    goal: str = ""
    memory: int = 0


class Bench:
    """Runs workers; makes the environments of other tools when they are first needed."""

    def __init__(self, size: str, runs: int, place: Path) -> None:
        self.size, self.runs, self.place = SIZES[size], runs, place
        self.failed: dict[str, str] = {}

    def python(self, *packages: str) -> str | None:
        """The interpreter of an environment with these packages; None when they cannot be installed."""
        folder = self.place / f"venv-{'-'.join(packages)}"
        name = packages[0]
        if name in self.failed:
            return None
        if not (folder / "ready").exists():
            venv.create(folder, with_pip=True, clear=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages]
            done = subprocess.run(pip, capture_output=True, text=True, check=False)
            if done.returncode:
                self.failed[name] = (done.stderr.strip().splitlines() or ["no reason"])[-1][:160]
                return None
            (folder / "ready").touch()
        return str(folder / "bin" / "python")

    def run(self, worker: str, python: str | None = sys.executable, **asked: object) -> dict[str, object] | None:
        """What a worker reports, with its median."""
        if python is None:
            return None
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore"}
        command = [python, str(WORKERS / f"{worker}.py"), json.dumps({"runs": self.runs} | asked)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            self.failed[f"{worker} {asked.get('parser', '')}".strip()] = (
                done.stderr.strip().splitlines() or ["no reason"]
            )[-1][:160]
            return None
        found = json.loads(done.stdout.strip().splitlines()[-1])
        found["median"] = statistics.median(found["seconds"])
        print(
            f"  {worker} {asked.get('rules', asked.get('parser', asked.get('kind', '')))} {found['median']:.6g} s",
            file=sys.stderr,
            flush=True,
        )
        return found


def _row(what: str, found: dict[str, object] | None, than: float | None = None, goal: str = "", tool: str = "") -> Row:
    if found is None:
        return Row(what, tool or "?", None, goal=goal)
    median = float(str(found["median"]))
    ratio = "" if than is None else f"{median / than:.2f}×"
    return Row(what, tool or str(found["version"]), median, ratio, goal, int(str(found["memory"])))


def _median(found: dict[str, object] | None) -> float | None:
    return None if found is None else float(str(found["median"]))


def evaluation(bench: Bench) -> list[Row]:
    """Rules over samples, from files to verdicts."""
    samples = data.write_samples(
        bench.place / f"samples-{bench.size['samples']}.parquet", int(str(bench.size["samples"]))
    )
    floor = bench.run("duckdb_floor", samples=str(samples))
    least = _median(floor)
    exact = bench.run("duckdb_floor", samples=str(samples), of="CAST(round(value * 1e9) AS BIGINT)")
    rows = [_row("grouped sum (the floor)", floor), _row("the same, exact sums", exact, least, "at most 1.15×")]
    numbers = bench.size["rules"]
    assert isinstance(numbers, tuple)
    goals = {1_000: "at most 2×", 5_000: "at most 4×"}
    for number in numbers:
        folder = data.write_folder(bench.place / f"rules-{number}", samples, data.rules(number))
        ours = bench.run("tally_evaluate", folder=str(folder))
        rows.append(_row(f"{number:,} rules, verdicts", ours, least, goals.get(number, "")))
        if number == max(numbers):
            written = bench.run("tally_evaluate", folder=str(folder), write=str(bench.place / "findings.parquet"))
            rows.append(
                _row(
                    f"{number:,} rules, findings with values in Parquet",
                    written,
                    _median(ours),
                    "at most 1.5× the verdicts",
                )
            )
        if number in (1_000, max(numbers)):
            others = {
                "duckdb_each": sys.executable,
                "pandas_all": bench.python("pandas", "pyarrow"),
                "polars_all": bench.python("polars"),
            }
            for worker, python in others.items():
                peer = bench.run(worker, python, folder=str(folder), samples=str(samples), most=bench.size["most"])
                queries = f"a query for each ({bench.size['most']} of them, multiplied)"
                named = f"{number:,} rules, {queries if worker == 'duckdb_each' else worker.partition('_')[0]}"
                rows.append(_row(named, peer, _median(ours), "", ""))
        if number == 1_000:
            rows.extend(_checkers(bench, folder, samples, _median(ours)))
    return rows


def _checkers(bench: Bench, folder: Path, samples: Path, than: float | None) -> list[Row]:
    """Tools that check data, a check for each rule: see each worker for how much of a rule its checks say."""
    checkers = {
        "great_expectations_each": bench.python("great_expectations", "pyarrow"),
        "soda_each": bench.python("soda-core-duckdb==3.5.6", "pytz"),
        "datacontract_each": bench.python("datacontract-cli[duckdb]"),
    }
    rows = []
    for worker, python in checkers.items():
        peer = bench.run(worker, python, folder=str(folder), samples=str(samples), most=FEW, **ONCE)
        named = worker.removesuffix("_each").replace("_", " ")
        what = f"1,000 rules, {named}: a check for each ({FEW} of them, once, and multiplied)"
        rows.append(_row(what, peer, than, tool="" if peer else named))
    one = bench.run("rtamt_one", bench.python("rtamt"), samples=bench.size["samples"], measured=20_000, **ONCE)
    rows.append(_row("one rule, RTAMT (20,000 samples, once, and multiplied)", one, than, tool="" if one else "rtamt"))
    return rows


def growth(bench: Bench) -> list[Row]:
    """One more day on a year in daily files, with and without what an earlier evaluation kept (`--state`)."""
    days = data.write_days(bench.place / f"days-{bench.size['samples']}", int(str(bench.size["samples"])))
    specs = data.rules(1_000)
    whole = data.write_folder(bench.place / "days", days / "*.parquet", specs)
    plain = data.write_folder(bench.place / "days-plain", days / "*.parquet", [s for s in specs if not s.percent])
    rows = []
    for folder, what in ((whole, "1,000 rules"), (plain, "those without percentiles")):
        full = bench.run("tally_evaluate", folder=str(folder))
        rows.append(_row(f"{what}, 365 days", full))
        more = bench.run("tally_evaluate", folder=str(folder), days=str(days), state=str(bench.place / "state"))
        rows.append(_row(f"{what}, the last day, with what is kept of 364", more, _median(full), "at most 0.05×"))
    return rows


def events(bench: Bench) -> list[Row]:
    """Rules about events, from files to verdicts, beside a scan of all columns of the files and a loop in Python."""
    rows = []
    for kind in data.EVENT_RULES:
        number = int(str(bench.size["events"]))
        folder = str(data.write_events(bench.place / f"{kind}-{number}", kind, number))
        scan = bench.run("events", folder=folder, kind=kind, tool="duckdb")
        ours = bench.run("events", folder=folder, kind=kind, tool="tallystick")
        written = bench.run(
            "events", folder=folder, kind=kind, tool="tallystick", write=str(bench.place / "events.parquet"), warm=0
        )
        loop = bench.run("events", folder=folder, kind=kind, tool="loop", **ONCE)
        rows += [
            _row(f"{kind}: scan of all columns of {number:,} rows", scan),
            _row(f"{kind}: verdicts", ours, _median(scan), "at most 2.5×"),
            _row(f"{kind}: findings in Parquet", written, _median(ours)),
            _row(f"{kind}: loop in Python, once", loop, _median(ours), "at least 10×"),
        ]
    return rows


def decisions(bench: Bench) -> list[Row]:
    """May this person do this here? In process, with the reason."""
    first = bench.run("tally_decide", rules=1)
    than = _median(first)
    rows = [_row("one rule", first, goal="at most 0.5 µs")]
    rows.append(_row("10,000 rules", bench.run("tally_decide", rules=10_000), than, "at most 0.5 µs"))
    for name, worker in (("cel-python", "cel_decide"), ("cedarpy", "cedar_decide"), ("regopy", "rego_decide")):
        rows.append(
            _row("one rule", bench.run(worker, bench.python(name)), than, tool="" if name not in bench.failed else name)
        )
    return rows


def compiling(bench: Bench) -> list[Row]:
    """From source to tree, and all that `tally check` does."""
    clauses = int(str(bench.size["clauses"]))
    texts = {
        "tallystick": data.source(clauses),
        "pyyaml": data.yaml_source(clauses),
        "python-hcl2": data.hcl_source(clauses // 10),
    }
    found: dict[str, dict[str, object] | None] = {}
    rows = []
    for parser, text in texts.items():
        file = bench.place / f"{parser}-{clauses}.txt"
        file.write_text(text)
        python = sys.executable if parser == "tallystick" else bench.python(parser)
        found[parser] = bench.run(
            "parse", python, parser=parser, file=str(file), warm=0 if parser == "python-hcl2" else 1
        )
    ours = found["tallystick"]
    for parser, each in found.items():
        rate = None if each is None else int(str(each["size"])) / float(str(each["median"])) / 1000
        goal = {"tallystick": "at least 10× python-hcl2, 2× PyYAML"}.get(parser, "")
        row = _row(
            f"parse{'' if rate is None else f', {rate:,.0f} KB/s'}",
            each,
            tool=parser if each is None else "",
            goal=goal,
        )
        rows.append(row)
    file = bench.place / f"tallystick-{clauses}.txt"
    rows.append(
        _row("check", bench.run("parse", parser="check", file=str(file)), _median(ours), "at most 4× the parse")
    )
    bare = bench.place / "bare.py"
    bare.write_text(
        "import typer\napp = typer.Typer()\n@app.command()\ndef main(name: str = 'x') -> None:\n    '''Hello.'''\n    typer.echo(name)\napp()\n"
    )
    typer = bench.run("start", command=[sys.executable, str(bare), "--help"], version="typer")
    tally = [sys.executable, "-c", "from tallystick.cli.main import main; main()"]
    bare_run = bench.run("start", command=[sys.executable, str(bare)], version="typer")
    small, warned = bench.place / "small.msa", bench.place / "warned.msa"
    small.write_text(data.source(1))
    warned.write_text(data.source(1) + 'metric spare "spare" as count.\n')
    for what, command, than in (
        ("tally --help", ["--help"], typer),
        ("tally check of a small file that has not changed", ["check", str(small)], bare_run),
        ("tally check of a small file that is examined", ["check", str(warned)], bare_run),
    ):
        found_here = bench.run("start", command=[*tally, *command], version="tallystick")
        rows.append(_row(what, found_here, _median(than), "at most 1.3×"))
    rows.insert(-3, _row("a bare application, --help", typer))
    rows.insert(-3, _row("a bare application, its command", bare_run))
    return rows


def paper(bench: Bench) -> list[Row]:
    """From the compiled agreement to its PDF; and `tally build` of one that has not changed."""
    files = {clauses: bench.place / f"paper-{clauses}.msa" for clauses in (70, 300)}
    for clauses, file in files.items():
        file.write_text(data.paper_source(clauses))
    bare = bench.run("paper", file=str(files[70]), contents=False)
    short = bench.run("paper", file=str(files[70]), contents=True)
    long = bench.run("paper", file=str(files[300]), contents=True)
    setting = f"import os; os.environ['XDG_CACHE_HOME'] = {str(bench.place / 'cache')!r}"
    command = [sys.executable, "-c", f"{setting}; from tallystick.cli.main import main; main()"]
    build = [*command, "build", str(files[70]), "-o", str(bench.place / "paper")]
    again = bench.run("start", command=build, version="tallystick")
    return [
        _row("PDF of 55 pages, no page numbers in its contents", bare),
        _row("the same with page numbers", short, _median(bare), "at most 1.2×"),
        _row("PDF of 218 pages", long, _median(short), "at most 4.3×"),
        _row("tally build of 55 pages, unchanged", again, _median(short), "a fraction of a second"),
    ]


PARTS: dict[str, Callable[[Bench], list[Row]]] = {
    "evaluation": evaluation,
    "growth": growth,
    "events": events,
    "decisions": decisions,
    "compiling": compiling,
    "paper": paper,
}


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "not run"
    if seconds < 1e-3:
        return f"{seconds * 1e6:.2f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| what | with | median | ratio | goal | memory |", "| --- | --- | --: | --: | --- | --: |"]
    for row in rows:
        memory = f"{row.memory / 2**30:.2f} GiB" if row.memory else ""
        lines.append(f"| {row.what} | {row.tool} | {_seconds(row.seconds)} | {row.ratio} | {row.goal} | {memory} |")
    return "\n".join(lines)


def machine(size: str, runs: int) -> str:
    """Where and when: nothing that names the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, size `{size}`, median of {runs} runs after one to warm up: "
        f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()}, Python {platform.python_version()}."
    )


def main() -> None:
    """The command."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", choices=SIZES, default="full")
    options.add_argument("--part", choices=PARTS, action="append", help="only this part; may be given several times")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "tallystick-bench")
    options.add_argument("--write", action="store_true", help="write the tables to docs/performance.md")
    given = options.parse_args()
    given.place.mkdir(parents=True, exist_ok=True)
    bench = Bench(given.size, given.runs, given.place)
    for name in given.part or PARTS:
        print(name, file=sys.stderr, flush=True)
        bench.failed.clear()
        section = "\n\n".join([PARTS[name].__doc__ or "", machine(given.size, given.runs), table(PARTS[name](bench))])
        if bench.failed:
            section += "\n\nNot run: " + "; ".join(f"{tool} ({why})" for tool, why in bench.failed.items()) + "."
        print(f"### {name.capitalize()}\n\n{section}\n", flush=True)
        if given.write:
            write(name.capitalize(), section)


def write(title: str, section: str) -> None:
    """Writes what was measured to its page, in place of what was there of this part."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    measured, after = rest.split(END)
    known = dict(each.split("\n\n", 1) for each in measured.strip().split("### ")[1:])
    known[title] = section
    ordered = (name.capitalize() for name in PARTS)
    text = "\n\n".join(f"### {name}\n\n{known[name].strip()}" for name in ordered if name in known)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
