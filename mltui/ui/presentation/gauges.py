"""Samples as gauges: use, limit, ratio, peak, and a colour that means something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mltui.domain.figures import UNKNOWN, cores_text, format_bytes, format_cores, format_percent
from mltui.ui.widgets.gauge_lines import Gauge

if TYPE_CHECKING:
    from mltui.domain.container import Usage
    from mltui.domain.device import HostSample
    from mltui.runtime.sample_history import SampleHistory, Series

#: Shares from which memory is a warning and an alarm: what does not fit ends the run.
_MEMORY_WARN, _MEMORY_ALARM = 0.85, 0.95
#: What a figure that is a mean over time says before there are two readings.
MEASURING = "measuring …"
#: Above this share of throttled time slices a CPU limit holds the run back.
_THROTTLED = 0.25


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the past is shown: the last ``seconds`` until ``now``, in so many slices."""

    seconds: float
    slices: int
    now: float
    full: bool = False
    """All the screen is for the gauges: what is said beside another one where there is little room has its own."""

    def of(self, history: SampleHistory | None, figure: str) -> Series | None:
        """One figure of ``history``."""
        return history.series(figure, self.seconds, self.slices, self.now) if history is not None else None


def ratio(use: float | None, limit: float | None) -> float | None:
    """use / limit, where both are known and the limit is not zero."""
    return use / limit if use is not None and limit else None


