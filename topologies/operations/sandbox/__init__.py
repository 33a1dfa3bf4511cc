"""A real, single-node Apache Kafka with nothing but Python: for trying things out, for the demo, for the tests.

What takes long is logged at INFO.
"""

from topologies.operations.sandbox.errors import SandboxError
from topologies.operations.sandbox.lifecycle import DEFAULT_NAME, Running, owned, owned_registry, start, status, stop
from topologies.operations.sandbox.tools import tool

__all__ = ["DEFAULT_NAME", "Running", "SandboxError", "owned", "owned_registry", "start", "status", "stop", "tool"]
