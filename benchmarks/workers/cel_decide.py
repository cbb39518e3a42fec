"""The same decision as an expression of the Common Expression Language, compiled once."""

import timeit
from importlib.metadata import version

import celpy
from celpy import celtypes
from timing import report

environment = celpy.Environment()
program = environment.program(
    environment.compile('(role == "officer" || role == "chief") && (environment == "staging")')
)
given = {"role": celtypes.StringType("officer"), "environment": celtypes.StringType("production")}
TIMES = 2_000
report(
    lambda: timeit.timeit(lambda: program.evaluate(given), number=TIMES),
    f"cel-python {version('cel-python')}",
    factor=1 / TIMES,
)
