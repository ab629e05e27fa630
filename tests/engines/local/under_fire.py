"""A command that prints as fast as it can while whoever passes its output on is killed again and again.

    python -m tests.engines.local.under_fire [--kills 300] [--seed 1]

runs it by hand, and prints how many kills went by and the first difference.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from mltui.domain.launch import LaunchSpec
from mltui.engines.local import LocalEngine
from mltui.engines.local.process import Process
from mltui.engines.local.shim import STREAMS

#: Every line is another, so that a difference says where it is; what is printed is this block again and again, much
#: longer than a pipe, in writes that fit no page.
_LINES = 200_000
_COMMAND = """
import os, sys
block = b"".join(b"%039d\\n" % i for i in range(int(sys.argv[2])))
while not os.path.exists(sys.argv[1]):
    for start in range(0, len(block), 40009):
        part = memoryview(block)[start:start + 40009]
        while part:
            part = part[os.write(1, part):]
"""
_BLOCK = b"".join(b"%039d\n" % i for i in range(_LINES))
_WHOLE = len(_BLOCK)


class Shot:
    """One such run. ``fire`` in a thread of its own, while ``difference`` follows."""

    def __init__(self, engine: LocalEngine, spec: Callable[..., LaunchSpec], folder: Path) -> None:
        self._stop = folder / "stop"
        launch = spec("python", "-c", _COMMAND, str(self._stop), str(_LINES))
        self.id = engine.create(launch, engine.prepare(launch, lambda _: None))
        self._engine = engine
        self.log = engine.attach(self.id)
        engine.start(self.id)
        self.process: Process = engine._processes.get(self.id)

    def fire(self, kills: int, chance: random.Random) -> None:
        """Kill whoever passes the output on at ``kills`` moments, and have it taken up; then let the command end."""
        try:
            for _ in range(kills):
                time.sleep(chance.uniform(0, 0.02))
                while not (pids := relays(self.process)):
                    if self.process.ended:
                        return
                    time.sleep(0.001)
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                while self.process.relayed:
                    time.sleep(0.001)
                self.process.take_over()
        finally:
            self._stop.touch()


def relays(process: Process) -> list[int]:
    """The shim of a process, or those that took over from it."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(process.folder).encode() in words and any(word.endswith(b"shim.py") for word in words):
            found.append(int(name))
    return found


def difference(chunks: Iterable[bytes]) -> str:
    """How what was followed differs from what was printed, in few words; empty when it does not."""
    at = 0
    for data in chunks:
        done = 0
        while done < len(data):
            size = min(len(data) - done, _WHOLE - (at + done) % _WHOLE)
            start = (at + done) % _WHOLE
            if data[done : done + size] != _BLOCK[start : start + size]:
                return _first(at + done, data[done : done + size], start)
            done += size
        at += len(data)
    rest = at % _WHOLE
    return f"it ends {_WHOLE - rest} bytes too early" if rest else ""


def _first(at: int, data: bytes, start: int) -> str:
    wrong = next(i for i, (a, b) in enumerate(zip(data, _BLOCK[start:], strict=False)) if a != b)
    seen = data[wrong : wrong + 80]
    there = (_BLOCK + _BLOCK).find(seen, start + wrong)
    back = _BLOCK.rfind(seen, 0, start + wrong)
    ahead, behind = there - start - wrong, start + wrong - back
    what = f"{ahead} bytes are lost" if there >= 0 and (back < 0 or ahead < behind) else f"{behind} bytes come again"
    return f"from byte {at + wrong} on {what}: {seen[:44]!r}"


def _run(kills: int, chance: random.Random) -> str:
    """One run that is shot at; its difference, else how much came through."""
    with tempfile.TemporaryDirectory() as name:
        folder, fields = Path(name), {"run_id": "r1", "profile": "tiny", "name": "tiny-r1", "image": ""}
        engine = LocalEngine(folder / "local")
        shot = Shot(engine, lambda *command: LaunchSpec(**fields, project=name, command=command, labels={}), folder)
        gun = threading.Thread(target=shot.fire, args=(kills, chance))
        gun.start()
        told = difference(chunk.data for chunk in shot.log)
        gun.join()
        size = sum((shot.process.folder / stream).stat().st_size for stream in STREAMS.values())
        return told or f"{size >> 20} MiB, the same"


def main() -> None:
    """Fire, and print how each run came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--each", type=int, default=20, help="kills a run")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    for done in range(options.each, options.kills + 1, options.each):
        print(f"{done} kills: {_run(options.each, chance)}", flush=True)


if __name__ == "__main__":
    main()
