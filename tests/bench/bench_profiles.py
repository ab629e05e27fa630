"""How soon many profiles are listed: their names, all that they say, and again when nothing has changed.

    python -m tests.bench.bench_profiles [--profiles 500] [--rounds 5]

The profiles are copies of an example, each in a folder of its own. Floors are measured in the same run: finding the
files and asking for the time of their last change, and reading their bytes without looking at them. The names are what
the app shows first; what they say (description, tags, what is wrong) comes as it is read, in its background.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mltui.storage.profiles import ProfileRepository, examples_folder, load_profile


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


def main() -> None:
    """Print the medians, each beside its floor."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, args.profiles)
        # What is imported late is there: the app imports it beside its first frame.
        load_profile(folder / "profile-0000", {})
        rounds = [measure(folder) for _ in range(args.rounds)]
    medians = {way: statistics.median(one[way] for one in rounds) for way in rounds[0]}
    floors = {"names": "find", "all they say": "read bytes", "again": "find"}
    print(f"{args.profiles} profiles, median of {args.rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for way, seconds in medians.items():
        ratio = f"  {seconds / medians[floors[way]]:6.1f} x {floors[way]}" if way in floors else "  (floor)"
        print(f"  {way:<14} {seconds * 1000:8.1f} ms {ratio}")


if __name__ == "__main__":
    main()
