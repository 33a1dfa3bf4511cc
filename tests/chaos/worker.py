"""`croupier run player` under a clock that can be stepped, perhaps without one of its protections.

`python -m tests.chaos.worker CLOCK PROTECTION ARGUMENT…`: the file of the clock, the protection to switch off or `-`,
and croupier's own arguments.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import cli
from tests.chaos import blind, clocks
from tests.integration.parent import end_with_parent
from topologies.operations.commands.invocation import Invocation


def main(arguments: Sequence[str]) -> None:
    clock, protection, *command = arguments
    end_with_parent()
    # As for `croupier`: what comes before the worker listens ends it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if protection != blind.NOTHING:
        blind.SWITCHES[protection]()
    sys.exit(cli.run(command, Invocation(os.environ, clocks.clock(Path(clock)))))


if __name__ == "__main__":
    main(sys.argv[1:])
