"""The simulated driver, put where pynvml looks for the real one."""

from __future__ import annotations

import ctypes
import shutil
import sys
from pathlib import Path

import pynvml
import pytest

sys.path.append(str(Path(__file__).parents[1] / "support" / "nvml"))

import simulated_nvml


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated library, compiled once."""
    if shutil.which("gcc") is None:
        pytest.skip("the simulated NVIDIA driver needs gcc")
    return simulated_nvml.build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def driver(nvml_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the simulated driver answers from; it has two GPUs."""
    answers = tmp_path / "gpus.ini"
    simulated_nvml.write(answers, simulated_nvml.board(0), simulated_nvml.board(1))
    monkeypatch.setenv("SIMULATED_NVML", str(answers))
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    monkeypatch.setattr(pynvml, "nvmlLib", ctypes.CDLL(str(nvml_library)))
    return answers
