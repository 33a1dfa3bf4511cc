"""Worker processes that live beside a test, and records that flow meanwhile."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from tests.integration import killing
from tests.integration.crashing import Plan
from tests.integration.crowd import Laid
from tests.integration.crowd_stage import Sender
from tests.integration.forks import Fork, Place
from tests.integration.installation import Installation, wait_until
from tests.integration.killing import Blows

PATIENCE_S = 60

AT_ONCE = 20
EVERY_S = 0.05


class Living:
    """A worker process, and what it says."""

    def __init__(self, process: Fork, heard: Path) -> None:
        self.process = process
        self._heard = heard

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def struck(self) -> list[str]:
        return killing.struck(self.said())

    def said(self) -> str:
        return self._heard.read_text()

    def finish(self) -> None:
        """Let it end as a service ends."""
        self.process.terminate()
        assert 0 == self.process.wait(PATIENCE_S), self.said()


@contextmanager
def living(
    croupier: Installation, instance: str, plan: Plan | None = None, *, is_drain: bool = False
) -> Iterator[Living]:
    """A worker; it does not live longer than this, and a failure meanwhile shows what it has said."""
    heard = croupier.directory / f"{instance}-{time.monotonic_ns()}.log"
    heard.touch()
    place = Place(croupier.environment, croupier.directory, stdout=heard, stderr=heard)
    process = killing.start(place, [instance], Blows(plan), is_drain=is_drain)
    try:
        yield Living(process, heard)
    except BaseException as error:
        error.add_note(f"{instance} ({plan or 'no plan'}, exit code {process.poll()}) said:\n{heard.read_text()}")
        raise
    finally:
        process.kill()
        process.wait()


class River:
    """Records that flow while something happens, slower towards their end."""

    def __init__(self, croupier: Installation, laid: Sequence[Laid]) -> None:
        self._sender = Sender(croupier)
        self._left = iter(laid)
        self._many = len(laid) // 2
        self.flowed: list[Laid] = []

    def flow_until(self, condition: Callable[[], bool]) -> None:
        def happens() -> bool:
            is_met = condition()
            if not is_met:
                self._flow()
            return is_met

        wait_until(happens, PATIENCE_S)

    def _flow(self) -> None:
        some = list(islice(self._left, AT_ONCE))
        assert some, "all records have flowed, and it has not happened"
        self._sender.send(some)
        self.flowed += some
        if len(self.flowed) > self._many:
            time.sleep(10 * EVERY_S)
