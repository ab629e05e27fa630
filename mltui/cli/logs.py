"""``mltui logs``: what a run printed, as a terminal would show it, or byte by byte."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from mltui.cli.output import cut, is_terminal, say, terminal_columns
from mltui.cli.session import open_launcher
from mltui.domain.errors import NotFound, UsageError
from mltui.domain.text import clean
from mltui.storage.log_file import LogReader

if TYPE_CHECKING:
    from mltui.domain.run import Run
    from mltui.runtime.launcher import Launcher
    from mltui.storage.run_folder import RunFolder

_TICK_S = 0.1
_READ = 1 << 20
#: Bytes from which the last lines are looked for, at first, and bytes of a line.
_NEAR, _USUAL = 1 << 20, 100


def logs(args: Namespace) -> int:
    """Print a run's log, or how its image was made."""
    if args.raw and sys.stdout.isatty() and not args.force:
        raise UsageError(
            "--raw would send the log's control sequences to this terminal.",
            "Send it to a file or a pipe, or insist with --force.",
        )
    launcher = open_launcher(args)
    run = launcher.database.find(args.run)
    if args.build:
        return _print_build(launcher, run, args)
    return _print_log(launcher, run, args)


def _print_build(launcher: Launcher, run: Run, args: Namespace) -> int:
    path = launcher.folder(run.id).build_log
    at = 0

    def pieces() -> Iterator[tuple[bytes, int]]:
        nonlocal at
        if path.exists():
            with path.open("rb") as file:
                file.seek(at)
                data = file.read()
            at += len(data)
            yield data, 1

    _print(pieces, _LinePrinter(args.tail), _activity(launcher, run) if args.follow else lambda: False)
    if not at:
        say(f"Run {run.id} has no build log: its image was there, or it did not get so far.")
    return 0


def _print_log(launcher: Launcher, run: Run, args: Namespace) -> int:
    folder = launcher.folder(run.id)
    active = _activity(launcher, run) if args.follow else lambda: False
    log = _open(folder, active)
    if log is None:
        _say_why_empty(folder, launcher.database.get(run.id) or run)
        return 0
    with log:
        printer = _RawPrinter(args.tail) if args.raw else _LinePrinter(args.tail)
        if args.tail is not None:
            _go_near_end(log, args.tail)
        _print(lambda: ((piece.data, piece.stream) for piece in log.pieces()), printer, active)
    return 0


def _go_near_end(log: LogReader, lines: int) -> None:
    """Go so far before the log's end that the last ``lines`` come out as from its start: a long log takes its time."""
    from mltui.parsers.terminal.line_screen import WINDOW, LineScreen

    # Rows of the window may be drawn over by what comes behind them.
    wanted, end = lines + WINDOW, log.size
    size = max(_NEAR, _USUAL * wanted)
    while size < end:
        log.rewind()
        log.skip_to(end - size)
        log.skip_line()
        start, screens = log.offset, defaultdict[int, LineScreen](LineScreen)
        found = sum(len(screens[piece.stream].feed(piece.data)) for piece in log.pieces(end - start))
        log.rewind()
        if found >= wanted:
            log.skip_to(start)
            return
        size *= 4


def _print(
    pieces: Callable[[], Iterable[tuple[bytes, int]]], printer: _LinePrinter | _RawPrinter, active: Callable[[], bool]
) -> None:
    """Print what there is, and what comes while more may come."""
    while True:
        going_on = active()
        for data, stream in pieces():
            printer.take(data, stream)
        if not going_on:
            break
        printer.show()
        time.sleep(_TICK_S)
    printer.close()


def _activity(launcher: Launcher, run: Run) -> Callable[[], bool]:
    """Asks whether more may come: the run is active, or its supervisor still writes."""
    folder = launcher.folder(run.id)

    def active() -> bool:
        now = launcher.database.get(run.id)
        return now is not None and (now.state.active or folder.supervised)

    return active


def _open(folder: RunFolder, active: Callable[[], bool]) -> LogReader | None:
    """The log; while the run may still begin one, it is waited for."""
    while True:
        going_on = active()
        try:
            return LogReader(folder.path)
        except OSError:
            if not going_on:
                return None
            time.sleep(_TICK_S)


def _say_why_empty(folder: RunFolder, run: Run) -> None:
    if not folder.path.is_dir():
        raise NotFound(f"The folder of run {run.id} is gone: {folder.path}.")
    how = f" How its image was made: mltui logs {run.id} --build" if folder.build_log.exists() else ""
    say(f"Run {run.id} ({run.state}) has printed nothing yet.{how}")


class _LinePrinter:
    """Prints finished lines; on a terminal also, in place, the line that is being drawn."""

    def __init__(self, tail: int | None) -> None:
        from mltui.parsers.terminal.line_screen import LineScreen

        self._new_screen = LineScreen
        self._screens: dict[int, LineScreen] = {}
        self._held: deque[str] | None = None if tail is None else deque(maxlen=tail)
        self._draws = is_terminal(sys.stdout)
        self._drawn = ""

    def take(self, data: bytes, stream: int) -> None:
        """Print the lines that ``data`` finishes."""
        screen = self._screens.setdefault(stream, self._new_screen())
        for at in range(0, len(data), _READ):
            self._print(screen.feed(data[at : at + _READ]))

    def _print(self, lines: Iterable[str]) -> None:
        if self._held is not None:
            self._held.extend(lines)
            return
        text = "".join(f"{clean(line)}\n" for line in lines)
        if text:
            self._erase()
            sys.stdout.write(text)

    def show(self) -> None:
        """Everything taken is visible now."""
        if self._held is not None:
            held, self._held = self._held, None
            self._print(held)
        pending = next((s.pending for s in self._screens.values() if s.pending.strip()), "")
        if self._draws and pending != self._drawn:
            self._erase()
            self._drawn = pending
            sys.stdout.write(cut(clean(pending), terminal_columns() - 1))
        sys.stdout.flush()

    def _erase(self) -> None:
        if self._drawn:
            sys.stdout.write("\r\x1b[K")
            self._drawn = ""

    def close(self) -> None:
        """Print what had no end."""
        self._erase()
        for screen in self._screens.values():
            self._print(screen.close())
        self.show()


class _RawPrinter:
    """Writes bytes as they were received."""

    def __init__(self, tail: int | None) -> None:
        if tail is not None:
            raise UsageError("--raw and --tail do not go together.", "Use: mltui logs RUN --raw | tail -n N")

    def take(self, data: bytes, stream: int) -> None:
        """Write ``data``."""
        sys.stdout.buffer.write(data)

    def show(self) -> None:
        """Everything taken is visible now."""
        sys.stdout.flush()

    close = show
