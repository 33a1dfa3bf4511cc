"""What the tests of the processors share: assertions that explain themselves, and lists shown at the end of a run."""

from collections.abc import Callable

import pytest

_SHOWN = "shown: "


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Callable[[str, str], None]:
    """Let a line appear under a title at the end of the run, and in its report file."""
    return lambda title, line: record_property(f"{_SHOWN}{title}", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lists: dict[str, list[str]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, line in getattr(report, "user_properties", []):
                if name.startswith(_SHOWN):
                    lists.setdefault(name.removeprefix(_SHOWN), []).append(str(line))
    for title, lines in lists.items():
        terminalreporter.section(title)
        terminalreporter.write_line("\n".join(lines))
