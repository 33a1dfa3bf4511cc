"""What this interpreter is, and how fast this machine runs it now: both change the figures by half."""

import platform
import sysconfig
import timeit


def yardstick() -> str:
    """Measure, and say it in a line."""
    is_optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    loop_us = min(timeit.repeat("sum(i * i for i in range(10_000))", number=100, repeat=5)) / 100 * 1e6
    built = "with" if is_optimised else "without"
    return f"python {platform.python_version()}, built {built} optimisations; 10,000 additions take {loop_us:.0f} µs"
