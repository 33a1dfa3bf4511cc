"""What the cluster tells of consumer groups, of both kinds."""

from collections.abc import Mapping
from typing import Literal

from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import ListConsumerGroupsResult

from topologies.runtime.errors import Unavailable

GroupPhase = Literal["empty", "stable", "moving"]
"""Without members; with members that have their partitions; something between: members come or go."""

_PHASES: Mapping[ConsumerGroupState, GroupPhase] = {
    ConsumerGroupState.EMPTY: "empty",
    ConsumerGroupState.DEAD: "empty",
    ConsumerGroupState.STABLE: "stable",
}
"""The client has no names for what groups of KIP-848 are in between, and says unknown."""


def phase(listed: ListConsumerGroupsResult, group: str) -> GroupPhase:
    """Return what a list of groups tells of one.

    Raises:
        Unavailable: it is not in the list, and not all brokers have answered.
    """
    found = next((ConsumerGroupState(each.state) for each in listed.valid or () if each.group_id == group), None)
    if found is None and listed.errors:
        raise Unavailable(f"listing the groups failed: {listed.errors[0]}")
    return "empty" if found is None else _PHASES.get(found, "moving")
