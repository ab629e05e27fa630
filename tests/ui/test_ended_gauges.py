"""What a run that has ended used: average, peak and history in the place of figures of now."""

from __future__ import annotations

from pathlib import Path

import pytest

from mltui.domain.run import Run, RunState
from mltui.storage.sample_file import SampleReader, SampleWriter
from mltui.ui.presentation.ended_gauges import ended_gauges, usage_lines

RUN = Run("ab12cd34", "mnist", "", "docker", "", state=RunState.FINISHED)
GIB = 1 << 30


def _samples(path: Path, *rows: dict[str, float]) -> SampleReader:
    writer, reader = SampleWriter(path), SampleReader(path)
    for at, row in enumerate(rows):
        writer.add(1_700_000_000.0 + at, row)
    writer.close()
    reader.poll()
    reader.close()
    return reader


def test_average_peak_and_limit(tmp_path: Path) -> None:
    """Of CPU and memory as shares of their limits, of a GPU's utilisation as it is; the history is of peaks."""
    rows = [
        {"run.cpu": cpu, "run.cpu_limit": 4.0, "run.memory": memory * GIB, "run.memory_limit": 8.0 * GIB,
         "gpu.GPU-a.index": 1, "gpu.GPU-a.utilization": gpu}
        for cpu, memory, gpu in ((1.0, 2, 0.5), (3.0, 6, 1.0))
    ]  # fmt: skip
    cpu, memory, gpu = ended_gauges(RUN, _samples(tmp_path / "samples", *rows))
    assert (cpu.label, cpu.use, cpu.limit, cpu.ratio, cpu.peak) == ("CPU", "ø 2", "4 cores", 0.5, 0.75)
    assert cpu.history == (0.25, 0.75)
    assert (memory.use, memory.limit, memory.peak_said) == ("ø 4.00 GiB", "8.00 GiB", "6.00 GiB")
    assert (gpu.label, gpu.use, gpu.ratio, gpu.peak) == ("GPU 1", "ø 75 %", 0.75, 1.0)
    assert gpu.history == (0.5, 1.0)


def test_it_is_told_beside_the_record(tmp_path: Path) -> None:
    """Average and peak in a line each, with their shares of a limit where there is one."""
    rows = [
        {"run.cpu": cpu, "run.memory": memory * GIB, "run.memory_limit": 8.0 * GIB, "gpu.GPU-a.index": 1,
         "gpu.GPU-a.utilization": gpu}
        for cpu, memory, gpu in ((1.0, 2, 0.5), (3.5, 6, 1.0))
    ]  # fmt: skip
    lines = usage_lines(_samples(tmp_path / "samples", *rows))
    assert ["".join(text for text, _ in line).rstrip() for line in lines] == [
        "what it used   average             peak",
        "  CPU             2.25              3.5",
        "  Memory      4.00 GiB  50 %   6.00 GiB  75 %  of 8.00 GiB",
        "  GPU 1           75 %            100 %",
        "",
    ]
    assert usage_lines(_samples(tmp_path / "none")) == []


def test_what_was_not_sampled_has_no_gauge(tmp_path: Path) -> None:
    """A run of before, or one that ended at once; a figure without a limit is measured by its peak."""
    assert ended_gauges(RUN, _samples(tmp_path / "none")) == []
    [cpu] = ended_gauges(RUN, _samples(tmp_path / "some", {"run.cpu": 1.0}, {"run.cpu": 2.0}))
    assert cpu.ratio is None
    assert cpu.limit == ""
    assert cpu.history == (0.5, 1.0)
    assert cpu.peak == pytest.approx(1.0)
