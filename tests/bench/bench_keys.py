"""How quick keys are while the run that is looked at floods its log on Docker.

    python -m tests.bench.bench_keys [--lines 6000000] [--presses 100] [--still]

Needs root and dockerd (a private engine is started and removed). The floor is the same key in a Textual app that does
nothing else, on the same busy machine, pressed in turn. ``--still``: the same run, holding still.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mltui.domain.run import Run
from mltui.engines.base import EngineChoice
from mltui.engines.docker import DockerEngine
from mltui.plugins import make_engine
from mltui.runtime.launcher import Launcher
from mltui.storage.history import RunDatabase
from mltui.storage.profiles import load_profile
from tests.support.dockerd import PrivateDockerd
from tests.support.images import BUSYBOX, load_busybox
from tests.support.terminal import Terminal, cpu_seconds

FLOOR = """
from textual.app import App
from textual.widgets import Static
class Floor(App):
    BINDINGS = [("f", "flip", "flip")]
    still = False
    def compose(self):
        self.word = Static("here")
        yield self.word
    def action_flip(self):
        self.still = not self.still
        self.word.update("here, standing still" if self.still else "here")
Floor().run()
"""
WORD = b"standing still"


def flood(launcher: Launcher, folder: Path, lines: int, still: bool) -> Run:
    """Launch a run that prints ``lines`` lines, or one, and stays."""
    text = "%07d words of a log that have nothing to say about any figure of the training"
    script = f"awk 'BEGIN {{ for (i = 1; i <= {1 if still else lines}; i++) printf \"{text}\\n\", i }}'; sleep 1000"
    (folder / "profile.yaml").write_text(
        json.dumps({"image": BUSYBOX, "gpus": "none", "command": ["sh", "-c", script]})
    )
    return launcher.launch(load_profile(folder))


def end(launcher: Launcher, run: Run) -> None:
    """Kill the run and wait for its supervisor, which would go on reading the flood beside what is measured next."""
    while (now := launcher.database.get(run.id)) and now.state.active:
        launcher.kill(now)
        time.sleep(1)


def measure(presses: int, floods: Callable[[], bool]) -> None:
    """Press the key in both programs in turn."""
    found: dict[str, list[float]] = {"empty app": [], "mltui": []}
    with Terminal([sys.executable, "-c", FLOOR]) as empty, Terminal([sys.executable, "-m", "mltui"]) as app:
        empty.until("here")
        app.until(r"words of a log")
        app.press("6")
        app.pump(1)
        terminals = {"empty app": empty, "mltui": app}
        # An emulator takes longer to read a frame of the log than mltui to write it.
        empty.emulated = app.emulated = False
        empty.beside, app.beside = [app], [empty]
        began, before = time.perf_counter(), cpu_seconds(app.processes())
        for _ in range(presses):
            if not floods():
                break
            for name, terminal in terminals.items():
                found[name].append(1000 * terminal.answered("f", WORD))
                terminal.pump(0.1)
                terminal.press("f")
        used = 100 * (cpu_seconds(app.processes()) - before) / (time.perf_counter() - began)
    for name, times in found.items():
        times.sort()
        late = times[int(len(times) * 0.95)]
        print(f"{name}: {len(times)} keys, median {statistics.median(times):.1f} ms, 95th percentile {late:.1f} ms")
    print(f"(goal 30 ms); mltui used {used:.0f} % of a core; load {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=6_000_000)
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--still", action="store_true")
    options = parser.parse_args()
    with contextlib.suppress(OSError):
        # What measures must not wait for a processor itself; the programs that it starts are ordinary again.
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(10))
    dockerd = PrivateDockerd()
    with tempfile.TemporaryDirectory() as name:
        try:
            dockerd.start()
            load_busybox(dockerd.url)
            home = Path(name) / "home"
            os.environ |= {"DOCKER_HOST": dockerd.url, "MLTUI_HOME": str(home), "MLTUI_CONFIG": f"{name}/config"}
            engine = DockerEngine(dockerd.url)
            choice = EngineChoice(engine, engine.info())
            launcher = Launcher(home, RunDatabase(home / "runs.db"), lambda wish: choice, make_engine)
            run = flood(launcher, Path(name), options.lines, options.still)
            log, sizes = launcher.folder(run.id).log, [0]

            def floods() -> bool:
                sizes.append(log.stat().st_size if log.exists() else 0)
                return options.still or sizes[-1] > sizes[max(0, len(sizes) - 12)]

            measure(options.presses, floods)
            end(launcher, run)
        finally:
            dockerd.stop()


if __name__ == "__main__":
    main()
