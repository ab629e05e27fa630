"""The rules that hold for all of the code: lint, types, layers, and what may not be imported when."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
#: What no part of the core may need, and what the first frame may not wait for.
HEAVY = ("docker", "kubernetes", "numpy", "plotext", "pydantic", "yaml", "psutil", "pynvml", "tensorflow", "requests")


def run(*command: str) -> None:
    """Run a check and fail with what it said."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), ("lint-imports",)],
    ids=lambda command: " ".join(command),
)
def test_the_code_passes_its_checks(command: tuple[str, ...]) -> None:
    """Lint, format, strict types and the import contracts hold."""
    run(str(BIN / command[0]), *command[1:])


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has after ``statement``."""
    code = f"{statement}\nimport sys; print(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_the_first_frame_waits_for_nothing_heavy() -> None:
    """Importing all that the first frame needs imports no library of engines, charts or profiles."""
    assert loaded_by("import mltui.cli, mltui.cli.app, mltui.ui.app").isdisjoint((*HEAVY, "argparse"))


def test_the_command_line_starts_light() -> None:
    """``mltui --version`` and ``--help`` need neither Textual nor anything heavy."""
    assert loaded_by("import mltui.cli").isdisjoint((*HEAVY, "textual", "rich", "sqlite3", "asyncio"))


@pytest.mark.parametrize("module", ["supervisor", "launcher", "watcher", "catalog", "sampler", "cockpit", "run_view"])
def test_the_runtime_knows_no_screen(module: str) -> None:
    """Nothing below the user interface imports it, not even late in another module."""
    assert loaded_by(f"import mltui.runtime.{module}").isdisjoint(("textual", "rich", "plotext"))
