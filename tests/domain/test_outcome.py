"""How a run ended, from what the engine says of its container."""

from dataclasses import replace

import pytest

from mltui.domain.container import ContainerStatus
from mltui.domain.outcome import Outcome, outcome
from mltui.domain.run import Run, RunState


def ended(code: int | None, *, asked: bool = False, limit: int | None = None, **more: object) -> Outcome:
    status = ContainerStatus("c", "n", "exited", exit_code=code, **more)  # type: ignore[arg-type]
    return outcome(status, stop_requested=asked, memory_limit=limit)


def test_success_needs_no_words() -> None:
    """Exit code 0."""
    assert ended(0) == Outcome(RunState.FINISHED)


@pytest.mark.parametrize("code", [0, 1, 137, 143, None])
def test_what_was_asked_to_stop_is_stopped(code: int | None) -> None:
    """Whatever its exit code."""
    assert ended(code, asked=True)[:2] == (RunState.STOPPED, "stopped")


@pytest.mark.parametrize(("code", "name"), [(143, "SIGTERM"), (130, "SIGINT")])
def test_polite_signals_count_as_stopped(code: int, name: str) -> None:
    """Also where another program sent them."""
    assert ended(code) == Outcome(RunState.STOPPED, "stopped", f"Ended by {name} (exit {code}).")


@pytest.mark.parametrize(("code", "name"), [(143, "SIGTERM"), (137, "SIGKILL")])
def test_what_ended_with_its_engine_is_no_failure(code: int, name: str) -> None:
    """The engine's stop is named; an exit code of the command's own is what it ever is."""
    status = ContainerStatus("c", "n", "exited", exit_code=code)
    end = outcome(status, stop_requested=False, with_engine=True)
    assert end[:3] == (RunState.STOPPED, "stopped", f"Ended by {name} (exit {code}) when its engine was shut down.")
    status = replace(status, exit_code=3)
    assert outcome(status, stop_requested=False, with_engine=True).state is RunState.FAILED


def test_out_of_memory() -> None:
    """The limit is named where it is known; there is something to do; a child's death is told by the program's code."""
    assert ended(137, oom_killed=True, limit=2 << 30).detail == (
        "Out of memory: the kernel killed it at its limit of 2.00 GiB (exit 137)."
    )
    assert ended(137, oom_killed=True).detail == "Out of memory: the kernel killed it (exit 137)."
    assert ended(1, oom_killed=True)[:2] == (RunState.FAILED, "oom")
    assert "mem_limit" in ended(137, oom_killed=True).hint
    assert ended(0, oom_killed=True) == Outcome(RunState.FINISHED)


@pytest.mark.parametrize(
    ("code", "words"),
    [(1, "The command failed (exit 1)."), (126, "cannot be executed"), (127, "not found"), (137, "SIGKILL"),
     (139, "SIGSEGV"), (134, "SIGABRT"), (191, "signal 63"), (255, "failed (exit 255)"), (200, "failed (exit 200)")],
)  # fmt: skip
def test_failures_say_what_and_what_to_do(code: int, words: str) -> None:
    """One sentence and a hint."""
    end = ended(code)
    assert end[:2] == (RunState.FAILED, "exit")
    assert words in end.detail
    assert end.hint


def test_sigkill_without_the_flag_is_not_called_out_of_memory() -> None:
    """Somebody killed it, or the machine ran out: that is said."""
    assert "nothing reports that its memory ran out" in ended(137).detail


def test_the_engines_own_words_are_told_in_one_clean_line() -> None:
    """They come from outside."""
    assert ended(128, error="oci:\x1b[31m broken\n  runtime").detail == "oci: broken runtime (exit 128)."


def test_a_code_that_nobody_kept() -> None:
    """The run is lost, not failed."""
    assert ended(None)[:2] == (RunState.LOST, "lost")


def test_a_command_says_what_it_is_to_its_run() -> None:
    """What started it, what would do the same in a container, or the plain command."""
    run = Run("abcd2345", "p", "", "docker", "", command="docker run img")
    assert run.command_title == "As a docker command"
    assert "plain process" in replace(run, engine="local").command_title
    assert replace(run, engine="local", command="cd /p && train").command_title == "As a command"
