"""Who gets which GPU, and when: the rules, one by one, on values."""

from __future__ import annotations

import dataclasses
import os
import pwd
from collections.abc import Sequence

import pytest

from mltui.domain.device import DeviceProcess, DeviceSample
from mltui.domain.run import Run, RunState
from mltui.runtime.gpu_choice import gpu_uses
from mltui.runtime.gpu_queue import GpuLook, Turn, turn_of

GIB = 1 << 30


def gpu(index: int, used: float = 0.5, utilization: float | None = 0.0, **more: object) -> DeviceSample:
    """A GPU of 80 GiB of which so many are in use."""
    memory = {"memory_used": used * GIB, "memory_total": 80.0 * GIB, "utilization": utilization}
    return DeviceSample(1.0, index, f"GPU-{index}", "H100", **(memory | more))  # type: ignore[arg-type]


def on(index: int, pid: int = 1 << 30, used: float | None = 20.0, *, draws: bool = False) -> DeviceProcess:
    """A process on a GPU; by default one that is not seen from here."""
    return DeviceProcess(index, f"GPU-{index}", pid, used and used * GIB, draws)


def run(name: str, created: float, gpus: int = 1, **more: object) -> Run:
    """A run that waits for so many GPUs."""
    awaits = {"gpus": gpus} if gpus else {}
    values = {"id": name, "profile": "mnist", "profile_path": "", "engine": "docker", "endpoint": "unix:///s"}
    return Run(**(values | {"awaits": awaits, "created": created} | more))  # type: ignore[arg-type]


def going(name: str, *gpus: int, **more: object) -> Run:
    """A run that has these GPUs."""
    has = tuple(f"GPU-{index}" for index in gpus)
    return dataclasses.replace(run(name, 0.0, 0, **more), state=RunState.RUNNING, gpus=has)


def ask(waiting: Run, others: Sequence[Run] = (), look: GpuLook | None = None, absent: tuple[str, ...] = ()) -> Turn:
    """The turn of ``waiting`` on a machine with two idle GPUs unless another is given."""
    look = look or GpuLook((gpu(0), gpu(1)))
    active = sorted([waiting, *others], key=lambda one: one.created)
    return turn_of(waiting, active, look, lambda run_id: run_id not in absent)


def test_the_freest_gpu_and_why() -> None:
    """By UUID, with the figures behind it."""
    turn = ask(run("a", 1.0), look=GpuLook((gpu(0, 3.0), gpu(1, 0.9, 0.02))))
    assert turn == Turn(True, "GPU 1: 79.1 of 80.0 GiB free, 2.0 %, nobody on it.", ("GPU-1",))
    assert ask(run("a", 1.0, 2)).gpus == ("GPU-0", "GPU-1")


def test_what_cannot_be_read_is_left_out() -> None:
    """A board that tells nothing but its name is free when nobody is on it."""
    bare = gpu(0, utilization=None, memory_used=None)
    assert ask(run("a", 1.0), look=GpuLook((bare,))).text == "GPU 0: nobody on it."
    mixed = gpu(0, 79.6)
    (use,) = gpu_uses([mixed], (), ())
    assert use.figures == "410 MiB of 80.0 GiB free, 0 %"


@pytest.mark.parametrize(
    ("device", "process", "who"),
    [
        (gpu(0), on(0, used=None), "process 1073741824"),
        (gpu(0), on(0, os.getpid()), "this process"),
        (gpu(0, utilization=0.4), None, "somebody who is not seen here (79.5 of 80.0 GiB free, 40 %)"),
        (gpu(0, used=30), None, "somebody who is not seen here (50.0 of 80.0 GiB free, 0 %)"),
        (gpu(0, used=30), on(0, used=2, draws=True), "somebody who is not seen here (50.0 of 80.0 GiB free, 0 %)"),
    ],
)
def test_anybody_on_a_gpu_holds_it(device: DeviceSample, process: DeviceProcess | None, who: str) -> None:
    """A process that computes there, of whatever user, and one that shows only in the figures."""
    turn = ask(run("a", 1.0), look=GpuLook((device,), (process,) if process else ()))
    if who == "this process":
        with open("/proc/self/comm") as file:
            who = f"process {os.getpid()} ({file.read().strip()}) of {pwd.getpwuid(os.getuid()).pw_name}"
    assert turn == Turn(False, f"Waits for a GPU: place 1 of 1; GPU 0 is held by {who}", (), 1)


def test_a_desktop_does_not_hold_a_gpu() -> None:
    """Nor does the memory of what it draws, of which a small GPU has much."""
    small = gpu(0, 1.5, 0.03, memory_total=8.0 * GIB)
    turn = ask(run("a", 1.0), look=GpuLook((small,), (on(0, used=1.2, draws=True),)))
    assert turn.text == "GPU 0: 6.50 of 8.00 GiB free, 3.0 %, only what draws on the screen on it."


def test_a_run_that_waits_says_its_place_and_for_what() -> None:
    """Who has each GPU: a run by its id and profile, a process by its number and user."""
    others = [going("holder22", 0), run("before22", 1.0), run("behind22", 3.0)]
    turn = ask(run("mine2222", 2.0), others, GpuLook((gpu(0), gpu(1, 40)), (on(1),)))
    assert turn == Turn(
        False,
        "Waits for a GPU: place 2 of 3; GPU 0 is held by run holder22 (mnist), GPU 1 by process 1073741824",
        (), 2,
    )  # fmt: skip


