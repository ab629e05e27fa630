"""How fast the metric reader is, beside one regular expression on the same lines in the same run.

usage: python tests/bench/bench_reader.py [--compiled] [LOG ...]

Without arguments the logs of ``tests/parsers/cases`` are read, each made as long as that of a training that went on.
What stands in front of the first line that counts, and behind the last, comes once. The rest comes again and again,
word for word, with other digits behind the points, so that shapes and widths stay and values are new, and with counters
that go on from one time to the next: epochs, steps, what a bar over the whole training counts. What begins anew in the
log itself, as the batches do in each epoch, still does. (With counters that return, it would seem to be the log of
hundreds of trainings, and each might have a heading.) A log without metrics is repeated whole.

A line is what a newline or a carriage return ends: each state of a bar is one. Prints whether the reader is compiled or
interpreted, lines per second of one core for every log and for all, and the ratio to the regular expression. Run by its
path it measures the mltui that is installed, as a module (``python -m …``) that of the working directory.

With ``--compiled`` the reader of this tree is compiled in a temporary folder first, which takes a minute or two. It is
measured in turn with the other: what else the machine does is the same for both, and for the regular expression.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import re
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from mltui.parsers import reader as measured
from mltui.parsers.garbage import look_rarely
from mltui.parsers.reader import MetricReader

ROOT = Path(__file__).parent.parent.parent
SIZE = 300_000
PAIR = re.compile(rb"([A-Za-z_][\w/]*)\s*[:=]\s*([-+]?\d+\.?\d*(?:[eE][-+]?\d+)?)")
DECIMALS = re.compile(rb"(?<=\.)\d+")
LINE = re.compile(rb"[^\r\n]*[\r\n]+|[^\r\n]+$")
# A number that may count, with the blanks of its column, and of how many: no part of a date, and nothing with a unit.
NUMBER = re.compile(rb"(?<![\w.:,/-])((?<= ) *|)(\d+(?:\.\d+)?)(?:/(\d+))?(?![\w%]|[:.,-]\d)")
FIGURE = re.compile(rb"\d[\d.]*(?:e[-+]?\d+)?")
LAST_WORD = re.compile(rb"[A-Za-z_]*[^A-Za-z_]*$")
# What pads a column, and fills a bar.
BLANKS = bytes([*b" -#", *range(0x80, 0x100)])
LINE_END = re.compile(rb"[\r\n]+")
CONTROLS = str.maketrans({"␍": "\r", "␛": "\x1b", "␈": "\b"})


def enlarge(log: bytes) -> bytes:
    """The log as it might be had the training gone on: no line comes twice, and its counters do not return."""
    lines = LINE.findall(log)
    counters = find_counters(lines) if read(log) else [dict[int, float]()] * len(lines)
    counting = [i for i, found in enumerate(counters) if found]
    first, last = (counting[0], counting[-1] + 1) if counting else (0, len(lines))
    further = 1 + int(max((value for found in counters for value in found.values()), default=0))
    chance, digits = random.Random(1), b"123456789"
    times = 1 + SIZE // max(1, sum(map(len, lines[first:last])))
    parts = lines[:first]
    for i in range(times):
        table = bytes.maketrans(digits, bytes(chance.sample(digits, len(digits))) if i else digits)
        for line, found in zip(lines[first:last], counters[first:last], strict=True):
            new = DECIMALS.sub(lambda decimals, table=table: decimals[0].translate(table), line)
            parts.append(count_on(new, found, further * i, further * times) if found else new)
    return b"".join([*parts, *lines[last:]])


def find_counters(lines: list[bytes]) -> list[dict[int, float]]:
    """Which numbers of each line count through the whole log, and where they are.

    Those with the same word in front of them, and the same total behind, grow; what is below the last of them comes at
    the end alone.
    """
    columns = defaultdict[tuple[object, ...], list[tuple[int, int, float]]](list)
    for row, line in enumerate(lines):
        for i, found in enumerate(NUMBER.finditer(line)):
            in_front = FIGURE.sub(b"0", line[: found.start()]).translate(None, BLANKS)
            columns[LAST_WORD.search(in_front)[0], found[3]].append((row, i, float(found[2])))
    counters = [dict[int, float]() for _ in lines]
    for column in columns.values():
        values = [value for _, _, value in column]
        values = values[: len(values) - values[::-1].index(max(values))]
        if grows(values):
            for row, i, value in column[: len(values)]:
                counters[row][i] = value
    return counters


def grows(values: list[float]) -> bool:
    """Whether ``values`` are those of a counter: whole, or in even steps but for gaps, and never falling."""
    steps = [after - before for before, after in pairwise(values) if after != before]
    if len(steps) < 3 or min(steps) < 0:
        return False
    return all(map(float.is_integer, values)) or {round(step / min(steps), 3) for step in steps} <= {1, 2}


def count_on(line: bytes, counters: dict[int, float], further: int, furthest: int) -> bytes:
    """``line`` with its counters so much ``further`` on, and their totals beyond the last of them."""
    at = count()

    def number(found: re.Match[bytes]) -> bytes:
        value = counters.get(next(at))
        if value is None:
            return found[0]
        text = f"{value + further:.{len(found[2].partition(b'.')[2])}f}".rjust(len(found[1]) + len(found[2])).encode()
        return text + (b"/%d" % (int(found[3]) + furthest) if found[3] else b"")

    return NUMBER.sub(number, line)


def read(log: bytes, make: type[MetricReader] = MetricReader) -> int:
    reader = make()
    return sum(len(reader.feed(log[i : i + 65536])) for i in range(0, len(log), 65536)) + len(reader.close())


def search(log: bytes) -> int:
    return sum(PAIR.search(line) is not None for line in LINE_END.split(log))


def seconds(works: Sequence[Callable[[bytes], int]], log: bytes) -> list[float]:
    """The best of three of each of ``works``, in turn, in seconds of one core."""
    best = [float("inf")] * len(works)
    for _ in range(3):
        for i, work in enumerate(works):
            start = time.process_time()
            work(log)
            best[i] = min(best[i], time.process_time() - start)
    return best


def compiled_in(folder: Path) -> type[MetricReader]:
    """The reader of this tree, compiled in ``folder``; all modules that it needs are there once more."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    asked = os.environ | {"HATCH_BUILD_HOOK_ENABLE_CUSTOM": "1"}
    subprocess.run(command, cwd=ROOT, env=asked, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    for name in [name for name in sys.modules if name.partition(".")[0] == "mltui"]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    return importlib.import_module("mltui.parsers.reader").MetricReader


def load(path: Path) -> bytes:
    if path.suffix == ".txt":
        return path.read_text().partition("===== points")[0].translate(CONTROLS).encode()
    return path.read_bytes()


def figures(lines: float, mine: float, floor: float) -> str:
    return f"{lines / mine / 1000:7.0f} k lines/s {mine / floor:6.1f} x regex"


def measure(paths: list[Path], readers: list[type[MetricReader]]) -> None:
    """Measure and print each log, and all."""
    works = [*(partial(read, make=make) for make in readers), search]
    total, lines = [0.0] * len(works), 0
    for path in paths:
        log = enlarge(load(path))
        count, spent = len(LINE_END.split(log)), seconds(works, log)
        lines, total = lines + count, [a + b for a, b in zip(total, spent, strict=True)]
        name = path.stem if path.suffix == ".txt" else f"{path.parent.name}/{path.name}"
        print(f"{name:40} {len(log) / spent[0] / 1e6:6.1f} MB/s", *(figures(count, s, spent[-1]) for s in spent[:-1]))
    print(f"{'all':40} {'':11}", *(figures(lines, s, total[-1]) for s in total[:-1]))


def main() -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("logs", nargs="*", type=Path)
    cases = Path(__file__).parent.parent / "parsers" / "cases"
    args = parser.parse_args()
    paths = args.logs or sorted(cases.glob("*.txt"))
    look_rarely()
    print(f"the {'interpreted' if measured.__file__.endswith('.py') else 'compiled'} reader, {measured.__file__}")
    if not args.compiled:
        measure(paths, [MetricReader])
        return
    with TemporaryDirectory(prefix="mltui-") as folder:
        began = time.monotonic()
        compiled = compiled_in(Path(folder))
        made = sys.modules[compiled.__module__].__file__
        print(f"and the compiled one, made within {time.monotonic() - began:.0f} s, {made}")
        measure(paths, [MetricReader, compiled])


if __name__ == "__main__":
    main()
