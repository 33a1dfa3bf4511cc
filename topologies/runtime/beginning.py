"""Where a task goes on."""

from collections.abc import Mapping
from typing import NamedTuple

from topologies.runtime.forgetting.finding import Remembered
from topologies.runtime.head import Head
from topologies.runtime.rewinding.row import Rewind


class Beginning(NamedTuple):
    """What recovery found: where a task goes on.

    `head` is None for a task that never committed. `stop_at` has the ends when
    draining. `partitions` is how many the inputs have. `state_id` is the state
    topic's. `control` is the topic of commands, one more input that is not
    merged. `rewind` is one that is on its way. `remembered` says who is being
    forgotten, and who was.
    """

    head: Head | None
    positions: Mapping[str, int]
    stop_at: Mapping[str, int] | None
    partitions: int
    state_id: str
    control: str
    rewind: Rewind | None = None
    remembered: Remembered = Remembered()

    @property
    def is_free(self) -> bool:
        """Whether the task has nothing else to do than its inputs."""
        return self.rewind is None and self.remembered.under_way is None
