"""Why a run failed: gathers what is recorded of its end and compares it with the table of signatures."""

from __future__ import annotations

import math
import os
import re
import socket
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mltui.domain.diagnosis import Diagnosis, Evidence, Kind, Place, Signature, advice, diagnose, is_harmless
from mltui.domain.diagnosis_table import read_table
from mltui.domain.last_words import last_words, log_lines
from mltui.domain.profile_change import ProfileChange, profile_changes
from mltui.domain.run import WITHOUT_GPU, RunState
from mltui.domain.samples import SampleRow, summary
from mltui.domain.units import parse_size
from mltui.domain.words import better_end

if TYPE_CHECKING:
    from mltui.domain.metric import MetricStore, Series
    from mltui.domain.run import Run
    from mltui.storage.run_folder import RunFolder

#: Bytes at the end of a log in which the cause is looked for, and in which the last words are.
_TAIL, _LAST_WORDS = 1 << 18, 1 << 15
#: Output files whose owner is looked at.
_FILES = 2_000
#: Reasons of a failure whose sentence is the engine's; of others it repeats the log.
_ENGINES_WORD = (WITHOUT_GPU, "image", "start")
_PORTS = 200
#: Samples at the end in which the last figures are looked for.
_LAST_SAMPLES = 3
#: The advice on curves that are not finite, and words by which a program says that it ended for that.
_DIVERGED = "not-finite"
_SAYS_SO = re.compile(r"\b(?:nan|inf|infinity|infinite|(?:non)?-?finite|diverg\w+)\b", re.IGNORECASE)


class Report(NamedTuple):
    """What there is to say of how a run went."""

    diagnosis: Diagnosis | None
    """Why it failed; ``None`` for a run that did not."""
    changes: tuple[ProfileChange, ...] = ()
    """What in its profile cures it, as the file says it now."""
    advice: tuple[tuple[Diagnosis, tuple[ProfileChange, ...]], ...] = ()
    """What is worth knowing besides."""
    figures: Mapping[str, float] = {}
    """What was measured, by name."""


@cache
def signatures() -> tuple[Signature, ...]:
    """The table that comes with mltui."""
    path = Path(__file__).resolve().parent.parent / "diagnoses.toml"
    return read_table(tomllib.loads(path.read_text(encoding="utf-8")))


def harmless(line: str) -> bool:
    """The line looks like trouble and is none."""
    return is_harmless(signatures(), line)


def known_words(text: str) -> Diagnosis | None:
    """What is known of an engine's or a driver's words alone."""
    found = diagnose(signatures(), Evidence(lines={Place.ERROR: (text,)}))
    return found if found and found.known and found.kind is Kind.FAILURE else None


def known_figure(name: str, value: float) -> Diagnosis | None:
    """What is to be known of something that is measured while all goes on; ``None`` where it is well."""
    found = advice(signatures(), Evidence(state=RunState.RUNNING, figures={name: value}))
    return next(iter(found), None)


def report(run: Run, folder: RunFolder, metrics: MetricStore | None = None) -> Report:
    """Why ``run`` failed, what cures it, and what else is worth knowing. Reads files; call it from a thread."""
    evidence = gather(run, folder, metrics)
    table = signatures()
    found = diagnose(table, evidence)
    if found and run.started is None and run.detail and (not found.known or found.kind is Kind.ENDING):
        # The engine's refusal was understood where it came: its own sentence says more than an exit code.
        found = replace(found, cause=run.detail, cure=run.hint or found.cure)
    worth = advice(table, evidence)
    if found and not found.known and (cause := next((one for one in worth if _explains(one, evidence)), None)):
        ending, *words = found.evidence
        found = replace(cause, kind=Kind.FAILURE, evidence=(*cause.evidence, *words, ending))
        worth = tuple(one for one in worth if one is not cause)
    data = profile_data(folder)
    change = partial(profile_changes, data=data, figures=evidence.figures, free_port=free_port)
    known = tuple((one, change(one)) for one in worth)
    return Report(found, change(found) if found else (), known, evidence.figures)


def _explains(worth_knowing: Diagnosis, evidence: Evidence) -> bool:
    """A training whose curves end in values that are not finite failed by that, unless its last words say otherwise."""
    ends_so = evidence.figures.get("nonfinite_last_count", 0) > 0
    told = not evidence.last_words or bool(_SAYS_SO.search(evidence.last_words))
    return worth_knowing.id == _DIVERGED and ends_so and told


def _ends_in_no_number(series: Series) -> bool:
    """What never had a number may be undefined, such as a class without examples, unless it is to become small."""
    had_one = len(series.nonfinite) < len(series)
    return not math.isfinite(series.value[-1]) and (had_one or better_end(series.key.name) < 0)


def gather(run: Run, folder: RunFolder, metrics: MetricStore | None = None) -> Evidence:
    """What is recorded of the run's end."""
    tail = folder.log_tail(_TAIL)
    log = tuple(log_lines(tail))
    error = (run.detail,) if run.started is None or run.reason in _ENGINES_WORD else ()
    build = tuple(log_lines(_end_of(folder.build_log))) if run.started is None else ()
    figures = dict(_figures(run, folder, log))
    if metrics is not None:
        curves = [series for series in list(metrics.series.values()) if len(series)]
        figures["nonfinite_count"] = sum(len(series.nonfinite) for series in curves)
        figures["nonfinite_last_count"] = sum(map(_ends_in_no_number, curves))
    return Evidence(
        state=run.state,
        exit_code=run.exit_code,
        oom_killed=run.oom_killed,
        stop_requested=run.stop_requested,
        started=run.started is not None,
        lines={Place.ERROR: error, Place.BUILD: build, Place.LOG: log},
        figures=figures,
        last_words=last_words(tail[-_LAST_WORDS:], harmless),
    )


