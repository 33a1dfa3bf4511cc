"""What a user gets from the wheel, in a virtual environment where nothing else is."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"cli", "processors", "topologies"}

LOOK = """
import importlib.metadata as metadata, json, pathlib, topologies
names = metadata.packages_distributions()
print(json.dumps({
    "ours": sorted(name for name, owners in names.items() if "croupier" in owners),
    "shared": sorted(name for name, owners in names.items() if "croupier" in owners and set(owners) != {"croupier"}),
    "files": sorted(str(path) for path in metadata.files("croupier")),
    "place": str(pathlib.Path(topologies.__file__).parent),
}))
"""


def run(*command: str | Path) -> str:
    # -I and a foreign working directory: the checkout must not be found by accident.
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert 0 == done.returncode, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` directory of a new virtual environment, into which pip has installed the wheel that it has built."""
    place = tmp_path_factory.mktemp("packaging")
    venv.create(place, with_pip=False)
    # Most of what comes along is never imported here: nothing is compiled before it is.
    pip(place / "bin", "install", "--quiet", "--no-compile", ROOT)
    return place / "bin"


def pip(bin_directory: Path, *arguments: str | Path) -> str:
    """Our own pip, at work in another environment."""
    own = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", bin_directory / "python")
    return run(*own, *arguments)


def test_our_top_level_names_are_ours_alone(installed: Path) -> None:
    look = json.loads(run(installed / "python", "-I", "-c", LOOK))

    assert (sorted(OURS), []) == (look["ours"], look["shared"])


def test_all_schemas_are_inside_the_wheel(installed: Path) -> None:
    look = json.loads(run(installed / "python", "-I", "-c", LOOK))

    schemas = {f"topologies/avro/{path.name}" for path in ROOT.glob("avro/*.avsc")}
    assert schemas
    assert schemas == {name for name in look["files"] if name.endswith(".avsc")}
    assert Path(look["place"]).is_relative_to(installed.parent)


def test_the_demos_samples_are_inside_the_wheel(installed: Path) -> None:
    look = json.loads(run(installed / "python", "-I", "-c", LOOK))

    samples = {str(path.relative_to(ROOT)) for path in ROOT.glob("topologies/operations/samples/*")}
    assert samples
    assert samples <= set(look["files"])


def test_nothing_but_the_product_is_inside_the_wheel(installed: Path) -> None:
    look = json.loads(run(installed / "python", "-I", "-c", LOOK))

    tops = {name.split("/")[0] for name in look["files"] if not name.startswith("..")}
    assert {"cli.py", "processors", "topologies"} == {
        top for top in tops if not top.endswith((".dist-info", "__pycache__"))
    }


def test_the_command_works_without_any_extra(installed: Path) -> None:
    assert "Usage: croupier" in run(installed / "croupier", "--help")
    assert "bootstrap_servers" in run(installed / "croupier", "settings")


def test_the_installed_packages_fit_each_other(installed: Path) -> None:
    assert "No broken requirements found.\n" == pip(installed, "check")
