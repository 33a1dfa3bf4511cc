"""What the cluster must allow us to do, in Kafka's words."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Operation = Literal["Create", "Describe", "DescribeConfigs", "Read", "Write"]
"""Read and Write include Describe. https://kafka.apache.org/documentation/#security_authz_primitives"""

Resource = Literal["topic", "group", "transactional-id", "cluster"]


class Right(NamedTuple):
    """An operation on one resource, or with `is_prefix` on all whose names begin so."""

    operation: Operation
    resource: Resource
    name: str
    is_prefix: bool = False

    def __str__(self) -> str:
        """Return it as people say it: `Read on topic fx.rates`."""
        return f"{self.operation} on {self.resource.replace('-', ' ')} {self.name}{'*' * self.is_prefix}"


ADVICE = "croupier topics create --show-acls prints all that is needed"


def sentence(lacking: Sequence[Right]) -> str:
    """Return what is said of rights that we do not have."""
    return f"we are not allowed: {', '.join(map(str, lacking))}. {ADVICE}"
