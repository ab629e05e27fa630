"""The samples that a supervisor keeps with its run."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from mltui.domain.container import Usage
from mltui.domain.device import DeviceSample
from mltui.domain.run import RunState
from mltui.runtime import run_samples
from mltui.runtime.run_samples import RunSampler, named
from mltui.runtime.run_view import RunView
from mltui.storage.run_folder import RunFolder
from mltui.storage.sample_file import SampleReader
from tests.runtime.conftest import HOLD, Runs, until
from tests.support.nvml.simulated import board, write

UUIDS = tuple(str(board(index)["uuid"]) for index in range(2))


def test_a_run_has_its_samples(runs: Runs) -> None:
    """Its own memory and the machine's, from its start to its end, on both engines; it goes on when taken up again."""
    run = runs.launch(f"echo up; {HOLD}", mem_limit="256m")
    reader = SampleReader(runs.launcher.folder(run.id).samples)
    until(lambda: reader.poll() and len(reader.rows), lambda count: count >= 2)
    runs.kill_supervisor(run)
    before = len(reader.rows)
    assert runs.launcher.adopt() == 1
    until(lambda: reader.poll() and len(reader.rows), lambda count: count > before)
    runs.go(run)
    assert runs.ended(run).state is RunState.FINISHED
    reader.poll()
    reader.close()
    last = dict(zip(reader.names, reader.rows[-1].mean, strict=False))
    assert 0 < last["run.memory"] < last["host.memory_total"]
    assert last["run.memory_limit"] == 256 << 20 or runs.engine_name == "local"
    assert not any(name.startswith("gpu.") for name in reader.names)


def test_a_runs_own_gpu_is_sampled_through_faults(gpu_runs: Runs, gpus: Path) -> None:
    """Only the device that it was given; one that falls off the bus leaves a gap, and the run its curve."""
    run = gpu_runs.launch(HOLD, gpus="auto")
    view = RunView(gpu_runs.launcher.folder(run.id))
    name = f"gpu.{UUIDS[0]}.utilization"

    def seen() -> list[float]:
        view.samples.poll()
        at = view.samples.names.index(name) if name in view.samples.names else 1 << 20
        return [round(row.mean[at], 2) if at < len(row.mean) else math.nan for row in view.samples.rows]

    until(seen, lambda values: 0.0 in values)
    write(gpus, board(0) | {"util": 77}, board(1))
    until(seen, lambda values: values[-1] == 0.77)
    write(gpus, board(0) | {"error": 15}, board(1))
    until(seen, lambda values: math.isnan(values[-1]))
    write(gpus, board(0) | {"util": 50}, board(1))
    until(seen, lambda values: values[-1] == 0.5)
    gpu_runs.go(run)
    assert gpu_runs.ended(run).state is RunState.FINISHED
    assert not any(UUIDS[1] in one for one in view.samples.names)
    view.poll_metrics()
    assert "GPU % · 0" in {key.name for key in view.system.series}
    view.close()


def test_a_gpu_of_amd_is_sampled_for_the_run_that_is_on_it(
    local_runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the moment on in which one of its processes holds memory there; the other board is not its own."""
    boards = tmp_path / "gpus.json"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "support" / "amd"))
    monkeypatch.setenv("SIMULATED_AMDSMI", str(boards))

    def write(held_by: int, busy: int) -> None:
        free = {
            "uuid": "a-b",
            "name": "AMD Instinct MI300X",
            "gfx": 0,
            "vram_used": 2,
            "vram_total": 9,
            "processes": {},
        }
        held = free | {"uuid": "c-d", "gfx": busy, "processes": {str(held_by): 1 << 30}}
        boards.with_suffix(".new").write_text(json.dumps({"gpus": [free, held]}))
        boards.with_suffix(".new").replace(boards)

    write(1, 91)
    runs = local_runs
    run = runs.launch(HOLD)
    reader = SampleReader(runs.launcher.folder(run.id).samples)
    until(lambda: reader.poll() and reader.rows)
    assert not any(name.startswith("gpu.") for name in reader.names)
    container = until(lambda: runs.now(run).container_id)
    local = runs.engine_name == "local"
    write(
        runs.engine._processes.get(container).pids[0] if local else runs.engine.details(container)["State"]["Pid"], 91
    )
    until(lambda: reader.poll() and "gpu.c-d.utilization" in reader.names)
    write(1, 12)
    at = reader.names.index("gpu.c-d.utilization")
    until(lambda: reader.poll() and round(reader.rows[-1].mean[at], 2), lambda value: value == 0.12)
    reader.close()
    assert not any(name.startswith("gpu.a-b") for name in reader.names)


def test_a_fault_in_one_sample_does_not_end_all_that_follow(
    local_runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again, also after what nobody has foreseen."""
    faults = iter([RuntimeError("a bug")])

    def usage(_: object) -> dict[str, Usage]:
        for fault in faults:
            raise fault
        return {"one": Usage(5.0, cpu=1.0)}

    monkeypatch.setattr(run_samples, "_FAULT_S", 0.05)
    monkeypatch.setattr(local_runs.engine, "usage", usage)
    folder = RunFolder(tmp_path, "abcd2345")
    folder.make()
    reader = SampleReader(folder.samples)
    with RunSampler(local_runs.engine, "one", (), folder):
        until(lambda: reader.poll() and reader.rows)
    reader.close()
    assert reader.rows[0].mean[reader.names.index("run.cpu")] == 1.0


def test_the_numbers_of_a_sample_are_kept_by_name() -> None:
    """Numbers and those that are missing; no texts, no truths, no time."""
    found = dict(named("run", Usage(5.0, cpu=1.0, pids=3, unread={"shm": "why"})))
    assert found["run.cpu"] == 1.0
    assert found["run.pids"] == 3
    assert found["run.memory"] is None
    assert not {"run.time", "run.unread"} & found.keys()
    gpu = dict(named("gpu", DeviceSample(5.0, 1, "GPU-a", "H100", partitioned=True)))
    assert gpu["gpu.index"] == 1
    assert not {"gpu.name", "gpu.error", "gpu.partitioned", "gpu.uuid"} & gpu.keys()


@pytest.mark.parametrize(
    ("asked", "mine"),
    [
        (("all",), True), (("GPU-abcdef",), True), (("GPU-abcd",), True), (("1",), True),
        (("0",), False), (("GPU-abcx",), False), (("GPU-",), False), ((), False),
    ],
)  # fmt: skip
def test_the_devices_of_a_run(asked: tuple[str, ...], mine: bool) -> None:
    """Named by index, UUID or enough of its beginning, or all."""
    assert DeviceSample(0.0, 1, "GPU-abcdef", "H100").is_among(asked) is mine
