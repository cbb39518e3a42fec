"""How long a command takes from start to end, byte code written before."""

import subprocess

from timing import config, report

asked = config()
report(lambda: subprocess.run(asked["command"], capture_output=True, check=True), asked["version"])
