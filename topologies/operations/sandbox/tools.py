"""Kafka's own command-line tools, as they came."""

import subprocess
from collections.abc import Sequence

from topologies.operations.sandbox.artifacts import TOOLS, directory, java
from topologies.operations.sandbox.broker import JVM_FLAGS, LOG_FLAGS


def tool(main_class: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Runs a class of kafka-tools, such as `org.apache.kafka.tools.TopicCommand`, and captures what it prints.

    Raises:
        SandboxError: Java is not installed, or the tools could not be fetched.
    """
    command = [str(java()), *JVM_FLAGS, *LOG_FLAGS, "-cp", str(directory(TOOLS) / "*"), main_class, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
