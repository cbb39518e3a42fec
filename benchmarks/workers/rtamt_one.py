"""One rule (the most of the samples, in each month) with RTAMT, a monitor of one signal at a time: the samples of each
model are a signal, and the formula says that no sample of it exceeds the limit. Seconds are for so many samples."""

import random
from importlib.metadata import version

import rtamt
from timing import config, report

asked = config()
chance = random.Random(1)
signal = [[number, chance.random() * 1000] for number in range(asked["measured"])]


def work():
    spec = rtamt.StlDenseTimeSpecification()
    spec.declare_var("value", "float")
    spec.spec = "always (value <= 950)"
    spec.parse()
    found = spec.evaluate(["value", signal])
    assert found[0][1] <= 0


report(work, f"rtamt {version('rtamt')}", factor=asked["samples"] / asked["measured"], runs=min(asked["runs"], 3))