def _end_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LAST_WORDS))
            return file.read(_LAST_WORDS)
    except OSError:
        return b""


def _figures(run: Run, folder: RunFolder, log: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    if run.exit_code is not None:
        yield "exit_count", run.exit_code
    if run.started is not None and run.finished is not None:
        yield "ran_s", run.finished - run.started
        first = _first_output(folder)
        if first is not None and run.finished > run.started:
            yield "silent_share", max(0.0, first - run.started) / (run.finished - run.started)
    yield "host_memory_total", float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    data = profile_data(folder)
    limit = _memory_limit(data)
    if limit:
        yield "memory_limit", limit
    yield from _sampled(run, folder, limit)
    if any(_names_place(line, _tmpfs(data)) for line in log if "no space left" in line.lower()):
        yield "tmpfs_count", 1
    if run.container_id:
        yield from _engine_log(run.container_id)
    yield "foreign_count", sum(1 for _ in islice(_foreign_files(folder.outputs), _FILES))


def _engine_log(container: str) -> Iterator[tuple[str, float]]:
    """The log that a Docker engine of this machine keeps besides, where it may be looked at."""
    try:
        yield "engine_log", os.stat(f"/var/lib/docker/containers/{container}/{container}-json.log").st_size
    except OSError:
        return


def _sampled(run: Run, folder: RunFolder, limit: float | None) -> Iterator[tuple[str, float]]:
    """The last figures of what it used, and the peak of its GPUs."""
    from mltui.storage.sample_file import SampleReader

    reader = SampleReader(folder.samples)
    reader.poll()
    reader.close()
    last = dict(_last_values(reader.names, reader.rows[-_LAST_SAMPLES:]))
    # A launch may set another limit than the profile, and a person while it runs.
    limit = last.get("run.memory_limit") or limit
    for name, use, most in (
        ("memory", "run.memory", limit),
        ("host_memory", "host.memory", last.get("host.memory_total")),
    ):
        if use in last and most:
            yield name, last[use]
            yield f"{name}_share", last[use] / most
    if limit:
        yield "memory_limit", limit
    peaks = [found.peak for name in reader.names if name.startswith("gpu.") and name.endswith(".utilization")
             if (found := summary(reader.names, reader.rows, name))]  # fmt: skip
    if run.has_gpus and peaks:
        yield "gpu_count", len(peaks)
        yield "gpu_peak_share", max(peaks)


def _last_values(names: Sequence[str], rows: Sequence[SampleRow]) -> Iterator[tuple[str, float]]:
    """The greatest of the last values of each column: what grows fast is higher at the end than any sample says."""
    for at, name in enumerate(names):
        known = [row.peak[at] for row in rows if at < len(row.peak) and not math.isnan(row.peak[at])]
        if known:
            yield name, max(known)


def _first_output(folder: RunFolder) -> float | None:
    """When the run printed first; seconds since 1970."""
    from mltui.storage.log_file import LogReader

    try:
        with LogReader(folder.path) as log:
            return next((piece.time for piece in log.pieces(1)), None)
    except OSError:
        return None


def profile_data(folder: RunFolder) -> Mapping[str, Any]:
    """What the run's profile said; empty where there is no copy of it."""
    from mltui.storage.yaml_source import read_source

    data = read_source(folder.profile).data if folder.profile.exists() else None
    return data if isinstance(data, dict) else {}


def _memory_limit(data: Mapping[str, Any]) -> float | None:
    limits: Any = data.get("deploy") or {}
    for key in ("resources", "limits"):
        limits = limits.get(key) or {} if isinstance(limits, dict) else {}
    found = data.get("mem_limit") or (limits.get("memory") if isinstance(limits, dict) else None)
    try:
        return float(parse_size(str(found))) if found else None
    except ValueError:
        return None


def _tmpfs(data: Mapping[str, Any]) -> tuple[str, ...]:
    given = data.get("tmpfs") or ()
    entries = given if isinstance(given, list) else [given]
    return tuple(str(entry).partition(":")[0].rstrip("/") for entry in entries)


def _names_place(line: str, folders: tuple[str, ...]) -> bool:
    """The line names a file below one of ``folders``."""
    return any(folder and re.search(re.escape(folder) + r"(?:/|['\":\s]|$)", line) for folder in folders)


def _foreign_files(outputs: Path) -> Iterator[str]:
    """Output files of another user; root may change all of them, so that it is no matter there."""
    own = os.getuid()
    if own == 0:
        return
    for place, folders, names in os.walk(outputs):
        for name in (*folders, *names):
            path = os.path.join(place, name)
            try:
                foreign = os.lstat(path).st_uid != own
            except OSError:
                continue
            if foreign:
                yield path


def free_port(first: int) -> int | None:
    """The first port from ``first`` on that nobody on this machine listens at."""
    for port in range(first, min(first + _PORTS, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            # As a server does it: a port whose last connection is being closed is free.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port
    return None
