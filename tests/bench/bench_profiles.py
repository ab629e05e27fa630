"""How soon many profiles are listed: their names, all that they say, and again when nothing has changed.

    python -m tests.bench.bench_profiles [--profiles 500] [--rounds 5]

The profiles are copies of an example, each in a folder of its own. Floors are measured in the same run: finding the
files and asking for the time of their last change, and reading their bytes without looking at them. The names are what
the app shows first; what they say (description, tags, what is wrong) comes as it is read, in its background.

Then the app itself on a terminal, with all of them and with one alone, started in turn: from its first frame to the
names on the screen (goal 100 ms, which is 0.4 of a first frame of 0.25 s: on a machine with other work the ratio
tells), and what a key takes while the rest is read behind them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mltui.storage.profiles import ProfileRepository, examples_folder, load_profile
from tests.support.terminal import Terminal

APP = [sys.executable, "-m", "mltui", "--engine", "local"]
#: Keys pressed while the profiles are read.
_KEYS = 12


def write(folder: Path, count: int) -> None:
    """``count`` profiles."""
    text = (examples_folder() / "mnist-mlp" / "profile.yaml").read_text()
    for index in range(count):
        name = f"profile-{index:04d}"
        (folder / name).mkdir()
        (folder / name / "profile.yaml").write_text(text.replace("name: mnist-mlp", f"name: {name}"))


def timed(act: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def stat_all(folder: Path) -> None:
    """Find the files as the system can, without more."""
    with os.scandir(folder) as found:
        for entry in found:
            os.stat(f"{entry.path}/profile.yaml")


def read_all(folder: Path) -> None:
    """Read every byte."""
    for path in folder.glob("*/profile.yaml"):
        path.read_bytes()


def measure(folder: Path) -> dict[str, float]:
    """Seconds of each way, once."""
    repository = ProfileRepository([folder], cwd=folder, environment={})
    return {
        "find": timed(lambda: stat_all(folder)),
        "read bytes": timed(lambda: read_all(folder)),
        "names": timed(lambda: repository.list_within(0)),
        "all they say": timed(repository.list),
        "again": timed(repository.list),
    }


def start(folder: Path, home: Path) -> dict[str, float]:
    """Start the app on a folder: seconds to its first frame, from there to the first name, and of a key after that."""
    with Terminal([*APP, str(folder)], environment={"MLTUI_HOME": str(home), "MLTUI_CONFIG": str(home)}) as terminal:
        # The bytes are looked at as they come: an emulator takes longer than the app.
        terminal.emulated = False
        assert terminal.pump(30, lambda: b"Profiles" in terminal.raw)
        frame = time.perf_counter()
        assert terminal.pump(30, lambda: b"profile-0000" in terminal.raw)
        named = time.perf_counter()
        terminal.emulated = True
        keys = [terminal.latency("j" if at % 4 < 2 else "k") for at in range(_KEYS)]
        key = statistics.median(seconds for seconds in keys if seconds is not None)
        return {"first frame": frame - terminal.began, "names after it": named - frame, "a key then": key}


def in_the_app(folder: Path, alone: Path, rounds: int) -> None:
    """Print how soon the names are on the screen with all profiles, beside one profile and beside the first frame."""
    # An installed program is compiled once; a checkout at each start where Python is told to keep no bytecode.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as home:
        starts = [(start(alone, Path(home)), start(folder, Path(home))) for _ in range(rounds + 1)][1:]
    one, all_ = (
        {what: statistics.median(pair[at][what] for pair in starts) for what in starts[0][at]} for at in (0, 1)
    )
    print(f"in the app on a terminal, median of {rounds} starts each, load {os.getloadavg()[0]:.1f}")
    for what in one:
        ratio = f"{all_[what] / one[what]:5.2f} x one, {all_[what] / all_['first frame']:5.2f} x its first frame"
        print(f"  {what:<14} one {one[what] * 1000:8.1f} ms   all {all_[what] * 1000:8.1f} ms   {ratio}")


def main() -> None:
    """Print the medians, each beside its floor."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, alone = Path(name, "all"), Path(name, "one")
        for place, count in ((folder, args.profiles), (alone, 1)):
            place.mkdir()
            write(place, count)
        # What is imported late is there: the app imports it beside its first frame.
        load_profile(folder / "profile-0000", {})
        rounds = [measure(folder) for _ in range(args.rounds)]
        report(args, rounds)
        in_the_app(folder, alone, args.rounds)


def report(args: argparse.Namespace, rounds: list[dict[str, float]]) -> None:
    """Print the medians of what the repository took."""
    medians = {way: statistics.median(one[way] for one in rounds) for way in rounds[0]}
    floors = {"names": "find", "all they say": "read bytes", "again": "find"}
    print(f"{args.profiles} profiles, median of {args.rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for way, seconds in medians.items():
        ratio = f"  {seconds / medians[floors[way]]:6.1f} x {floors[way]}" if way in floors else "  (floor)"
        print(f"  {way:<14} {seconds * 1000:8.1f} ms {ratio}")


if __name__ == "__main__":
    main()
