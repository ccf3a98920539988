"""What is installed: three distributions, each with its own package and nothing of the others."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from zipfile import ZipFile

import pytest

from appliance import __version__
from tests.architecture.source import PACKAGES, ROOT, modules

PROJECTS = {"appliance": ROOT, "hub": ROOT / "hub", "simulators": ROOT / "simulators"}
PACKAGING = {"pyproject.toml", "LICENSE"}

Wheel = Callable[[str], set[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """Give the names in the wheel of a package, built as for a release."""

    @cache
    def built(package: str) -> set[str]:
        folder = tmp_path_factory.mktemp(package)
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
            cwd=PROJECTS[package],
            check=True,
            capture_output=True,
        )
        (file,) = folder.glob("*.whl")
        with ZipFile(file) as archive:
            return set(archive.namelist())

    return built


def source_files(package: str) -> set[str]:
    """Give every file of a package, as it stands in the checkout."""
    return {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
        if file.parent != PROJECTS[package] or file.name not in PACKAGING
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_holds_its_whole_package_and_nothing_else(wheel: Wheel, package: str) -> None:
    contents = {name for name in wheel(package) if ".dist-info/" not in name}
    assert contents == source_files(package)


def test_a_kiosk_gets_no_hub_no_simulator_and_no_test(wheel: Wheel) -> None:
    assert {name.split("/")[0] for name in wheel("appliance")} == {"appliance", f"kvitt-{__version__}.dist-info"}


def test_a_kiosk_gets_texts_and_pictures_of_the_screen(wheel: Wheel) -> None:
    names = wheel("appliance")
    for language in ("nb", "nn", "en", "zh"):
        assert f"appliance/ui/locale/{language}/LC_MESSAGES/kvitt.mo" in names
    assert any(name.startswith("appliance/ui/assets/") and name.endswith(".png") for name in names)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_carries_the_licence(wheel: Wheel, package: str) -> None:
    assert [name for name in wheel(package) if name.endswith(".dist-info/licenses/LICENSE")]


def test_the_three_distributions_have_one_version() -> None:
    versions = {
        tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
        for folder in PROJECTS.values()
    }
    assert versions == {__version__}


def test_every_driver_that_is_announced_can_be_loaded() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    announced = table["project"]["entry-points"]["kvitt.devices"]
    installed = {entry.name: entry for entry in entry_points(group="kvitt.devices")}
    assert set(announced) <= set(installed)
    for name in announced:
        assert callable(installed[name].load())


def test_every_driver_in_the_tree_is_announced() -> None:
    """A driver is a class that names its `Options`."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    written = {
        f"{module.path.removesuffix('.py').replace('/', '.')}:{node.name}"
        for module in modules("appliance/io")
        for node in module.nodes(ast.ClassDef)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "Options" for part in node.body)
    }
    assert written == set(table["project"]["entry-points"]["kvitt.devices"].values())
