"""How fast the metric reader is, beside one regular expression on the same lines in the same run.

usage: python tests/bench/bench_reader.py [LOG ...]

Without arguments the logs of ``tests/parsers/cases`` are read, each repeated until it is large with other digits behind
the points, so that names, shapes and widths stay and values are new. A line is what a newline or a carriage return
ends: each state of a bar is one. Prints lines per second of one core for every log and for all, and the ratio to the
regular expression.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable
from pathlib import Path

from mltui.parsers.reader import MetricReader

SIZE = 300_000
PAIR = re.compile(rb"([A-Za-z_][\w/]*)\s*[:=]\s*([-+]?\d+\.?\d*(?:[eE][-+]?\d+)?)")
VALUE = re.compile(rb"(?<=\.)\d+")
LINE_END = re.compile(rb"[\r\n]+")
CONTROLS = str.maketrans({"␍": "\r", "␛": "\x1b", "␈": "\b"})


def enlarge(log: bytes) -> bytes:
    """The log again and again with the digits of its values exchanged, so that no line comes twice."""
    chance, digits = random.Random(1), b"123456789"
    parts = [log]
    for _ in range(SIZE // max(1, len(log))):
        table = bytes.maketrans(digits, bytes(chance.sample(digits, len(digits))))
        parts.append(VALUE.sub(lambda found, table=table: found[0].translate(table), log))
    return b"".join(parts)


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
