"""The same decision by Cedar's engine through its Python binding."""

import timeit
from importlib.metadata import version

import cedarpy
from timing import report

POLICY = 'permit(principal, action == Action::"deploy", resource) when { context.role == "officer" && context.environment == "staging" };'
REQUEST = {
    "principal": 'User::"a"',
    "action": 'Action::"deploy"',
    "resource": 'Model::"m"',
    "context": {"role": "officer", "environment": "production"},
}
TIMES = 5_000
report(
    lambda: timeit.timeit(lambda: cedarpy.is_authorized(REQUEST, POLICY, []), number=TIMES),
    f"cedarpy {version('cedarpy')}",
    factor=1 / TIMES,
)
