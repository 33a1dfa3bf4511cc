"""Apicurio Registry 3, storing in memory; its `/apis/ccompat/v7` speaks Confluent's protocol."""

from pathlib import Path

from topologies.operations.sandbox.artifacts import REGISTRY, directory, java
from topologies.operations.sandbox.broker import tmpdir
from topologies.operations.sandbox.ports import HOST
from topologies.operations.sandbox.processes import Plan

JVM_FLAGS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")


def url(port: int) -> str:
    """The address for Confluent's client."""
    return f"http://{HOST}:{port}/apis/ccompat/v7"


def plan(home: Path, mark: str, port: int) -> Plan:
    """How to run it on `port`; `mark` stands in its command line."""
    options = {
        "croupier.sandbox": mark,
        "quarkus.http.host": HOST,
        "quarkus.http.port": str(port),
        # Its second listener, for health and metrics: by default port 9000 on every interface.
        "quarkus.management.host": HOST,
        "quarkus.management.port": "0",
        "quarkus.log.level": "WARN",
    }
    settings = tuple(f"-D{name}={value}" for name, value in options.items())
    jar = str(directory(REGISTRY) / "quarkus-run.jar")
    return Plan(home, {}, ((str(java()), *JVM_FLAGS, tmpdir(home), *settings, "-jar", jar),))