def scarce_role(share: float | None, warn: float = _MEMORY_WARN, alarm: float = _MEMORY_ALARM) -> str:
    """Colour of something that must not run out."""
    if share is None:
        return "dim"
    return "error" if share >= alarm else "warn" if share >= warn else "ok"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure now and in the past, before it is a gauge."""

    label: str
    title: str
    value: float | None
    limit: float | None
    unit: Callable[[float | None], str]
    """How a value is written."""
    past: Series | None = None

    def gauge(
        self, *, role: str = "primary", limit_said: str = "", note: str = "", group: str = "", also: str = "",
        request: float | None = None, main: bool = False,
    ) -> Gauge:  # fmt: skip
        """The gauge; ``limit_said`` is how the limit is written where that is not as its values are."""
        past = self.past
        scale = self.limit or (past.peak if past else None)
        history = tuple(ratio(value, scale) if scale else None for value in past.values) if past else ()
        peak = past.peak if past else None
        return Gauge(
            self.label, self.unit(self.value), (limit_said or self.unit(self.limit)) if self.limit else "",
            ratio(self.value, self.limit), role, history, note, self.title, group, also,
            ratio(request, self.limit), ratio(peak, scale), "" if peak is None else self.unit(peak), main,
        )  # fmt: skip


def usage_gauges(usage: Usage, history: SampleHistory | None, window: Window, group: str = "") -> list[Gauge]:
    """CPU and memory of one container, the most wanted of it."""
    cores = Figure("CPU", "CPU", usage.cpu, usage.cpu_limit, format_cores, window.of(history, "cpu"))
    memory = Figure("Memory", "Memory", usage.memory, usage.memory_limit, format_bytes, window.of(history, "memory"))
    held_back = usage.throttled is not None and usage.throttled > _THROTTLED
    note = f"throttled {format_percent(usage.throttled)} of the time" if held_back else ""
    note = MEASURING if usage.cpu is None else note
    return [
        cores.gauge(
            role="warn" if held_back else "primary", limit_said=cores_text(usage.cpu_limit), note=note, group=group,
            also=format_percent(usage.cpu) if usage.cpu is not None else "", request=usage.cpu_request, main=True,
        ),
        memory.gauge(
            role=scarce_role(ratio(usage.memory, usage.memory_limit)), group=group, request=usage.memory_request,
            main=True,
        ),
    ]  # fmt: skip


def traffic_gauges(usage: Usage, history: SampleHistory | None, window: Window, group: str = "") -> list[Gauge]:
    """What else one container uses: shared memory, processes, disk and network."""
    why = usage.unread
    shm = Figure(
        "/dev/shm", "Shared memory (/dev/shm)", usage.shm, usage.shm_size, format_bytes, window.of(history, "shm")
    )
    pids = Figure("Processes", "Processes", usage.pids, usage.pids_limit, count_text, window.of(history, "pids"))
    gauges = [
        shm.gauge(role=scarce_role(ratio(usage.shm, usage.shm_size)), note=why.get("shm", ""), group=group),
        pids.gauge(role=scarce_role(ratio(usage.pids, usage.pids_limit)), group=group),
    ]
    for label, title, value, figure, counter in (
        ("Disk read", "Disk, read", usage.disk_read_rate, "disk_read_rate", "disk_read"),
        ("Disk write", "Disk, written", usage.disk_write_rate, "disk_write_rate", "disk_write"),
        ("Net in", "Network, received", usage.net_rx_rate, "net_rx_rate", "net_rx"),
        ("Net out", "Network, sent", usage.net_tx_rate, "net_tx_rate", "net_tx"),
    ):
        rate = Figure(label, title, value, None, format_rate, window.of(history, figure))
        counted = getattr(usage, counter) is not None
        missing = why.get(counter, MEASURING if counted else "the kernel does not tell it")
        gauges.append(rate.gauge(note=missing if value is None else "", group=group))
    # What cannot be read comes last.
    return sorted(_one_reason(gauges), key=lambda gauge: gauge.use == UNKNOWN and gauge.note != MEASURING)


def _one_reason(gauges: list[Gauge]) -> list[Gauge]:
    """Two directions that are unknown for one reason are said once."""
    kept: list[Gauge] = []
    for gauge in gauges:
        same = kept and gauge.use == UNKNOWN and gauge.note and kept[-1].note == gauge.note
        if same and kept[-1].label.split()[0] == gauge.label.split()[0]:
            first = kept.pop()
            kept.append(
                Gauge(first.label.split()[0], UNKNOWN, "", None, note=first.note, group=first.group,
                      title=first.title.split(",")[0])
            )  # fmt: skip
        else:
            kept.append(gauge)
    return kept


def host_gauges(host: HostSample | None, history: SampleHistory | None, window: Window, group: str = "") -> list[Gauge]:
    """CPU and memory of the machine, and the disk that holds the runs."""
    if host is None:
        return []
    total = host.disk_total
    disk = total - host.disk_free if total is not None and host.disk_free is not None else None
    cores = Figure(
        "Host CPU", "CPU of the machine", host.cpu, float(host.cpu_count), format_cores, window.of(history, "cpu")
    )
    memory = Figure(
        "Host mem", "Memory of the machine", host.memory, host.memory_total, format_bytes, window.of(history, "memory")
    )
    filled = Figure(
        "Disk", "Disk of the runs", disk, total, format_bytes, _filled(window.of(history, "disk_free"), total)
    )
    return [
        cores.gauge(
            limit_said=cores_text(host.cpu_count),
            group=group,
            also=format_percent(host.cpu) if host.cpu is not None else "",
        ),
        memory.gauge(role=scarce_role(ratio(host.memory, host.memory_total)), group=group),
        filled.gauge(role=scarce_role(ratio(disk, total), 0.9, 0.97), group=group),
    ]


def _filled(free: Series | None, total: float | None) -> Series | None:
    """What is used, from what is free; its peak is not known, as what is kept of the past are the largest values."""
    if free is None or total is None:
        return None
    return free._replace(values=tuple(None if value is None else total - value for value in free.values), peak=None)


def count_text(count: float | None) -> str:
    """A whole number."""
    return UNKNOWN if count is None else f"{count:.0f}"


def format_rate(value: float | None) -> str:
    """``1.20 MiB/s``."""
    return UNKNOWN if value is None else f"{format_bytes(value)}/s"
