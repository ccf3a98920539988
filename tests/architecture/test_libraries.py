"""Which library may be used where. A new one needs a place here, a dependency and its line in docs/decisions.md."""

import importlib.metadata
import re
import sys
import tomllib
from fnmatch import fnmatch

import pytest
from packaging.requirements import Requirement

from tests.architecture.source import PACKAGES, ROOT, modules

PLACES: dict[str, tuple[str, ...]] = {
    "PIL": ("appliance/io/printers/*", "appliance/ui/gallery.py", "simulators/*"),
    "alembic": ("hub/migrations/*",),
    "argon2": ("hub/access/passwords.py",),
    "babel": ("appliance/ui/wording/*", "hub/receipts.py", "hub/web/formats.py"),
    "biip": ("appliance/core/barcode.py",),
    "cryptography": ("appliance/io/payment/nexo/*", "appliance/mqtt/*", "hub/*", "simulators/nexo/*"),
    "escpos": ("appliance/io/printers/composer.py",),
    "evdev": ("appliance/io/scanners/evdev.py",),
    "gpiozero": ("appliance/io/gpio.py", "appliance/io/drawers/gpio.py", "appliance/io/lights/*"),
    "jinja2": ("hub/web/visit.py",),
    "kivy": ("appliance/ui/*", "simulators/gallery*"),
    "markupsafe": ("hub/web/*",),
    "msgspec": ("hub/reading.py",),
    "openpyxl": ("hub/feeds/sheet.py", "hub/web/sheets.py"),
    "paho": ("appliance/mqtt/client.py", "hub/broker.py"),
    "psycopg": ("hub/postgres.py",),
    "pyudev": ("appliance/io/scanners/udev.py",),
    "qrcode": (
        "appliance/io/printers/composer.py",
        "appliance/ui/widgets/surface.py",
        "hub/web/pages/account.py",
        "simulators/*",
    ),
    "reportlab": ("hub/web/sheets.py",),
    "serial": ("appliance/io/link.py",),
    "sqlalchemy": ("hub/*",),
    "sqlite3": ("appliance/store/*",),
    "starlette": ("hub/web/*",),
    # The gallery draws the sample pages of the tests; it runs from a checkout only.
    "tests": ("simulators/gallery.py",),
    "tinydb": ("appliance/store/*",),
    "tomllib": ("appliance/config.py", "hub/*", "simulators/cli.py"),
    "usb": ("appliance/io/printers/usb.py",),
    "uvicorn": ("hub/web/server.py",),
    "zstandard": ("appliance/mqtt/*", "hub/*"),
}
"""Import name -> where it may stand. Two of the standard library are listed because their place matters as much."""

HARDWARE = {"escpos", "evdev", "gpiozero", "lgpio", "pyudev", "serial", "usb"}

PROJECTS = {"appliance": "pyproject.toml", "hub": "hub/pyproject.toml", "simulators": "simulators/pyproject.toml"}


def test_every_library_stands_where_it_belongs() -> None:
    misplaced = [
        f"{module.path}:{found.line}: {found.name}"
        for module in modules()
        for found in module.imports()
        if found.top in PLACES or (found.top not in sys.stdlib_module_names and found.top not in PACKAGES)
        if not any(fnmatch(module.path, place) for place in PLACES.get(found.top, ()))
    ]
    assert misplaced == []


def test_every_place_is_used() -> None:
    used = {found.top for module in modules() for found in module.imports()}
    assert set(PLACES) - used == set()


def test_a_driver_module_knows_one_hardware_library() -> None:
    for module in modules("appliance/io"):
        known = {found.top for found in module.imports()} & HARDWARE
        assert len(known) <= 1, f"{module.path}: {known}"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_library_is_declared_by_the_distribution_that_uses_it(package: str) -> None:
    project = tomllib.loads((ROOT / PROJECTS[package]).read_text(encoding="utf-8"))["project"]
    declared = {normal(Requirement(entry).name) for entry in project["dependencies"]}
    providers = importlib.metadata.packages_distributions()
    for module in modules(package):
        for found in module.imports():
            if found.top in sys.stdlib_module_names or found.top in (package, "tests"):
                continue
            names = {normal(name) for name in providers.get(found.top, [])} or {f"kvitt-{found.top}"}
            if found.top == "appliance":
                names = {"kvitt"}
            assert names & declared, f"{module.path}:{found.line}: {found.top} is not declared in {PROJECTS[package]}"


def normal(name: str) -> str:
    """Give the name of a distribution as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
