"""TinyDB's own tests of its behaviour, run against our tables. They are fetched, never copied into this project."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "tinydb"
PYTHON = [sys.executable, "-m"]
PIP = [*PYTHON, *["pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary", "tinydb"]]
PYTEST = [*PYTHON, *["pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-c", "/dev/null"]]
SUBJECTS = ("test_tables.py", "test_tinydb.py", "test_operations.py", "test_queries.py")

# They assert that results are cached, which ours never are, or the name of TinyDB's own storage.
MAY_DIFFER = {
    "test_tables::test_query_cache",
    "test_tables::test_query_cache_size",
    "test_tables::test_lru_cache",
    "test_tables::test_table_repr",
    "test_tinydb::test_search",
    "test_tinydb::test_search_path",
}

CONFTEST = """
from pathlib import Path

import pytest

from appliance.store.table import Database


@pytest.fixture
def db(tmp_path: Path):
    with Database(tmp_path / "test.db") as db_:
        db_.drop_tables()
        db_.insert_multiple({"int": 1, "char": c} for c in "abc")
        yield db_
"""


def source_distribution() -> Path:
    """Give TinyDB's source archive, fetched once through pip into the cache folder."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if not list(CACHE.glob("tinydb-4.9*.tar.gz")):
        fetched = subprocess.run(
            [*PIP, "--dest", str(CACHE), "tinydb==4.9.*"],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if fetched.returncode:
            pytest.skip(
                f"NOT TESTED HERE: TinyDB's own tests (cannot fetch its source: {fetched.stderr.strip()[-200:]})"
            )
    return next(CACHE.glob("tinydb-4.9*.tar.gz"))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    folder = tmp_path_factory.mktemp("tinydb")
    with tarfile.open(source_distribution()) as archive:
        for member in archive.getmembers():
            if Path(member.name).name in SUBJECTS and Path(member.name).parent.name == "tests":
                text = archive.extractfile(member)
                assert text is not None
                (folder / Path(member.name).name).write_bytes(text.read())
    (folder / "conftest.py").write_text(CONFTEST)
    report = folder / "report.xml"
    subprocess.run(
        [*PYTEST, "--rootdir", str(folder), f"--junitxml={report}", str(folder)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=300,
        check=False,
    )
    cases = ET.parse(report).getroot().iter("testcase")
    return {
        f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}": case.find("failure") is None
        and case.find("error") is None
        for case in cases
    }


def test_all_of_tinydbs_tests_ran(outcomes: dict[str, bool]):
    assert len(outcomes) == 119


def test_our_tables_behave_as_tinydbs_do_but_for_six_tests_of_its_cache(outcomes: dict[str, bool]):
    failed = {name for name, passed in outcomes.items() if not passed}
    assert failed == MAY_DIFFER
