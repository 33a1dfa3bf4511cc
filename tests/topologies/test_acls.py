"""Least rights as data, and as commands for a shell."""

import shlex
from collections.abc import Sequence
from itertools import pairwise

import pytest

from topologies import player
from topologies.operations import acls, components
from topologies.operations.acls import Grant, Role
from topologies.runtime.rights import Right, sentence
from topologies.settings import Settings

TOPOLOGY = components.topology(player.NAME, Settings(), with_registry=False)


def rights(role: Role, *, is_retrying: bool = True) -> list[Right]:
    return acls.rights(TOPOLOGY, "croupier", role, is_retrying=is_retrying)


def granted(line: str) -> set[Right]:
    """What a line of `kafka-acls` allows."""
    words = shlex.split(line)
    options = [(name.removeprefix("--"), value) for name, value in pairwise(words) if name[:2] == "--"]
    is_prefix = ("resource-pattern-type", "prefixed") in options
    return {
        Right(operation, resource, name, is_prefix)  # type: ignore[arg-type] # words of a line
        for option, operation in options
        if option == "operation"
        for resource, name in options
        if resource in ("topic", "group", "transactional-id")
    }


@pytest.mark.parametrize("role", acls.ROLES)
def test_the_commands_grant_all_of_a_role_and_nothing_else(role: Role) -> None:
    lines = list(acls.commands(Grant(role, "User:CN=me, O=us", rights(role)), ["--bootstrap-server", "kafka:9092"]))

    assert lines[0].startswith(f"# {role}: croupier ")
    assert set(rights(role)) == {right for line in lines[1:] for right in granted(line)}
    assert [] == [line for line in lines[1:] if "--allow-principal 'User:CN=me, O=us'" not in line]


@pytest.mark.parametrize("role", acls.ROLES)
def test_no_right_is_there_twice_or_implied_by_another(role: Role) -> None:
    found = rights(role)
    implied = {each._replace(operation="Describe") for each in found if each.operation in ("Read", "Write")}

    assert len(set(found)) == len(found)
    assert set() == implied & set(found)


def test_workers_that_send_no_dead_letters_again_write_to_no_input_and_read_none() -> None:
    besides = set(rights("worker")) - set(rights("worker", is_retrying=False))
    inputs = ("rebilly.orders", "platform.bonuses", "netgaming.debits")

    assert {
        *(Right("Write", "topic", topic) for topic in inputs),
        Right("Read", "topic", "croupier-dead-letters"),
    } == besides


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ([Right("Read", "group", "croupier")], "we are not allowed: Read on group croupier. "),
        (
            [Right("Write", "transactional-id", "a-", is_prefix=True)],
            "we are not allowed: Write on transactional id a-*. ",
        ),
        (
            [Right("Read", "topic", "a"), Right("Write", "topic", "b")],
            "we are not allowed: Read on topic a, Write on topic b. ",
        ),
    ],
)
def test_what_is_lacking_is_said_with_where_to_look(lacking: Sequence[Right], said: str) -> None:
    assert f"{said}croupier topics create --show-acls prints all that is needed" == sentence(lacking)
