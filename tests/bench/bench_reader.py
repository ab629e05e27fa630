"""How fast the metric reader is, beside one regular expression on the same lines in the same run.

usage: python tests/bench/bench_reader.py [LOG ...]

Without arguments the logs of ``tests/parsers/cases`` are read, each made as long as that of a training that went on.
What stands in front of the first line that counts, and behind the last, comes once. The rest comes again and again,
word for word, with other digits behind the points, so that shapes and widths stay and values are new, and with counters
that go on from one time to the next: epochs, steps, what a bar over the whole training counts. What begins anew in the
log itself, as the batches do in each epoch, still does. (With counters that return, it would seem to be the log of
hundreds of trainings, and each might have a heading.) A log without metrics is repeated whole.

A line is what a newline or a carriage return ends: each state of a bar is one. Prints whether the reader is compiled or
interpreted, lines per second of one core for every log and for all, and the ratio to the regular expression. Run by its
path it measures the mltui that is installed, as a module (``python -m …``) that of the working directory.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path

from mltui.parsers import reader as measured
from mltui.parsers.garbage import look_rarely
from mltui.parsers.reader import MetricReader

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


def read(log: bytes) -> int:
    reader = MetricReader()
    return sum(len(reader.feed(log[i : i + 65536])) for i in range(0, len(log), 65536)) + len(reader.close())


def search(log: bytes) -> int:
    return sum(PAIR.search(line) is not None for line in LINE_END.split(log))


def seconds(work: Callable[[bytes], int], log: bytes) -> float:
    """The best of three, in seconds of one core."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work(log)
        best = min(best, time.process_time() - start)
    return best


def load(path: Path) -> bytes:
    if path.suffix == ".txt":
        return path.read_text().partition("===== points")[0].translate(CONTROLS).encode()
    return path.read_bytes()


def main() -> None:
    """Measure and print."""
    print(f"the {'interpreted' if measured.__file__.endswith('.py') else 'compiled'} reader, {measured.__file__}")
    look_rarely()
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("logs", nargs="*", type=Path)
    cases = Path(__file__).parent.parent / "parsers" / "cases"
    paths = parser.parse_args().logs or sorted(cases.glob("*.txt"))
    lines = reading = searching = 0.0
    for path in paths:
        log = enlarge(load(path))
        count, mine, floor = len(LINE_END.split(log)), seconds(read, log), seconds(search, log)
        lines, reading, searching = lines + count, reading + mine, searching + floor
        name = path.stem if path.suffix == ".txt" else f"{path.parent.name}/{path.name}"
        rate, volume = count / mine / 1000, len(log) / mine / 1e6
        print(f"{name:40} {rate:7.0f} k lines/s {volume:6.1f} MB/s {mine / floor:6.1f} x regex")
    print(f"{'all':40} {lines / reading / 1000:7.0f} k lines/s {'':11} {reading / searching:6.1f} x regex")


if __name__ == "__main__":
    main()
