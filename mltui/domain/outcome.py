"""How a run ended: from what the engine says of its container to a state and one sentence."""

from __future__ import annotations

import signal
from typing import NamedTuple

from mltui.domain.container import ContainerStatus
from mltui.domain.figures import format_bytes
from mltui.domain.run import RunState
from mltui.domain.text import one_line

_SIGNAL_BASE = 128
_REQUESTED = (_SIGNAL_BASE + signal.SIGTERM, _SIGNAL_BASE + signal.SIGINT)


class Outcome(NamedTuple):
    """The end of a run."""

    state: RunState
    reason: str = ""
    detail: str = ""
    hint: str = ""


def outcome(
    status: ContainerStatus, *, stop_requested: bool, memory_limit: int | None = None, with_engine: bool = False
) -> Outcome:
    """What became of a run whose container ended as ``status`` says.

    A run that a person stopped is stopped whatever its exit code; SIGTERM and SIGINT count as that too, and SIGKILL
    where it ended ``with_engine``, as its engine went away.
    """
    code = status.exit_code
    if stop_requested:
        killed = code == _SIGNAL_BASE + signal.SIGKILL
        return Outcome(RunState.STOPPED, "stopped", "Killed on request." if killed else "Stopped on request.")
    if status.oom_killed and code != 0:
        limit = f" at its limit of {format_bytes(memory_limit)}" if memory_limit else ""
        return Outcome(
            RunState.FAILED,
            "oom",
            f"Out of memory: the kernel killed it{limit} (exit {code}).",
            "Raise mem_limit in the profile, or lower the batch size or the number of workers.",
        )
    if code == 0:
        return Outcome(RunState.FINISHED)
    if code is None:
        return Outcome(RunState.LOST, "lost", "It ended while nobody watched, and its exit code was not kept.")
    if with_engine and code in (*_REQUESTED, _SIGNAL_BASE + signal.SIGKILL):
        said = f"Ended by {_signal_name(code)} (exit {code}) when its engine was shut down."
        hint = "Launch it again. With live-restore a Docker engine leaves its containers running when it is restarted."
        return Outcome(RunState.STOPPED, "stopped", said, hint)
    if code in _REQUESTED:
        return Outcome(RunState.STOPPED, "stopped", f"Ended by {_signal_name(code)} (exit {code}).")
    return Outcome(RunState.FAILED, "exit", *_exit_sentence(code, status.error))


def _signal_name(code: int) -> str:
    try:
        return signal.Signals(code - _SIGNAL_BASE).name
    except ValueError:
        return f"signal {code - _SIGNAL_BASE}"


def _exit_sentence(code: int, error: str) -> tuple[str, str]:
    if error:
        return f"{one_line(error, 300)} (exit {code}).", ""
    if code == 126:
        return "The command cannot be executed (exit 126).", "Check its permissions, and that it fits this machine."
    if code == 127:
        return "The command was not found (exit 127).", "Check command and entrypoint in the profile."
    if code == _SIGNAL_BASE + signal.SIGKILL:
        return (
            "Killed by SIGKILL (exit 137); nothing reports that its memory ran out.",
            "Somebody killed it, or memory ran out all the same: see dmesg.",
        )
    if _SIGNAL_BASE < code < _SIGNAL_BASE + 65:
        return f"Ended by {_signal_name(code)} (exit {code}).", "The last lines of its log say more."
    return f"The command failed (exit {code}).", "The last lines of its log say why."
