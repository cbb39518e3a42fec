"""A Spark that runs by itself, in processes of its own: Spark Connect before a cluster."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from tests.spark.conftest import QUICK

AGREEMENT = """\
agreement "Small" { version "1". effective 2027-01-01. term 24 months. timezone "Europe/Berlin". currency EUR. }
party provider "Provider GmbH" called "Provider".
party customer "Customer AG" called "Customer".
metric latency "latency" as milliseconds by model.
event transfer "transfer" by region.
article "Service" {
  clause speed {
    provider must keep p95(latency) at most 200 milliseconds over each month per model.
    on breach { credit customer EUR 100. }
  }
  clause moves {
    provider must not perform transfer where region is "US".
  }
}
"""
TRANSFERS = "time,region\n2027-01-05T09:00+01:00,EU\n2027-01-06T09:00+01:00,US\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pyspark", reason="needs pyspark: pip install 'tallystick[spark]'")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or newer")
    folder = tmp_path_factory.mktemp("servers")
    (folder / "small.msa").write_text(AGREEMENT, encoding="utf-8")
    data = folder / "data"
    data.mkdir()
    (data / "transfer.csv").write_text(TRANSFERS, encoding="utf-8")
    duckdb.execute(
        "COPY (SELECT TIMESTAMPTZ '2027-01-01 00:00+00' + to_minutes(CAST(i AS INTEGER)) AS time,"
        " 'model ' || i % 3 AS model, CAST(i % 3 * 50 + i % 110 AS DOUBLE) AS value"
        f" FROM range(80000) t(i)) TO '{data / 'latency.parquet'}' (FORMAT parquet)"
    )
    return folder


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def settings(project: Path) -> dict[str, str]:
    """The environment of a server, and of whoever asks it: on this machine only, and quick with small data."""
    (project / "spark-defaults.conf").write_text("".join(f"{key} {value}\n" for key, value in QUICK.items()))
    return os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_CONF_DIR": str(project)}


@contextmanager
def running(log: Path, command: Sequence[str], port: int | None = None) -> Iterator[None]:
    """A server of Spark's, once it listens on its port."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = settings(log.parent) | {"SPARK_HOME": str(home), "SPARK_DAEMON_MEMORY": "512m"}
    with log.open("w") as out:
        program = [str(home / "bin" / command[0]), *command[1:]]
        server = subprocess.Popen(program, env=environment, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 180
        while port is not None and not listens(port):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait(60)


def listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def connect(project: Path) -> Iterator[str]:
    """Spark Connect in front of a cluster of a master and a worker, whose executor is a process by itself."""
    master, asked = free_port(), free_port()
    cluster, deploy = f"spark://127.0.0.1:{master}", "org.apache.spark.deploy"
    leads = [
        "spark-class",
        f"{deploy}.master.Master",
        "--host",
        "127.0.0.1",
        "--port",
        str(master),
        "--webui-port",
        "0",
    ]
    works = ["spark-class", f"{deploy}.worker.Worker", "--cores", "2", "--memory", "1g", "--webui-port", "0"]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    serves = ["spark-submit", "--master", cluster, "--conf", f"spark.connect.grpc.binding.port={asked}"]
    with (
        running(project / "master.log", leads, master),
        running(project / "worker.log", [*works, "--work-dir", str(project), cluster]),
        running(project / "connect.log", [*serves, "--class", server, "spark-internal"], asked),
    ):
        yield f"sc://127.0.0.1:{asked}"


def evaluated(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    code = "from tallystick.cli.main import main; main()"
    command = [sys.executable, "-W", "error", "-c", code, "evaluate", "small.msa", "--as-of", "2027-04-01", "--all"]
    return subprocess.run([*command, *options], capture_output=True, text=True, cwd=project, env=settings(project))


def test_a_cluster_comes_to_the_same(project: Path, connect: str) -> None:
    here = evaluated(project, "-o", "here.csv")
    there = evaluated(project, "-o", "there.csv", "--engine", connect)
    assert "3 breached" in here.stdout, here.stderr
    assert (there.returncode, there.stdout) == (here.returncode, here.stdout.replace("here.csv", "there.csv")), (
        there.stderr
    )
    assert (project / "there.csv").read_bytes() == (project / "here.csv").read_bytes()
    assert list(project.glob("app-*/0/stderr")), "no executor of the worker took part"
