"""The table of signatures: each entry knows its examples and leaves the near misses alone."""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Formatter

import pytest

import mltui
from mltui.domain.diagnosis import UNKNOWN_ID, Evidence, Kind, Place, diagnose, is_harmless, look
from mltui.domain.diagnosis_table import example, read_table
from mltui.domain.run import RunState

DATA = tomllib.loads(Path(mltui.__file__).with_name("diagnoses.toml").read_text(encoding="utf-8"))
TABLE = read_table(DATA)
ENTRIES = {entry["id"]: entry for entry in DATA["signature"]}


def _cases(key: str) -> list[object]:
    return [
        pytest.param(name, what, id=f"{name}-{at}")
        for name, entry in ENTRIES.items()
        for at, what in enumerate(entry[key])
    ]


@pytest.mark.parametrize(("name", "what"), _cases("match"))
def test_it_is_known_by_its_examples(name: str, what: object) -> None:
    """The entry fits; where it may be blamed it is the answer among all entries, and harmless ones never are."""
    evidence = example(ENTRIES[name], what)
    assert name in [seen.signature.id for seen in look(TABLE, evidence)]
    found = diagnose(TABLE, evidence)
    kind = next(one.kind for one in TABLE if one.id == name)
    if kind in (Kind.FAILURE, Kind.CONSEQUENCE, Kind.ENDING):
        assert found is not None
        assert found.id == name
        assert found.cause
        assert found.cure
        assert "{" not in found.cause + found.cure
    elif evidence.state is RunState.FAILED:
        assert found is not None
        assert found.id == UNKNOWN_ID
    else:
        assert found is None


@pytest.mark.parametrize(("name", "what"), _cases("miss"))
def test_near_misses_are_left_alone(name: str, what: object) -> None:
    """What only looks like it is something else, or nothing."""
    assert name not in [seen.signature.id for seen in look(TABLE, example(ENTRIES[name], what))]


def test_every_entry_says_what_it_must() -> None:
    """A cause of one sentence each, a cure for whatever is blamed, examples of both kinds."""
    assert len(TABLE) >= 60
    for one in TABLE:
        assert one.cause.endswith("."), one.id
        assert one.cure or one.kind in (Kind.HARMLESS, Kind.STOPPED), one.id
        assert ENTRIES[one.id]["match"], one.id
        assert ENTRIES[one.id]["miss"], one.id


#: What is measured of a run that ends, and by the doctor (``runtime.diagnosis``, ``runtime.doctor_engine``).
FIGURES = {
    "exit_count", "ran_s", "silent_share", "memory", "memory_limit", "memory_share", "host_memory",
    "host_memory_total", "host_memory_share", "tmpfs_count", "foreign_count", "nonfinite_count", "gpu_count",
    "gpu_peak_share", "engine_log", "zombie_count",
}  # fmt: skip


def test_every_figure_that_is_asked_for_is_measured() -> None:
    """No entry waits for something that nobody counts."""
    for one in TABLE:
        caps = {change.cap for change in one.changes if change.cap}
        assert {limit.name for limit in one.figures} | caps <= FIGURES, one.id
        known = FIGURES | {name for pattern in one.patterns for name in pattern.names}
        named = {
            field for text in (one.cause, one.cure, one.shows) for _, field, _, _ in Formatter().parse(text) if field
        }
        assert named <= known, one.id


def _failed(*log: str, **known: object) -> Evidence:
    return Evidence(lines={Place.LOG: log}, **{"exit_code": 1, **known})  # type: ignore[arg-type]


def test_the_first_cause_goes_before_its_consequences() -> None:
    """One rank's full GPU is the cause of the others' time-outs, whichever is printed last."""
    found = diagnose(
        TABLE,
        _failed(
            "[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
            "[rank0]:[E] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=7) ran for 600012 ms",
            "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:",
        ),
    )
    assert found is not None
    assert found.id == "gpu-memory"
    assert found.evidence == ("[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",)


