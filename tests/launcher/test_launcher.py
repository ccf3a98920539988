"""The launcher on a machine of stand-ins: what it asks apt and pip for, and when it asks for nothing."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECTS = ("pyproject.toml", "hub/pyproject.toml", "simulators/pyproject.toml")

PYTHON = """#!/bin/bash
case "$*" in
    *"-m pip install"*) echo "pip ${*: -6}" >>"$LOG"; exit "${PIP_CODE:-0}" ;;
    *"-m venv"*) folder=${*: -1}; mkdir -p "$folder/bin"; cp "$0" "$folder/bin/python"; echo "venv" >>"$LOG" ;;
    "-V") echo "Python 3.13.0" ;;
    *"-c"*) echo "${PYTHON_SAYS:-}"; exit "${PYTHON_CODE:-0}" ;;
    *) echo "python $*" >>"$LOG" ;;
esac
"""
STAND_INS = {
    "python3": PYTHON,
    "dpkg-query": '#!/bin/bash\n[[ " ${MISSING:-} " == *" ${*: -1} "* ]] || echo -n installed\n',
    "apt-get": '#!/bin/bash\necho "apt-get $*" >>"$LOG"\n',
    "sudo": '#!/bin/bash\necho "sudo ${*:4}" >>"$LOG"\ncat >/dev/null\nexit "${SUDO_CODE:-0}"\n',
    "id": "#!/bin/bash\necho 1000\n",
    "uname": "#!/bin/bash\necho x86_64\n",
}
TOOLS = ("bash", "cat", "cp", "dirname", "env", "flock", "mkdir", "mv", "readlink", "sed", "sha256sum")


@dataclass(frozen=True)
class Machine:
    """A checkout and a PATH on which only stand-ins and plain tools are found."""

    checkout: Path
    bin: Path
    log: Path

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.checkout / "kvitt"), *arguments],
            env={"PATH": str(self.bin), "LOG": str(self.log), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def asked(self) -> list[str]:
        """Give what was asked of the others since the last time."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    checkout, folder = tmp_path / "checkout", tmp_path / "bin"
    folder.mkdir()
    for name in PROJECTS:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    shutil.copy(ROOT / "kvitt", checkout / "kvitt")
    for name, text in STAND_INS.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    for name in TOOLS:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return Machine(checkout, folder, tmp_path / "log")


def test_help_needs_nothing_at_all(machine: Machine) -> None:
    result = machine.run("help")
    assert result.returncode == 0
    assert "demo" in result.stdout
    assert machine.asked() == []
    assert machine.run().stdout == result.stdout


def test_the_first_run_makes_the_environment_and_installs_all_three_distributions(machine: Machine) -> None:
    result = machine.run("setup")
    assert result.returncode == 0, result.stderr
    made, installed = machine.asked()
    assert made == "venv"
    for project in (f"{machine.checkout}[dev]", f"{machine.checkout}/hub", f"{machine.checkout}/simulators"):
        assert f"--editable {project}" in installed


def test_a_second_run_asks_nobody_for_anything(machine: Machine) -> None:
    machine.run("setup")
    machine.asked()
    assert machine.run("setup").returncode == 0
    assert machine.asked() == []


@pytest.mark.parametrize("name", PROJECTS)
def test_a_changed_dependency_is_installed_into_the_same_environment(machine: Machine, name: str) -> None:
    machine.run("setup")
    machine.asked()
    with (machine.checkout / name).open("a", encoding="utf-8") as file:
        file.write("# one more\n")
    assert machine.run("setup").returncode == 0
    (installed,) = machine.asked()
    assert installed.startswith("pip")


def test_only_missing_packages_are_asked_of_apt(machine: Machine) -> None:
    result = machine.run("setup", MISSING="mosquitto espeak-ng")
    assert result.returncode == 0
    assert machine.asked()[0] == "sudo mosquitto espeak-ng"
    assert "mosquitto espeak-ng" in result.stderr


