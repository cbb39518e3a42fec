"""tallystick: one source, two counterparts. The same as the `tally` command, with typed results:

>>> import tallystick
>>> source, problems = tallystick.load(path)
>>> compiled, problems = tallystick.compile(source)
>>> tallystick.build(compiled, folder)
>>> tallystick.evaluate(compiled.rulebook, data_folder)
>>> tallystick.decider(compiled.rulebook, at).decide("deployment", role="officer", environment="production")

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tallystick.building import Built, build
    from tallystick.compilation import Compiled, check, load
    from tallystick.compilation import compile_source as compile
    from tallystick.evaluating import Judged, read_rules
    from tallystick.evaluating import judge as evaluate
    from tallystick.evaluation.decisions import Decider, Decision, decider

__version__ = "0.1.0"
__all__ = [
    "Built",
    "Compiled",
    "Decider",
    "Decision",
    "Judged",
    "build",
    "check",
    "compile",
    "decider",
    "evaluate",
    "load",
    "read_rules",
]

_PLACES = {
    "Built": ("building", "Built"),
    "build": ("building", "build"),
    "Compiled": ("compilation", "Compiled"),
    "check": ("compilation", "check"),
    "compile": ("compilation", "compile_source"),
    "load": ("compilation", "load"),
    "Judged": ("evaluating", "Judged"),
    "Decider": ("evaluation.decisions", "Decider"),
    "Decision": ("evaluation.decisions", "Decision"),
    "decider": ("evaluation.decisions", "decider"),
    "evaluate": ("evaluating", "judge"),
    "read_rules": ("evaluating", "read_rules"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'tallystick' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(f"tallystick.{module}"), attribute)