def test_first_come_first_served() -> None:
    """By the time of launching, whoever asks first; what goes to those before is not free for one behind."""
    a, b, c = run("a", 1.0), run("b", 2.0), run("c", 3.0)
    assert ask(a, [b, c]).gpus == ("GPU-0",)
    assert ask(b, [a, c]).gpus == ("GPU-1",)
    turn = ask(c, [a, b])
    assert turn.text == "Waits for a GPU: place 3 of 3; GPU 0 is kept for run a, GPU 1 is kept for run b"


def test_who_wants_many_is_not_passed_for_ever() -> None:
    """What is free is kept for it; runs behind it wait although there would be a GPU for them."""
    wide, narrow = run("wide2222", 1.0, 2), run("narrow22", 2.0)
    busy = going("holder22", 0)
    assert ask(wide, [narrow, busy]).text == ("Waits for 2 GPUs: place 1 of 2; GPU 0 is held by run holder22 (mnist)")
    assert ask(narrow, [wide, busy]).text == (
        "Waits for a GPU: place 2 of 2; GPU 0 is held by run holder22 (mnist), GPU 1 is kept for run wide2222"
    )
    assert ask(wide, [narrow]).go


def test_who_cannot_be_served_by_runs_ending_keeps_nobody_waiting() -> None:
    """A process of somebody else may stay for weeks."""
    wide, narrow = run("wide2222", 1.0, 2), run("narrow22", 2.0)
    look = GpuLook((gpu(0), gpu(1)), (on(0),))
    assert ask(narrow, [wide], look).gpus == ("GPU-1",)
    assert ask(wide, [narrow], look).text == "Waits for 2 GPUs: place 1 of 2; GPU 0 is held by process 1073741824"


def test_a_run_without_a_supervisor_holds_nobody_up() -> None:
    """It keeps its place for when it is taken up again."""
    a, b = run("a", 1.0, 2), run("b", 2.0)
    turn = ask(b, [a, going("h", 0)], absent=("a",))
    assert turn.gpus == ("GPU-1",)
    assert ask(b, [a, going("h", 0, 1)], absent=("a",)).place == 2


def test_gpus_that_fell_away_are_waited_for() -> None:
    """One that is lost, and a driver that is gone."""
    lost = gpu(1, error="GPU is lost")
    assert ask(run("a", 1.0, 2), look=GpuLook((gpu(0), lost))).text == (
        "Waits for 2 GPUs: place 1 of 1; 1 can be read now"
    )
    assert ask(run("a", 1.0), look=GpuLook((lost,))).text == "Waits for a GPU: place 1 of 1; none can be read now"


def test_the_runs_of_a_sweep_one_after_another() -> None:
    """So many at a time as was asked for, in order; another sweep has its own."""
    sweep = {"group_id": "g", "awaits": {"parallel": 1}}
    a, b = run("a", 1.0, **sweep), run("b", 2.0, **sweep)
    assert ask(a, [b]) == Turn(True, "")
    assert ask(b, [a]).text == "Waits for its turn in the sweep, one after another: place 2 of 2"
    first = going("a", group_id="g")
    assert ask(b, [first]).text == "Waits for its turn in the sweep, one after another: place 1 of 1"
    assert ask(b, [going("x", group_id="other"), going("y")]).go
    two, before = (run(name, at, group_id="g", awaits={"parallel": 2}) for name, at in (("c", 3.0), ("b", 2.0)))
    assert ask(two, [first]).go
    assert ask(two, [first, before]).text == "Waits for its turn in the sweep, 2 at a time: place 2 of 2"


def test_a_sweep_that_is_held_back_by_itself_keeps_no_gpu() -> None:
    """Who stands behind it takes what is free."""
    sweep = {"group_id": "g", "awaits": {"gpus": 1, "parallel": 1}}
    first, second = going("a", 0, group_id="g"), run("b", 1.0, **sweep)
    assert ask(run("c", 2.0), [first, second]).gpus == ("GPU-1",)
    assert "its turn in the sweep" in ask(second, [first]).text


def test_parts_of_a_gpu_are_given_out_by_themselves() -> None:
    """Where a GPU is given out in parts nobody gets the whole."""
    whole = gpu(0, partitioned=True)
    parts = [dataclasses.replace(gpu(0, parent="GPU-0"), uuid=f"MIG-{n}", part=n, memory_used=0.0) for n in (0, 1)]
    look = GpuLook((whole, *parts))
    first = ask(run("a", 1.0), look=look)
    assert (first.text, first.gpus) == ("GPU 0:0: 80.0 of 80.0 GiB free, 0 %, nobody on it.", ("MIG-0",))
    holder = dataclasses.replace(going("h"), gpus=("MIG-0", "MIG-1"))
    assert ask(run("a", 1.0), [holder], look).text.endswith(
        "GPU 0:0 is held by run h (mnist), GPU 0:1 by run h (mnist)"
    )


def test_many_holders_are_counted() -> None:
    """The first four are named."""
    look = GpuLook(tuple(gpu(index) for index in range(8)))
    turn = ask(run("a", 1.0), [going("h", *range(8))], look)
    assert turn.text.endswith("GPU 3 by run h (mnist) and 4 more")


def test_a_run_whose_record_is_being_completed_has_given_its_gpus_back() -> None:
    """Its container has ended; what it printed is still read."""
    run = Run(id="a", profile="p", profile_path="", engine="docker", endpoint="", state=RunState.RUNNING)
    assert run.goes_on
    assert not dataclasses.replace(run, finished=5.0).goes_on
    assert dataclasses.replace(run, finished=5.0).state.active
