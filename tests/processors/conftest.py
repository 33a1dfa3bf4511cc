"""What the tests of the processors share: assertions that explain themselves, and lists shown at the end of a run."""

from collections.abc import Callable

import pytest

pytest.register_assert_rewrite("judging", "window")

_SHOWN = "shown"


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Let a text appear at the end of the run, and in its report file."""

    def _show(text: str) -> None:
        record_property(_SHOWN, text)

    return _show


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    for report in reports:
        for name, text in getattr(report, "user_properties", []):
            if name == _SHOWN and report.when == "call":
                terminalreporter.section(report.nodeid.rsplit("::", 1)[-1])
                terminalreporter.write_line(str(text))
