"""`python benchmarks/paper.py [RUNS]`: how long paper takes, as ratios. Seconds of the processor, so that a busy machine
changes little; the median of RUNS runs (5), each in a process of its own.

The agreement is generated: 70 clauses make 55 pages, 300 make 218.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAD = """\
agreement "Generated Services Agreement" {
  version "1.0".
  effective 2027-01-01.
  timezone "Europe/Berlin".
  currency EUR.
}
party provider "Provider GmbH" called "Provider" { signatory "Jane Roe", "Director". }
party customer "Customer GmbH" called "Customer" { signatory "Max Muster", "Director". }
role lead "Service Lead" of customer.
key term fee "Monthly Fee" = EUR 40,000.
metric latency "latency" as milliseconds by model.
"""
CLAUSE = """\
  clause c{number} "Clause {number}" {{
    \"\"\"What is agreed here is part of a generated agreement, long enough to be laid out over several lines, with a reference
    to {{@c{before}}} and to {{fee}}, so that {{provider}} and {{customer}} know what they owe each other and from when on.\"\"\"
    provider must keep p95(latency) at most {limit} milliseconds over each month per model labelled l{number}.
    on breach {{
      provider must notify lead within 24 hours.
      credit customer 1% of fee.
      cure within 30 days.
    }}
  }}
"""


def agreement(clauses: int) -> str:
    """The source of an agreement with so many clauses, ten in an article."""
    written = [HEAD]
    for number in range(clauses):
        opening = f'article "Article {number // 10}" {{\n' if number % 10 == 0 else ""
        closing = "}\n" if number % 10 == 9 else ""
        clause = CLAUSE.format(number=number, before=max(0, number - 1), limit=200 + number)
        written.append(f"{opening}{clause}{closing}")
    return "".join(written)


def lay_out(source: Path, contents: bool) -> int:
    """Lay an agreement out, in this process; the number of pages. Without `contents`, page numbers are not looked up."""
    from io import BytesIO

    import pikepdf

    from tallystick.building import carried
    from tallystick.compilation import compile_source, load
    from tallystick.document import to_pdf

    found, _ = load(source)
    assert found is not None
    compiled, _ = compile_source(found)
    assert compiled is not None
    page_of = to_pdf.page_of
    if not contents:
        to_pdf.page_of = lambda *given: page_of(*given).replace(" target-counter(attr(href), page)", ' "1"')
    before = resource.getrusage(resource.RUSAGE_SELF)
    written = to_pdf.to_pdf(compiled.document, compiled.tally, carried(compiled))
    after = resource.getrusage(resource.RUSAGE_SELF)
    with pikepdf.open(BytesIO(written)) as pdf:
        print(json.dumps({"seconds": after.ru_utime - before.ru_utime, "pages": len(pdf.pages)}))
    return 0


def measured(runs: int, *arguments: str) -> tuple[float, int]:
    """The median of so many processes, and the pages."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, __file__, *arguments]
    found = [
        json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
        for _ in range(runs)
    ]
    return statistics.median(each["seconds"] for each in found), found[0]["pages"]


def built(runs: int, source: Path, folder: Path) -> tuple[float, float]:
    """`tally build`, the first time and then again with nothing changed: seconds of the processor."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "XDG_CACHE_HOME": str(folder / "cache")}
    code = "from tallystick.cli.main import main; main()"
    command = [sys.executable, "-c", code, "build", str(source), "-o", str(folder / "out")]
    seconds = []
    for _ in range(runs + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=environment, capture_output=True, check=True)
        seconds.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before.ru_utime)
    return seconds[0], statistics.median(seconds[1:])


def main(runs: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        small, large = folder / "small.msa", folder / "large.msa"
        small.write_text(agreement(70), encoding="utf-8")
        large.write_text(agreement(300), encoding="utf-8")
        bare, pages = measured(runs, "lay-out", str(small), "without")
        short, _ = measured(runs, "lay-out", str(small), "with")
        long, many = measured(runs, "lay-out", str(large), "with")
        first, again = built(runs, small, folder)
    print(f"| PDF of {pages} pages without page numbers in the contents | {bare:.2f} s | |")
    print(f"| the same with them | {short:.2f} s | {short / bare:.2f}× |")
    print(f"| {many} pages | {long:.2f} s | {long / short:.2f}× of {pages} |")
    print(f"| `tally build`, {pages} pages | {first:.2f} s | |")
    print(f"| the same again, unchanged | {again:.2f} s | {again / first:.3f}× |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["lay-out"]:
        sys.exit(lay_out(Path(sys.argv[2]), sys.argv[3] == "with"))
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
