"""What a process says about itself on standard error."""

import logging

FORMAT = "%(asctime)s %(levelname)s {instance}%(name)s: %(message)s"
PLAIN = "%(name)s: %(message)s"


def configure(*, debug: bool, is_service: bool = False, instance: str = "") -> None:
    """Warnings for a command, news with their time for a service, everything to debug.

    `instance` stands in each line, where several processes write to one place.

    The Kafka client's own log repeats what its errors say, even at its highest level, so it is heard only to debug.
    """
    level = logging.DEBUG if debug else logging.INFO if is_service else logging.WARNING
    form = FORMAT.format(instance=instance and f"{instance} ")
    logging.basicConfig(level=logging.WARNING, format=form if debug or is_service else PLAIN, force=True)
    logging.getLogger("croupier").setLevel(level)
    logging.getLogger("topologies").setLevel(level)
    logging.getLogger("croupier.kafka").setLevel(logging.DEBUG if debug else logging.CRITICAL + 1)
