"""What a running container may use, as people write and read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields

from mltui.domain.container import Limits, Usage
from mltui.domain.figures import cores_text, format_bytes, format_count
from mltui.domain.run import LimitChange
from mltui.domain.units import parse_cpus, parse_size

#: Names of the limits, as ``Limits`` has them, and for people.
TITLES = {"cpus": "CPU limit", "memory": "Memory limit", "pids": "Processes"}
#: The least that engines take: a hundredth of a core, and what a container needs to start at all.
_LEAST_CPUS, _LEAST_MEMORY = 0.01, 6 << 20


def parse_pids(text: str) -> int:
    """A number of processes. Raises ``ValueError``."""
    if not re.fullmatch(r"\d{1,7}", text.strip()) or not int(text):
        raise ValueError(f"expected a number of processes such as 512, found {text!r}")
    return int(text)


def parse_limit(what: str, text: str, most: Limits = Limits()) -> float | int:  # noqa: B008  it cannot change
    """The limit ``what`` that ``text`` stands for, at most that of the machine. Raises ``ValueError``."""
    parse: dict[str, Callable[[str], float | int]] = {"cpus": parse_cpus, "memory": parse_size, "pids": parse_pids}
    value = parse[what](text)
    highest = getattr(most, what)
    if what == "cpus" and (value < _LEAST_CPUS or (highest and value > highest)):
        raise ValueError(f"expected {_LEAST_CPUS} to {highest or 'all'} cores, found {text!r}")
    if what == "memory" and value < _LEAST_MEMORY:
        raise ValueError(f"expected at least {format_bytes(_LEAST_MEMORY)}, found {text!r}")
    if what == "memory" and highest and value > highest:
        raise ValueError(f"the machine has {format_bytes(highest)}, found {text!r}")
    return value


def limit_text(what: str, value: float | None) -> str:
    """``2 cores``, ``8.00 GiB``, ``512``; ``no limit``."""
    if value is None:
        return "no limit"
    if what == "memory":
        return format_bytes(value)
    return cores_text(value) if what == "cpus" else format_count(int(value))


def use_of(what: str, usage: Usage | None) -> float | None:
    """What is used of it now; ``None`` where that is not known."""
    if usage is None:
        return None
    return {"cpus": usage.cpu, "memory": usage.memory, "pids": usage.pids}[what]


def change_text(change: LimitChange) -> str:
    """``Memory limit: 2.00 GiB → 8.00 GiB``."""
    title = TITLES.get(change.what, change.what)
    before, after = (limit_text(change.what, value) for value in (change.before, change.after))
    return f"{title}: {before} → {after}"


def warnings(wanted: Limits, usage: Usage | None) -> Iterator[str]:
    """What happens where a limit is below what is used now, a sentence each."""
    happens = {
        "cpus": "it is slowed down",
        "memory": "it is killed, or the kernel refuses the change",
        "pids": "those it has go on, it can start no new ones",
    }
    for one in fields(Limits):
        value, used = getattr(wanted, one.name), use_of(one.name, usage)
        if value is not None and used is not None and used > value:
            yield (
                f"{TITLES[one.name]} {limit_text(one.name, value)} is below the {limit_text(one.name, used)} "
                f"in use now: {happens[one.name]}."
            )
