"""The engine goes away in mid-run and comes back: the supervisor waits, fills the gap and ends right."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mltui.domain.options import AppOptions
from mltui.domain.run import Run, RunState
from mltui.engines.base import EngineChoice
from mltui.runtime import cockpit
from tests.runtime.conftest import HOLD, Runs, until
from tests.support import images, podman
from tests.support.dockerd import PrivateDockerd, missing
from tests.support.require import unavailable

#: A script that draws one line over until it may go on.
BAR = (
    "n=0; while [ ! -e $MLTUI_OUTPUTS/go ]; do n=$((n+1)); printf '\\rstep %5d of 100000 - loss: 0.5' $n; sleep 0.005;"
    " done; echo; echo end $n"
)


def own_engine(home: Path, folder: Path, *options: str) -> Iterator[tuple[PrivateDockerd, Runs]]:
    if missing():
        unavailable(missing())
    engine = PrivateDockerd(options=options)
    try:
        engine.start()
        images.load_busybox(engine.url)
        runs = Runs(home, folder, "docker", engine.url, images.BUSYBOX)
        yield engine, runs
        runs.clear()
    finally:
        engine.stop()


@pytest.fixture
def own(mltui_home: Path, tmp_path: Path) -> Iterator[tuple[PrivateDockerd, Runs]]:
    """An engine of this test alone, and runs on it."""
    yield from own_engine(mltui_home, tmp_path)


@pytest.fixture
def lively(mltui_home: Path, tmp_path: Path) -> Iterator[tuple[PrivateDockerd, Runs]]:
    """The same, of the kind that leaves its containers running when it stops."""
    yield from own_engine(mltui_home, tmp_path, "--live-restore")


@pytest.mark.parametrize("how", ["kill", "interrupt"])
def test_the_containers_go_on_without_it(lively: tuple[PrivateDockerd, Runs], how: str) -> None:
    """What was printed while the engine was away is in the log, in its place, once; so are the points.

    What the engine had taken from the container and not yet written when it ended is in no log: a mark stands there.
    """
    engine, runs = lively
    run = runs.launch(
        "n=0; while [ ! -e $MLTUI_OUTPUTS/go ]; do n=$((n+1)); echo step $n - loss: $n; echo $n >&2; sleep 0.02; done;"
        "echo end $n"
    )
    runs.printed(run, b"step 20 ")
    getattr(engine, how)()
    until(lambda: "does not answer" in runs.now(run).detail)
    assert runs.now(run).state is RunState.RUNNING
    engine.start()
    before = runs.raw(run).count(b"step")
    until(lambda: runs.raw(run).count(b"step") > before + 50)
    runs.go(run)
    done = runs.ended(run)
    assert (done.state, done.exit_code, done.detail) == (RunState.FINISHED, 0, "")
    lines = runs.raw(run).splitlines()
    steps, counts = numbered(lines, rb"step (\d+) - loss: (?:\d+)"), numbered(lines, rb"(\d+)")
    assert b"end %d" % max(steps) in lines[-2:]
    assert runs.points(run) == {"loss": [(step, step) for step in steps]}
    assert max(counts) == max(steps)


def numbered(lines: list[bytes], pattern: bytes) -> list[int]:
    """The numbers of the lines of a kind: one after the other, but for where a mark of mltui stands."""
    found: list[int] = []
    marked = marks = 0
    for line in lines:
        if line.startswith(b"[mltui] "):
            marked, marks = 1, marks + 1
        elif match := re.fullmatch(pattern, line):
            number = int(match[1])
            assert number == (found[-1] if found else 0) + 1 or (marked and number > found[-1]), (number, lines)
            marked = 0
            found.append(number)
    assert marks
    return found


def drawn_while_away(runs: Runs, run: Run, engine: PrivateDockerd | podman.PrivatePodman) -> tuple[bytes, list[int]]:
    """The log of a run that draws ``BAR`` while its engine is killed and comes back, and the steps that are in it."""
    engine.kill()
    until(lambda: "does not answer" in runs.now(run).detail)
    engine.start()
    before = len(runs.raw(run))
    until(lambda: len(runs.raw(run)) > before + 10_000)
    runs.go(run)
    assert runs.ended(run).state is RunState.FINISHED
    raw = runs.raw(run)
    return raw, [int(step) for step in re.findall(rb"step +(\d+) of", raw)]


@pytest.mark.parametrize("tty", [True, False])
def test_a_bar_goes_on_without_it(lively: tuple[PrivateDockerd, Runs], tty: bool) -> None:
    """What is drawn over goes on in the log long before its line ends, and nothing of it comes twice."""
    engine, runs = lively
    run = runs.launch(BAR, tty=tty)
    runs.printed(run, b"step  1000 ")
    raw, steps = drawn_while_away(runs, run, engine)
    assert steps[0] == 1
    assert b"end %d" % steps[-1] in raw
    assert sum(later != step + 1 for step, later in pairwise(steps)) <= raw.count(b"[mltui] ")
    assert steps == sorted(set(steps))


def test_a_bar_on_podman_goes_on_without_its_service(mltui_home: Path, tmp_path: Path) -> None:
    """Podman's containers write their log themselves: every frame is there, once, and no mark."""
    with podman.running() as service:
        runs = Runs(mltui_home, tmp_path, "docker", service.url, images.BUSYBOX)
        run = runs.launch(BAR, tty=True)
        runs.printed(run, b"step   300 ")
        raw, steps = drawn_while_away(runs, run, service)
        assert steps == list(range(1, len(steps) + 1))
        assert raw.endswith(b"\r\nend %d\r\n" % len(steps))
        assert b"[mltui]" not in raw
        runs.clear()


