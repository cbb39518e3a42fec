"""The same decision in Rego, by the interpreter regopy."""

import timeit
from importlib.metadata import version

import regopy
from timing import report

interpreter = regopy.Interpreter()
interpreter.add_module(
    "policy",
    'package policy\ndefault allow = false\nallow { input.role == "officer"; input.environment == "staging" }\n',
)
interpreter.set_input({"role": "officer", "environment": "production"})
TIMES = 2_000
report(
    lambda: timeit.timeit(lambda: interpreter.query("data.policy.allow"), number=TIMES),
    f"regopy {version('regopy')}",
    factor=1 / TIMES,
)
