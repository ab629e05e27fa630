"""The program: it runs what the command line means, and turns what that raises into a sentence and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from mltui.domain.errors import MltuiError, ProfileError, UsageError
from mltui.domain.text import clean, one_line

FAILED, WRONG_USAGE = 1, 2
#: As a shell counts a process that a signal ended.
INTERRUPTED, PIPE_CLOSED = 128 + 2, 128 + 13


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that ``argv`` names; returns 0, 1 (it failed) or 2 (wrong usage)."""
    _open_what_is_closed()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a test may put another kind of stream here
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except SystemExit as ending:
        return int(ending.code or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return PIPE_CLOSED
    except MltuiError as error:
        return _report(error)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _print(f"{where}{error.strerror or error}.")
        return FAILED
    except Exception as error:
        return _report_bug(error)
    return code


def _open_what_is_closed() -> None:
    """Let nothing take the numbers of streams that the caller closed (``2>&-``): what is written there goes nowhere."""
    if sys.stdin is not None and sys.stdout is not None and sys.stderr is not None:
        return
    while (fd := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(fd, True)
    os.close(fd)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open to the program's end
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _run(words: list[str]) -> int:
    if not words:
        # The usual start: the app's first frame waits for no command and no parser.
        from mltui.cli.app import open_app

        return open_app()
    from mltui.cli.dispatch import dispatch

    return dispatch(words)


def _print(text: str) -> None:
    print(f"mltui: {clean(text)}", file=sys.stderr)


def _report(error: MltuiError) -> int:
    """The sentence on stderr, below it what to do."""
    if isinstance(error, ProfileError):
        for problem in error.problems:
            print(clean(str(problem)), file=sys.stderr)
    else:
        _print(error.message)
    for line in getattr(error, "tail", ()):
        print(f"  {clean(line)}", file=sys.stderr)
    if error.hint:
        print(clean(error.hint), file=sys.stderr)
    return WRONG_USAGE if isinstance(error, UsageError) else FAILED


def _report_bug(error: Exception) -> int:
    if os.environ.get("MLTUI_DEBUG"):
        raise error
    _print(f"it failed in a way that is its own fault: {type(error).__name__}: {one_line(str(error), 300)}.")
    print("Please report it with what MLTUI_DEBUG=1 shows.", file=sys.stderr)
    return FAILED


def _discard_output() -> None:
    """Whoever read the output has gone; what is still buffered must not fail at the interpreter's end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
