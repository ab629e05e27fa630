"""The reader that mypyc compiles says what the interpreted one says, and is built where it is asked for alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.require import unavailable

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parent.parent
ASKED = {"HATCH_BUILD_HOOK_ENABLE_CUSTOM": "1"}


def run(args: list[str], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python in ``folder``, without what pytest has told this process of itself."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, *args]
    return subprocess.run(command, cwd=folder, env=env | more, text=True, capture_output=True, check=False)


def build(target: str, source: Path, folder: Path, **more: str) -> Path:
    """Build ``target`` of ``source``; where it lies."""
    done = run(["-m", "hatchling", "build", "-t", target, "-d", str(folder)], source, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source as it is handed on."""
    folder = tmp_path_factory.mktemp("source")
    with tarfile.open(build("sdist", ROOT, folder / "sdist")) as packed:
        packed.extractall(folder, filter="data")
    (found,) = folder.glob("mltui-*")
    return found


@pytest.fixture(scope="module")
def compiled(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the compiled package, and the tests beside it."""
    if shutil.which("gcc") is None or not Path(sysconfig.get_path("include"), "Python.h").exists():
        unavailable("a C compiler and Python's headers")
    folder = tmp_path_factory.mktemp("compiled")
    with zipfile.ZipFile(build("wheel", source, folder / "wheel", **ASKED)) as packed:
        packed.extractall(folder)
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_compiled_reader_passes_the_tests_of_the_reader(compiled: Path) -> None:
    """What is imported there is the compiled module, not the source beside it."""
    assert (
        run(["-c", "from mltui.parsers import reader; print(reader.__file__)"], compiled).stdout.strip()[-3:] == ".so"
    )
    done = run(["-m", "pytest", "-q", "-n2", "--dist=load", "-p", "no:cacheprovider", "tests/parsers"], compiled)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr


def test_what_is_compiled_goes_into_the_wheel_alone(source: Path, compiled: Path) -> None:
    """A module in the tree would be imported instead of its source after that was edited."""
    assert not list(source.rglob("*.so"))
    modules = [path for path in compiled.rglob("*.so") if path.parent != compiled]
    assert modules
    assert all(path.with_name(path.name.partition(".")[0] + ".py").exists() for path in modules)


@pytest.mark.parametrize(("target", "more"), [("wheel", {}), ("wheel:editable", ASKED)])
def test_other_installs_are_plain_python(target: str, more: dict[str, str], source: Path, tmp_path: Path) -> None:
    """Without being asked for it nothing is compiled, nor for an editable install, which reads the source."""
    made = build(target, source, tmp_path / "wheel", **more)
    assert made.name.endswith("-py3-none-any.whl")
    assert not any(name.endswith(".so") for name in zipfile.ZipFile(made).namelist())


def test_a_missing_compiler_is_one_clear_sentence(source: Path, tmp_path: Path) -> None:
    """It says what to install, and that mltui needs it for this alone."""
    done = run(["-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], source, CC="/no/such/cc", **ASKED)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("The metric reader cannot be compiled here: ")
    assert "gcc libc6-dev python3-dev" in done.stderr
