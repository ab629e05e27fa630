"""Why a run failed: what is known of its end, compared with the signatures of failures that people have met before.

A signature is an entry of a table (``mltui/diagnoses.toml``): where it is seen, what it means, what cures it. Nothing
here reads a file or asks an engine, and the work grows with the length of the log's end and with nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from mltui.domain.figures import UNKNOWN, format_bytes, format_duration, format_percent
from mltui.domain.line_pattern import Pattern
from mltui.domain.run import RunState
from mltui.domain.text import one_line

#: So much of the end of a log is looked at: lines, and characters of each.
LINES, LINE_LENGTH = 4_000, 1_000
#: A failure this many lines before the last exception of a log was lived through: the exception is another one.
RECOVERED = 200
#: Lines and length of the evidence that is shown.
_SHOWN, _SHOWN_LENGTH = 3, 300
#: A frame of a Python traceback, and in how many lines before its exception one is looked for.
_FRAME = re.compile(r'File "([^"]{1,300})", line (\d{1,9}), in (\S{1,80})')
_TRACEBACK = 60


class Kind(StrEnum):
    """What a signature says of a run."""

    FAILURE = "failure"
    """It explains why the run failed."""
    CONSEQUENCE = "consequence"
    """It explains it where nothing else does: something that follows from a failure elsewhere."""
    ENDING = "ending"
    """It says how the run ended, where nothing says why."""
    ADVICE = "advice"
    """It is worth knowing, and no reason of a failure."""
    HARMLESS = "harmless"
    """It looks like trouble and is none: it is never blamed, nor shown as the last word."""
    STOPPED = "stopped"
    """Somebody ended the run: no failure."""


#: Kinds that may be the answer to why a run failed, the best first.
_BLAMED = (Kind.FAILURE, Kind.CONSEQUENCE, Kind.ENDING)


class Place(StrEnum):
    """Where a line was seen."""

    ERROR = "error"
    """What the engine answered."""
    BUILD = "build"
    """How the image was made."""
    LOG = "log"
    """What the run printed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of how a run ended."""

    state: RunState = RunState.FAILED
    exit_code: int | None = None
    oom_killed: bool = False
    stop_requested: bool = False
    started: bool = True
    lines: Mapping[Place, Sequence[str]] = field(default_factory=dict)
    """Cleaned lines, the oldest first."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """Measured figures by name (``memory``, ``memory_limit``, ``memory_share``), bytes, seconds and shares."""
    last_words: str = ""
    """The line that names the failure, as far as one does."""


class Limit(NamedTuple):
    """A condition on a figure: at least or at most so much."""

    name: str
    least: float | None
    most: float | None

    def holds(self, figures: Mapping[str, float]) -> bool:
        """The figure is known and within."""
        value = figures.get(self.name)
        if value is None:
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """How the profile is to be changed: what is made of the value at ``path``."""

    path: str
    """Key of the profile, dots between the levels; several with ``|`` between them: the first that is there."""
    rule: str
    """``set``, ``remove``, ``add``, ``grow``, ``next_port``, ``shrink``; see ``profile_change``."""
    value: object = None
    cap: str = ""
    """Name of the figure that a size does not go beyond."""
    only: tuple[object, ...] = ()
    """Values in whose place alone it is set; any where empty."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One entry of the table."""

    id: str
    kind: Kind
    cause: str
    """One sentence; may name what its patterns remember, and figures: ``{port}``, ``{memory_limit}``."""
    cure: str
    patterns: tuple[Pattern, ...] = ()
    where: tuple[Place, ...] = tuple(Place)
    exit_codes: tuple[int, ...] = ()
    """Any where empty."""
    oom: bool | None = None
    started: bool | None = None
    states: tuple[RunState, ...] = (RunState.FAILED,)
    figures: tuple[Limit, ...] = ()
    shows: str = ""
    """The evidence where it is figures rather than a line."""
    rank: int = 50
    """Of several failures that are seen the one with the lowest is the cause, of equal ones the first in the log."""
    changes: tuple[ChangeRule, ...] = ()

    @property
    def heads(self) -> tuple[str, ...]:
        """The first part of each pattern: a text without any of them cannot fit."""
        return tuple(pattern.parts[0] for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer."""

    id: str
    kind: Kind
    cause: str
    evidence: tuple[str, ...]
    """The lines or figures that it was seen by."""
    cure: str
    changes: tuple[ChangeRule, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    """What the patterns remembered."""
    place: Place | None = None
    """Where its lines were seen."""

    @property
    def known(self) -> bool:
        """A signature fitted."""
        return self.id != UNKNOWN_ID


UNKNOWN_ID = "unknown"


class Seen(NamedTuple):
    """A signature that fits, with the line it was seen in."""

    signature: Signature
    place: Place | None
    at: int
    """Number of the line, from the oldest that was looked at."""
    lines: tuple[str, ...]
    words: Mapping[str, str]


def look(table: Iterable[Signature], evidence: Evidence) -> list[Seen]:
    """Every signature that fits, in the order of the table, each at the first line it is seen in."""
    texts = {place: _Text(evidence.lines.get(place, ())) for place in Place}
    seen = (_see(signature, evidence, texts) for signature in table)
    return [one for one in seen if one is not None]


class _Text:
    """Lines with their lower-case forms, and all of it in one piece for a quick no."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = [line[:LINE_LENGTH] for line in lines[-LINES:]]
        self.lowered = [line.lower() for line in self.lines]
        self.whole = "\n".join(self.lowered)

    def find(self, pattern: Pattern) -> tuple[int, dict[str, str]] | None:
        """The first line that fits."""
        if pattern.parts[0] not in self.whole:
            return None
        for at, lowered in enumerate(self.lowered):
            found = pattern.find(self.lines[at], lowered)
            if found is not None:
                return at, found
        return None


def _see(signature: Signature, evidence: Evidence, texts: Mapping[Place, _Text]) -> Seen | None:
    if not _conditions_hold(signature, evidence):
        return None
    if not signature.patterns:
        return Seen(signature, None, -1, (), {})
    for place in signature.where:
        text = texts[place]
        found = [hit for pattern in signature.patterns if (hit := text.find(pattern))]
        if found:
            at, words = min(found, key=lambda hit: hit[0])
            lines = tuple(dict.fromkeys(text.lines[hit[0]] for hit in sorted(found, key=lambda hit: hit[0])))
            return Seen(signature, place, at, lines[:_SHOWN], {**_merged(found), **words})
    return None


def _merged(found: Iterable[tuple[int, dict[str, str]]]) -> dict[str, str]:
    return {name: word for _, words in found for name, word in words.items()}


def _conditions_hold(signature: Signature, evidence: Evidence) -> bool:
    return (
        evidence.state in signature.states
        and (not signature.exit_codes or evidence.exit_code in signature.exit_codes)
        and signature.oom in (None, evidence.oom_killed)
        and signature.started in (None, evidence.started)
        and all(limit.holds(evidence.figures) for limit in signature.figures)
    )


def diagnose(table: Sequence[Signature], evidence: Evidence) -> Diagnosis | None:
    """Why the run failed; ``None`` for a run that did not. One that nothing explains is said to be unknown."""
    if evidence.state not in (RunState.FAILED, RunState.LOST):
        return None
    seen = look(table, evidence)
    blamed = [one for one in seen if one.signature.kind in _BLAMED and not _lived_through(one, seen, evidence)]
    if not blamed:
        return _unknown(evidence)
    first = min(blamed, key=lambda one: (_BLAMED.index(one.signature.kind), one.signature.rank, one.at))
    return made(first, evidence)


def advice(table: Sequence[Signature], evidence: Evidence) -> tuple[Diagnosis, ...]:
    """What is worth knowing of a run besides, whether it failed or not."""
    return tuple(made(one, evidence) for one in look(table, evidence) if one.signature.kind is Kind.ADVICE)


def is_harmless(table: Iterable[Signature], line: str) -> bool:
    """The line looks like trouble and is none."""
    lowered = line.lower()
    return any(
        pattern.find(line, lowered) is not None
        for signature in table
        if signature.kind is Kind.HARMLESS
        for pattern in signature.patterns
    )


def _lived_through(one: Seen, seen: Iterable[Seen], evidence: Evidence) -> bool:
    """The training went on for long after it, and ended by an exception that is something else."""
    if one.place is not Place.LOG or not evidence.last_words:
        return False
    log = evidence.lines.get(Place.LOG, ())[-LINES:]
    last = next((at for at in range(len(log) - 1, -1, -1) if evidence.last_words.rstrip("…") in log[at]), -1)
    if last - one.at <= RECOVERED:
        return False
    explained = any(other.signature.kind in _BLAMED and log[last] in other.lines for other in seen)
    return not explained


def made(seen: Seen, evidence: Evidence) -> Diagnosis:
    """The diagnosis of a signature that fits, its words and figures filled in."""
    signature = seen.signature
    values = {**{name: figure_text(name, value) for name, value in evidence.figures.items()}, **seen.words}
    lines = tuple(one_line(line, _SHOWN_LENGTH) for line in seen.lines)
    shows = (_filled(signature.shows, values),) if signature.shows else ()
    return Diagnosis(
        signature.id,
        signature.kind,
        _filled(signature.cause, values),
        (*shows, *lines) or (_ending(evidence),),
        _filled(signature.cure, values),
        signature.changes,
        seen.words,
        seen.place,
    )


def _unknown(evidence: Evidence) -> Diagnosis:
    """What there is to say where no signature fits: the exception that the program raised itself, if there was one."""
    place = _raised_at(evidence)
    if place:
        name = one_line(evidence.last_words.partition(":")[0], 80)
        return Diagnosis(
            UNKNOWN_ID,
            Kind.FAILURE,
            f"The program raised {name}, which it did not handle.",
            (_ending(evidence), one_line(evidence.last_words, _SHOWN_LENGTH), place),
            "Nothing is known of it but this: look at that place of the program; the traceback is at the log's end.",
        )
    said = (one_line(evidence.last_words, _SHOWN_LENGTH),) if evidence.last_words else ()
    lost = evidence.state is RunState.LOST
    return Diagnosis(
        UNKNOWN_ID,
        Kind.FAILURE,
        "What became of it is not known." if lost else "Why it failed is not known.",
        (_ending(evidence), *said),
        "What was recorded is kept; launch it again." if lost else "The end of its log may say more.",
    )


def _raised_at(evidence: Evidence) -> str:
    """``train.py, line 12, in main``: the innermost place of the traceback that ends with the last words."""
    log = evidence.lines.get(Place.LOG, ())[-LINES:]
    end = next((at for at in range(len(log) - 1, -1, -1) if evidence.last_words and log[at] == evidence.last_words), -1)
    for line in reversed(log[max(0, end - _TRACEBACK) : max(0, end)]):
        if found := _FRAME.match(line):
            return one_line(f"{found[1]}, line {found[2]}, in {found[3]}", _SHOWN_LENGTH)
    return ""


def _ending(evidence: Evidence) -> str:
    if evidence.exit_code is None:
        return "It has no exit code." if evidence.started else "It was not started."
    flag = ", and the kernel reported that its memory limit was hit" if evidence.oom_killed else ""
    return f"It ended with exit code {evidence.exit_code}{flag}."


def figure_text(name: str, value: float) -> str:
    """A figure as people read it, by the end of its name: shares, seconds and counts say so, the rest are bytes."""
    if name.endswith("_share"):
        return format_percent(value)
    if name.endswith("_s"):
        return format_duration(value)
    if name.endswith("_count"):
        return str(int(value))
    return format_bytes(value)


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return UNKNOWN


def _filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with the values of its names; what a log says is put in as it is, never read as a name."""
    return one_line(text.format_map(_Known({name: one_line(value, 120) for name, value in values.items()})))
