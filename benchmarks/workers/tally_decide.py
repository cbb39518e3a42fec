"""Permission decisions in process: microseconds for each, with the rule and the reason."""

import timeit

from timing import config, report

import tallystick
from tallystick.rules.measure import Series, SeriesKind
from tallystick.rules.rule import Permission
from tallystick.rules.rulebook import EventData, Role, Rulebook

asked = config()
rules = tuple(
    Permission(
        id=f"rule_{i}",
        clause="c",
        number="1",
        title="Rule",
        sentence="Only an Officer may deploy in staging.",
        event=Series(source=SeriesKind.EVENT, name="deployment" if i % 2 == 0 else "approval"),
        named=("officer",),
        roles=("officer", "chief"),
        environments=("staging",),
    )
    for i in range(asked["rules"])
)
rulebook = Rulebook(
    agreement="Benchmark",
    version="1",
    effective="2027-01-01",
    timezone="UTC",
    environments=("staging", "production"),
    roles=tuple(Role(id=r, title=r, party="p") for r in ("officer", "chief")),
    events=tuple(EventData(id=e, title=e, dimensions=("environment", "role")) for e in ("deployment", "approval")),
    rules=rules,
)
decide = tallystick.decider(rulebook, 1_800_000_000_000_000).decide
assert not decide("deployment", "officer", "production").allowed
TIMES = 200_000
report(
    lambda: timeit.timeit(lambda: decide("deployment", "officer", "production"), number=TIMES),
    f"tallystick {tallystick.__version__}",
    factor=1 / TIMES,
)
