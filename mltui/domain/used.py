"""What a run used in all: average and peak of CPU, memory and each of its GPUs, from the samples kept with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mltui.domain.figures import cores_text, format_bytes, format_cores, format_percent
from mltui.domain.samples import SampleRow, device_number, summary


class Used(NamedTuple):
    """One of them."""

    what: str
    """``CPU``, ``GPU 0 memory``."""
    unit: str
    """``cores``, ``bytes``, or ``share`` of the time in which a GPU was busy."""
    column: str
    """Its name among the samples."""
    average: float
    """By time."""
    peak: float
    limit: float | None
    """The last known of what may be used; of a share the whole."""

    def ratio(self, value: float) -> float | None:
        """``value`` as a share of the limit, where there is one."""
        return value / self.limit if self.limit else None

    def text(self, value: float) -> str:
        """``value`` as it is written."""
        return _WRITTEN[self.unit](value)

    @property
    def limit_text(self) -> str:
        """The limit with its unit; empty where there is none but the whole."""
        return _LIMIT[self.unit](self.limit) if self.limit and self.unit in _LIMIT else ""


_WRITTEN: dict[str, Callable[[float | None], str]] = {
    "cores": format_cores, "bytes": format_bytes, "share": format_percent,
}  # fmt: skip
_LIMIT: dict[str, Callable[[float | None], str]] = {"cores": cores_text, "bytes": format_bytes}


def used(names: Sequence[str], rows: Sequence[SampleRow]) -> list[Used]:
    """What was sampled of them, in their order."""
    return [one for one in _each(names, rows) if one]


def used_cells(found: Sequence[Used]) -> list[tuple[str, ...]]:
    """For a table: what, average and its share, peak and its share, the limit; no share where there is no limit."""
    return [
        (one.what, one.text(one.average), _share(one, one.average), one.text(one.peak), _share(one, one.peak),
         f"of {one.limit_text}" if one.limit_text else "")
        for one in found
    ]  # fmt: skip


def _share(one: Used, value: float) -> str:
    return format_percent(one.ratio(value)) if one.limit_text else ""


def _each(names: Sequence[str], rows: Sequence[SampleRow]) -> Iterator[Used | None]:
    def find(what: str, unit: str, column: str, limit_column: str = "") -> Used | None:
        found = summary(names, rows, column)
        known = summary(names, rows, limit_column) if limit_column else None
        limit = known.last if known else None if limit_column else 1.0
        return Used(what, unit, column, found.average, found.peak, limit) if found else None

    yield find("CPU", "cores", "run.cpu", "run.cpu_limit")
    yield find("Memory", "bytes", "run.memory", "run.memory_limit")
    for uuid in dict.fromkeys(name[4:].rpartition(".")[0] for name in names if name.startswith("gpu.")):
        number = device_number(names, rows, uuid)
        yield find(f"GPU {number}", "share", f"gpu.{uuid}.utilization")
        yield find(f"GPU {number} memory", "bytes", f"gpu.{uuid}.memory_used", f"gpu.{uuid}.memory_total")