@pytest.mark.parametrize("how", ["kill", "interrupt"])
def test_the_containers_end_with_it(own: tuple[PrivateDockerd, Runs], how: str) -> None:
    """The run ended with the engine: when that is back, the record says so, with all that was printed."""
    engine, runs = own
    run = runs.launch('trap "echo saved; exit 143" TERM; echo ready; while :; do sleep 0.02; done')
    runs.printed(run, b"ready")
    getattr(engine, how)()
    until(lambda: not runs.now(run).state.active or "does not answer" in runs.now(run).detail)
    engine.start()
    done = runs.ended(run)
    assert done.state in (RunState.STOPPED, RunState.FAILED)
    assert done.exit_code in ((143,) if how == "interrupt" else (137, 143, 255))
    assert done.finished >= done.started
    assert runs.log(run)[1].startswith(b"ready\n")
    assert runs.raw(run).count(b"ready") == 1
    if how == "interrupt":
        assert b"saved" in runs.log(run)[1]
        assert "when its engine was shut down" in done.detail
        assert "may be lost" not in done.notes


def test_what_is_printed_while_nobody_takes_it_is_called_lost(lively: tuple[PrivateDockerd, Runs]) -> None:
    """It ends while its engine is dead: a mark stands in the log where it breaks off, and the record has a note."""
    engine, runs = lively
    run = runs.launch(f"echo step 1 - loss: 0.5; {HOLD}; sleep 1.5; echo no more")
    runs.printed(run, b"step 1")
    container = runs.now(run).container_id
    engine.kill()
    until(lambda: "does not answer" in runs.now(run).detail)
    runs.go(run)
    until(lambda: not running(container))
    engine.start()
    done = runs.ended(run)
    assert done.state is RunState.FINISHED
    assert "what it printed then may be lost" in done.notes
    assert b"no more" in runs.raw(run) or b"may be lost" in runs.raw(run).splitlines()[-1]
    assert runs.points(run) == {"loss": [(1, 0.5)]}


def running(container: str) -> bool:
    """A process of the container is there."""
    groups = Path("/sys/fs/cgroup").glob(f"**/{container}/cgroup.procs")
    return any(group.read_text().strip() for group in groups)


def test_both_are_killed(lively: tuple[PrivateDockerd, Runs]) -> None:
    """Engine and supervisor die; whoever comes later finds the whole run."""
    engine, runs = lively
    run = runs.launch(f"echo loss: 1; {HOLD}; echo loss: 2")
    runs.printed(run, b"loss: 1")
    engine.kill()
    runs.kill_supervisor(run)
    assert runs.launcher.adopt() == 1
    until(lambda: "does not answer" in runs.now(run).detail)
    engine.start()
    runs.go(run)
    assert runs.ended(run).state is RunState.FINISHED
    assert runs.log(run)[1] == b"loss: 1\nloss: 2\n"


def test_an_engine_that_was_away_at_the_launch(own: tuple[PrivateDockerd, Runs]) -> None:
    """It is away when the supervisor asks: the launch fails with the engine's sentence, and nothing is left of it."""
    engine, runs = own
    profile = runs.profile("true")
    info = runs.engine.info()
    runs.launcher._choose = lambda wish: EngineChoice(runs.engine, info)
    engine.kill()
    began = time.time()
    run = runs.launcher.launch(profile)
    runs.launched.append(run)
    done = runs.ended(run)
    assert (done.state, done.reason) == (RunState.FAILED, "start")
    assert "No Docker engine answers" in done.detail
    assert done.finished >= began


@pytest.mark.parametrize("wish", ["", "docker"])
def test_a_viewer_finds_an_engine_that_comes_later(
    own: tuple[PrivateDockerd, Runs], wish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then this machine's processes stand in for it, or it is said that it is not there."""
    engine, _ = own
    monkeypatch.setattr(cockpit, "_ASK_AGAIN_S", (0.2,))
    engine.kill()
    viewer = cockpit.Cockpit(AppOptions(engine=wish, endpoint=engine.url))
    viewer.start()
    try:
        until(lambda: viewer.engine_error or (viewer.choice and viewer.choice.reason))
        seen, before = viewer.catalog, viewer.version
        engine.start()
        until(lambda: viewer.choice and not viewer.choice.reason and viewer.version > before)
        assert viewer.catalog is not seen
        assert viewer.catalog.engine.name == "docker"
        assert (viewer.engine_error, viewer.version > before) == ("", True)
    finally:
        viewer.close()
