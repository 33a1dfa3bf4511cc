"""What one invocation of the command line knows: the flags, and the settings that follow from them."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from topologies import configuration
from topologies.configuration import Found, Layer
from topologies.operations import sandbox
from topologies.runtime.task import Moment
from topologies.settings import Settings

SANDBOX = "the sandbox"


class Invocation:
    """Filled by the flags while they are parsed; the settings are read when a command asks for them.

    Args:
        environment: the process's environment variables.
        clock: now; a function of a module, so that worker processes can have it too.
    """

    def __init__(self, environment: Mapping[str, str], clock: Callable[[], Moment]) -> None:
        self.environment = environment
        self.clock = clock
        self.flags: dict[str, str] = {}
        self.config: Path | None = None
        self.debug = False

    @cached_property
    def settings(self) -> Settings:
        """The settings.

        Raises:
            Misconfigured: says what is wrong, and where it comes from.
        """
        return configuration.read(self.flags, self.environment, self.config, _sandbox(self.environment))

    def now_ms(self) -> int:
        """The wall clock, milliseconds since 1970 UTC."""
        return self.clock().wall_ms


def _sandbox(environment: Mapping[str, str]) -> Layer:
    """Addresses of the sandbox that `croupier sandbox start` left running, for a cluster that nobody named."""
    if environment.get(configuration.variable_name("bootstrap_servers")):
        return {}
    running = sandbox.status()
    if running is None:
        return {}
    addresses = {"bootstrap_servers": running.bootstrap_servers, "schema_registry_url": running.schema_registry_url}
    return {name: Found(address, SANDBOX) for name, address in addresses.items() if address}
