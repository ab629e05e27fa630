"""Builds the stand-in for NVIDIA's library, writes what it answers, and puts it where pynvml looks for the real one."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pynvml
import pytest

SOURCE = Path(__file__).with_name("nvml.c")

Values = dict[str, object]


def build(folder: Path) -> Path:
    """Compile the library into ``folder``, under the driver's own file name."""
    library = folder / "libnvidia-ml.so.1"
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, "-o", str(library), str(SOURCE), "-lpthread"], check=True)
    return library


def board(index: int) -> Values:
    """A GPU that answers everything, its numbers made from its index."""
    return {
        "name": "NVIDIA H100 80GB HBM3", "uuid": f"GPU-{index:08x}-0000-0000-0000-000000000000", "minor": index,
        "bus": f"00000000:{index + 1:02X}:00.0", "mem_total": 80 << 30, "mem_used": (index + 1) << 30,
        "mem_reserved": 512 << 20, "util": 10 * index, "temp": 40 + index, "slowdown": 87,
        "power": 100_000 + 1000 * index, "limit": 700_000,
        "sm_clock": 1980 - index, "sm_clock_max": 1980, "mem_clock": 2619, "mem_clock_max": 2619, "reasons": 0,
        "pstate": 0, "fan": 30 + index, "enc": 0, "dec": 0, "pcie_rx": 1000 * index, "pcie_tx": 2000 * index,
        "pcie_gen": 5, "pcie_width": 16, "pcie_width_max": 16, "nvlink_rx": 0, "nvlink_tx": 0,
        "ecc_volatile": 0, "ecc_aggregate": index, "compute_mode": 0, "mig": 0,
    }  # fmt: skip


def part(index: int, number: int) -> Values:
    """A MIG instance: it has a name and memory, and answers nothing else."""
    return {
        "name": "NVIDIA H100 80GB HBM3 MIG 1g.10gb", "uuid": f"MIG-{index:08x}-0000-0000-0000-{number:012x}",
        "mem_total": 10 << 30, "mem_used": (number + 1) << 28,
    }  # fmt: skip


def write(path: Path, *boards: Values, parts: Mapping[str, Values] = {}, **system: object) -> None:
    """Let the library answer for these GPUs from now on; a value ``None`` leaves its key out.

    ``parts`` are MIG instances by their place, such as ``0:1``.
    """
    sections = {"": {"driver": "550.54.15", "count": len(boards), **system}}
    sections |= {str(index): values for index, values in enumerate(boards)} | dict(parts)
    lines: list[str] = []
    for place, values in sections.items():
        lines += [f"[{place}]"] * bool(place)
        lines += [f"{key} = {value}" for key, value in values.items() if value is not None]
    new = path.with_suffix(".new")
    new.write_text("\n".join(lines) + "\n")
    os.replace(new, path)


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated library, compiled once."""
    if shutil.which("gcc") is None:
        pytest.skip("the simulated NVIDIA driver needs gcc")
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def driver(nvml_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the simulated driver answers from; it has two GPUs."""
    answers = tmp_path / "gpus.ini"
    write(answers, board(0), board(1))
    monkeypatch.setenv("SIMULATED_NVML", str(answers))
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    monkeypatch.setattr(pynvml, "nvmlLib", ctypes.CDLL(str(nvml_library)))
    return answers