def test_the_kernels_report_goes_before_what_the_log_says_of_it() -> None:
    """A loader that was killed is a consequence of the memory limit that the kernel reports."""
    line = "RuntimeError: DataLoader worker (pid 7) is killed by signal: Killed."
    figures = {"memory_limit": float(1 << 30), "memory": 3e6, "exit_count": 137.0}
    found = diagnose(TABLE, _failed(line, oom_killed=True, figures=figures))
    assert found is not None
    assert found.id == "memory-limit"
    assert "1.00 GiB" in found.cause
    # The last sample is of a second before: it may say the contrary.
    assert found.evidence == ("The kernel's report (OOMKilled), exit code 137.",)


def test_a_failure_that_was_lived_through_is_not_blamed() -> None:
    """A full GPU that the training recovered from long before it failed by something else."""
    log = [
        "torch.OutOfMemoryError: CUDA out of memory. Trying again with a smaller batch",
        *(f"step {i} loss 0.5" for i in range(500)),
        "acme.TrainingError: wrong shape of labels",
    ]
    found = diagnose(TABLE, _failed(*log, last_words=log[-1]))
    assert found is not None
    assert not found.known
    assert log[-1] in found.evidence
    near = diagnose(TABLE, _failed(log[0], *log[-3:], last_words=log[-1]))
    assert near is not None
    assert near.id == "gpu-memory"


def test_an_unknown_failure_says_so() -> None:
    """With its exit code and its last words, and nothing made up."""
    found = diagnose(TABLE, _failed("step 1", "acme.Boom: 42", exit_code=3, last_words="acme.Boom: 42"))
    assert found is not None
    assert not found.known
    assert found.cause == "Why it failed is not known."
    assert found.evidence == ("It ended with exit code 3.", "acme.Boom: 42")
    assert not found.changes
    never = diagnose(TABLE, _failed(exit_code=None, started=False))
    assert never is not None
    assert never.evidence == ("It was not started.",)


def test_an_exception_of_the_program_is_named_with_its_place() -> None:
    """It is said which, and where the traceback ends; no more is claimed."""
    log = ("Traceback (most recent call last):", 'File "/app/train.py", line 3, in <module>', "main()",
           'File "/app/train.py", line 12, in main', 'x = {}["k"]', "KeyError: 'k'")  # fmt: skip
    found = diagnose(TABLE, _failed(*log, exit_code=1, last_words="KeyError: 'k'"))
    assert found is not None
    assert not found.known
    assert found.cause == "The program raised KeyError, which it did not handle."
    assert found.evidence == ("It ended with exit code 1.", "KeyError: 'k'", "/app/train.py, line 12, in main")


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.FINISHED, RunState.RUNNING])
def test_a_run_that_did_not_fail_has_no_diagnosis(state: RunState) -> None:
    """One that a person stopped neither, whatever its exit code and its log."""
    evidence = Evidence(state=state, exit_code=137, lines={Place.LOG: ["CUDA out of memory"]})
    assert diagnose(TABLE, evidence) is None


def test_what_looks_like_trouble_and_is_none_is_known_as_such() -> None:
    """Cosmetic lines are told from those that matter."""
    assert is_harmless(TABLE, "groups: cannot find name for group ID 1000")
    assert not is_harmless(TABLE, "RuntimeError: No CUDA GPUs are available")


def test_hostile_logs_are_read_in_bounded_work() -> None:
    """Lines without end, many of them, made of the patterns' own beginnings: no pattern goes over a part twice."""
    bait = "DataLoader worker (pid " * 50_000
    log = [bait] * 20 + ["No space left on " * 60] * 3_000 + ["\x1b[31m{pid}{0.__class__}%s"] * 2_000
    found = diagnose(TABLE, _failed(*log, exit_code=9))
    assert found is not None
    assert not found.known


def test_what_a_log_says_is_not_read_as_a_name() -> None:
    """Braces and escapes of a line end up as they are, cleaned."""
    found = diagnose(TABLE, _failed("ModuleNotFoundError: No module named '{memory}\x1b[2J{0}'"))
    assert found is not None
    assert "{memory}{0}" in found.cause