def test_only_a_run_of_all_tests_takes_a_browser_and_it_goes_on_without(machine: Machine) -> None:
    machine.run("setup")
    machine.asked()
    machine.run("test", "tests/core", MISSING="chromium")
    assert not any(line.startswith("sudo") for line in machine.asked())
    result = machine.run("test", MISSING="chromium", SUDO_CODE="100")
    assert machine.asked()[0] == "sudo chromium"
    assert "going on without a browser" in result.stderr
    assert "kvitt: pytest" in result.stderr


def test_without_a_python_apt_is_asked_for_one_and_its_lack_is_told(machine: Machine) -> None:
    result = machine.run("setup", PYTHON_CODE="1", MISSING="python3 python3-venv")
    assert result.returncode == 1
    assert machine.asked() == ["sudo python3 python3-venv"]
    assert "Python 3.11" in result.stderr


def test_without_sudo_it_is_told_what_to_run_as_root(machine: Machine) -> None:
    (machine.bin / "sudo").unlink()
    result = machine.run("setup", MISSING="mosquitto espeak-ng")
    assert result.returncode == 1
    command = "apt-get update && apt-get install --no-install-recommends mosquitto espeak-ng"
    assert f"As root, run: {command}" in result.stderr
    assert "installing" not in result.stderr
    assert machine.asked() == []


def test_a_failure_of_apt_stops_the_set_up_and_is_tried_again(machine: Machine) -> None:
    result = machine.run("setup", MISSING="mosquitto", SUDO_CODE="100")
    assert result.returncode == 1
    assert machine.asked() == ["sudo mosquitto"]
    assert "network" in result.stderr
    assert machine.run("setup").returncode == 0


def test_a_failure_of_pip_stops_the_set_up_and_is_tried_again(machine: Machine) -> None:
    result = machine.run("run", PIP_CODE="1")
    assert result.returncode == 1
    assert "pip" in result.stderr
    machine.asked()
    assert machine.run("setup").returncode == 0
    assert any(line.startswith("pip") for line in machine.asked())


def test_a_system_that_is_not_debian_is_told_what_it_needs(machine: Machine) -> None:
    (machine.bin / "dpkg-query").unlink()
    result = machine.run("setup")
    assert result.returncode == 0
    assert "mosquitto" in result.stderr


def test_every_other_word_is_a_command_of_the_till(machine: Machine) -> None:
    machine.run("setup")
    command = machine.checkout / ".venv" / "bin" / "kvitt"
    command.write_text('#!/bin/bash\nprintf "%s|" "$@"\nexit 7\n', encoding="utf-8")
    command.chmod(0o755)
    result = machine.run("journal", "list", "--data", "a folder")
    assert result.stdout == "journal|list|--data|a folder|"
    assert result.returncode == 7


def test_the_proof_of_payments_is_asked_for_with_two_words(machine: Machine) -> None:
    machine.run("setup")
    machine.asked()
    machine.run("test", "--crash", "payments")
    (asked,) = machine.asked()
    assert "tests/payment/proof" in asked
    assert "not soak and not hardware" in asked
    assert "proof" not in asked.partition("tests/")[0]
    machine.run("test", "--crash", "tests/store")
    (asked,) = machine.asked()
    assert asked == "python -m pytest -m not soak and not hardware and not proof tests/store"


def test_the_proof_of_the_hub_is_asked_for_with_two_words(machine: Machine) -> None:
    machine.run("setup")
    machine.asked()
    machine.run("test", "--soak", "hub", "-x")
    (asked,) = machine.asked()
    marks = "not crash and not hardware"
    assert asked == f"python -m pytest -m {marks} tests/hub/proof tests/crash/test_hub_chaos.py -x"


def test_it_works_through_a_link_from_another_folder(machine: Machine, tmp_path: Path) -> None:
    link = tmp_path / "bin" / "kvitt"
    link.symlink_to(machine.checkout / "kvitt")
    result = subprocess.run(
        [str(link), "setup"],
        env={"PATH": str(machine.bin), "LOG": str(machine.log)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert (machine.checkout / ".venv" / "kvitt-stamp").exists()


def test_the_shell_scripts_are_executable() -> None:
    for name in ("kvitt", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK)
