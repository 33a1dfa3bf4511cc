"""All rewinds that were ever asked for, as the control topic tells of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from topologies.operations.rewind import planned as plans
from topologies.operations.rewind.planned import Planned
from topologies.runtime.kafka.polled import Partition
from topologies.runtime.rewinding import control
from topologies.runtime.rewinding.control import ENDS, Answer, Command
from topologies.runtime.store import Row
from topologies.units import instant_text
from topologies.wire import dump_json, load_json

PLAN = "plan"
"""The field of a command's record that people's tools add: workers pass over it."""

State = Literal["asked", "expired", "refused", "going back", "replaying", "done"]

STATES: Mapping[str, State] = {
    "accepted": "going back",
    "back": "replaying",
    "done": "done",
    "refused": "refused",
    "expired": "expired",
}
"""What a worker's last answer means."""

DIFFERENT = ("changed", "added", "vanished")
"""The counts of what the CRM has not heard so."""


class Rewind(NamedTuple):
    """One partition's part of a rewind: what was asked, and all answers in order.

    `planned` is None for a command that had no plan with it.
    """

    partition: int
    command: Command
    planned: Planned | None
    answers: tuple[Answer, ...] = ()

    @property
    def is_over(self) -> bool:
        """No other answer will come."""
        return bool(self.answers) and self.answers[-1].outcome in ENDS

    @property
    def is_back(self) -> bool:
        """State and offsets are those of the target; a replay may still run."""
        return self.answered_at("back") is not None

    @property
    def is_done(self) -> bool:
        """It was done, to its end."""
        return bool(self.answers) and self.answers[-1].outcome == "done"

    def state(self, now_ms: int) -> State:
        """What has become of it until now."""
        if not self.answers:
            return "asked" if now_ms <= self.command.deadline_ms else "expired"
        return STATES[self.answers[-1].outcome]

    def answered_at(self, outcome: str) -> int | None:
        """When a worker said this, ms."""
        return next((each.at_ms for each in self.answers if each.outcome == outcome), None)

    @property
    def has_differences(self) -> bool:
        """Its replay has come, or may yet come, to something that the CRM has not heard so."""
        return not self.is_done or any(self.counts.get(name) for name in DIFFERENT)

    def replayed(self, committed: Mapping[Partition, int]) -> int:
        """How many records its replay has taken again, by what its group has committed."""
        if self.planned is None or self.answered_at("back") is None:
            return 0
        plan = self.planned.plan
        if self.is_over:
            return sum(plan.records.values())
        passed = {topic: committed.get((topic, self.partition), begin) - begin for topic, begin in plan.back_to.items()}
        return sum(min(max(passed[topic], 0), records) for topic, records in plan.records.items())

    def places(self, committed: Mapping[Partition, int]) -> dict[str, tuple[int, int]]:
        """Where each input is, by what its group has committed, and where it was when the rewind was planned."""
        if self.planned is None:
            return {}
        stood = self.planned.plan.inputs
        return {topic: (committed.get((topic, self.partition), 0), offset) for topic, offset in stood.items()}

    @property
    def why(self) -> str:
        """The reason of its end; empty when none was given."""
        return self.answers[-1].why if self.answers else ""

    @property
    def counts(self) -> Mapping[str, int]:
        """What its replay has come to so far."""
        return self.answers[-1].counts if self.answers else {}


def row(rewind: Rewind) -> Row:
    """Return its command, and its plan, as key and value of a record."""
    key, value = control.command_row(rewind.command)
    plan = {} if rewind.planned is None else {PLAN: plans.fields(rewind.planned)}
    return key, dump_json({**load_json(value or b""), **plan})


def rewinds(records: Iterable[tuple[int, bytes | None]]) -> list[Rewind]:
    """Return what records of the control topic tell, partition and value, in the order of the commands' times."""
    found: dict[tuple[int, str], Rewind] = {}
    for partition, value in records:
        said = control.decode(value)
        if isinstance(said, Command):
            found.setdefault((partition, said.id), Rewind(partition, said, _planned(value)))
        elif isinstance(said, Answer) and (partition, said.id) in found:
            found[partition, said.id] = answered(found[partition, said.id], said)
    return sorted(found.values(), key=lambda each: (each.command.at_ms, each.partition))


def as_json(rewind: Rewind, now_ms: int) -> Mapping[str, Any]:
    """Return all of it as a JSON value; times in RFC 3339."""
    command, plan = rewind.command, rewind.planned and rewind.planned.plan
    return {
        "id": command.id,
        "partition": rewind.partition,
        "asked_at": instant_text(command.at_ms),
        "by": command.by,
        "reason": command.reason,
        "commit": command.target,
        "emit": command.emit,
        "state": rewind.state(now_ms),
        "why": rewind.why,
        "answers": {each.outcome: instant_text(each.at_ms) for each in rewind.answers},
        "counts": dict(rewind.counts),
        "records": None if plan is None else plan.records,
    }


def answered(rewind: Rewind, said: Answer) -> Rewind:
    """Return a rewind with one more answer."""
    return rewind._replace(answers=(*rewind.answers, said))


def earlier(all_of_them: Iterable[Rewind], rewind: Rewind) -> Iterator[Rewind]:
    """Yield the partition's rewinds before one, the newest first."""
    same = [each for each in all_of_them if each.partition == rewind.partition]
    yield from reversed([each for each in same if each.command.at_ms < rewind.command.at_ms])


def _planned(value: bytes | None) -> Planned | None:
    try:
        return plans.of_fields(load_json(value or b"").get(PLAN) or {})
    except ValueError:
        return None
