"""From source to tree: tallystick, and parsers of like languages on the like text."""

import sys
from importlib.metadata import version
from pathlib import Path

from timing import config, report

sys.setrecursionlimit(100_000)
asked = config()
text = Path(asked["file"]).read_text()
match asked["parser"]:
    case "tallystick":
        from tallystick.source import Source
        from tallystick.syntax.from_source import from_source

        def work():
            assert from_source(Source("big.msa", text)).complete

    case "check":
        import tallystick
        from tallystick.source import Source

        def work():
            tallystick.check(Source("big.msa", text))

    case "pyyaml":
        import yaml

        def work():
            yaml.load(text, yaml.SafeLoader)

    case "python-hcl2":
        import hcl2

        def work():
            hcl2.loads(text)


package = {"check": "tallystick"}.get(asked["parser"], asked["parser"])
report(work, f"{package} {version(package)}", size=len(text))
