"""A single-node Kafka in KRaft mode: its settings, its files and its command lines."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from topologies.operations.sandbox.artifacts import KAFKA, directory, java
from topologies.operations.sandbox.ports import HOST
from topologies.operations.sandbox.processes import Plan

# One compiler tier and one collector thread. Measured on two cores against the JVM's defaults: 2.6 s from nothing to
# the first answer instead of 4.7 s, and 3.1 s of CPU for the first 300,000 records in transactions instead of 5.8 s.
HEAP_MB = 512
JVM_FLAGS = (f"-Xmx{HEAP_MB}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
LOG_FLAGS = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
    "-Dlog4j2.disable.jmx=true",
)

# Kafka 4.3, "Broker Configs"; groups of both protocols, classic and consumer, are its default. Group and transaction
# times are what makes a test of a crash take seconds.
SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "5",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "5",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "group.consumer.min.session.timeout.ms": "3000",
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.min.heartbeat.interval.ms": "500",
    "group.consumer.heartbeat.interval.ms": "1000",
    "group.consumer.assignment.interval.ms": "0",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "log.retention.check.interval.ms": "5000",
    "log.cleaner.backoff.ms": "1000",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "log.index.size.max.bytes": "1048576",
    "file.delete.delay.ms": "100",
    "controlled.shutdown.enable": "false",
}


class Node(NamedTuple):
    """Where one broker lives and listens."""

    home: Path
    cluster_id: str
    port: int
    controller_port: int

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` for clients."""
        return f"{HOST}:{self.port}"


def tmpdir(home: Path) -> str:
    """Where Java unpacks native libraries: it is killed, and would leave them in the system's directory."""
    return f"-Djava.io.tmpdir={home}"


def new_cluster_id() -> str:
    """Sixteen random bytes in base 64 as Kafka writes them; never with a dash in front, which is an option's."""
    while (cluster_id := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return cluster_id


def properties(node: Node, overrides: Mapping[str, str]) -> str:
    """The text of `server.properties`; `overrides` win over everything."""
    listeners = {
        "listeners": f"PLAINTEXT://{HOST}:{node.port},CONTROLLER://{HOST}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{node.bootstrap_servers}",
        "controller.quorum.voters": f"1@{HOST}:{node.controller_port}",
        "log.dirs": str(node.home / "data"),
    }
    return "".join(f"{name}={value}\n" for name, value in {**SETTINGS, **listeners, **overrides}.items())


def plan(node: Node, overrides: Mapping[str, str], heap_mb: int = HEAP_MB) -> Plan:
    """How to make and run `node`: format its storage, then the broker, whose command line carries the cluster id."""
    configuration = str(node.home / "server.properties")
    # Of an option that comes twice the JVM takes the last.
    flags = (*JVM_FLAGS, f"-Xmx{heap_mb}m", tmpdir(node.home), *LOG_FLAGS, f"-Dcroupier.sandbox={node.cluster_id}")
    run = (str(java()), *flags, "-cp", str(directory(KAFKA) / "*"))
    return Plan(
        node.home,
        {"server.properties": properties(node, overrides)},
        (
            (*run, "kafka.tools.StorageTool", "format", "-t", node.cluster_id, "-c", configuration),
            (*run, "kafka.Kafka", configuration),
        ),
    )
