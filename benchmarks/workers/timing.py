"""What every worker does: run something several times, and say how long and how much memory it took."""

import gc
import json
import resource
import sys
import time


def config():
    """What the harness asks for."""
    return json.loads(sys.argv[1])


def report(work, version, runs=None, factor=1.0, before=None, **more):
    """Runs it (each time after `before`, which does not count) once to warm up and then several times; prints seconds (times a factor) and the peak of memory."""
    asked = config()
    seconds = []
    for number in range((runs or asked["runs"]) + asked.get("warm", 1)):
        if before:
            before()
        gc.collect()
        begun = time.perf_counter()
        work()
        if number >= asked.get("warm", 1):
            seconds.append((time.perf_counter() - begun) * factor)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "memory": peak, "version": version, **more}))
