"""A test's own process ends with the test: also when that is killed."""

import os
import threading
import time

LOOK_S = 1.0


def end_with_parent() -> None:
    """End this process soon after its parent has ended."""
    threading.Thread(target=_watch, args=(os.getppid(),), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)
