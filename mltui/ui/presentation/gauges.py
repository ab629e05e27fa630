"""Samples as gauges: use, limit, ratio, and a colour that means something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mltui.domain.figures import UNKNOWN, format_bytes, format_cores
from mltui.domain.text import one_line
from mltui.ui.widgets.gauges import Gauge

if TYPE_CHECKING:
    from mltui.domain.container import Usage
    from mltui.domain.device import DeviceSample, HostSample

#: Shares from which memory is a warning and an alarm: what does not fit ends the run.
_MEMORY_WARN, _MEMORY_ALARM = 0.85, 0.95


def ratio(use: float | None, limit: float | None) -> float | None:
    """use / limit, where both are known and the limit is not zero."""
    return use / limit if use is not None and limit else None


def scarce_role(share: float | None, warn: float = _MEMORY_WARN, alarm: float = _MEMORY_ALARM) -> str:
    """Colour of something that must not run out."""
    if share is None:
        return "dim"
    return "error" if share >= alarm else "warn" if share >= warn else "ok"


def usage_gauges(usage: Usage, history: Iterable[Usage]) -> list[Gauge]:
    """CPU and memory of one container."""
    past = list(history)
    cpu, memory = ratio(usage.cpu, usage.cpu_limit), ratio(usage.memory, usage.memory_limit)
    return [
        Gauge(
            "CPU", format_cores(usage.cpu), f"{format_cores(usage.cpu_limit)} cores", cpu, "primary",
            tuple(ratio(u.cpu, u.cpu_limit) for u in past),
        ),
        Gauge(
            "Memory", format_bytes(usage.memory), format_bytes(usage.memory_limit), memory, scarce_role(memory),
            tuple(ratio(u.memory, u.memory_limit) for u in past),
        ),
    ]  # fmt: skip


def host_gauges(host: HostSample | None, history: Iterable[HostSample]) -> list[Gauge]:
    """CPU and memory of the machine."""
    if host is None:
        return []
    past = list(history)
    cpu, memory = ratio(host.cpu, float(host.cpu_count)), ratio(host.memory, host.memory_total)
    disk_used = (host.disk_total - host.disk_free) if host.disk_total and host.disk_free is not None else None
    disk = ratio(disk_used, host.disk_total)
    return [
        Gauge(
            "Host CPU", format_cores(host.cpu), f"{host.cpu_count} cores", cpu, "primary",
            tuple(ratio(h.cpu, float(h.cpu_count)) for h in past),
        ),
        Gauge(
            "Host mem", format_bytes(host.memory), format_bytes(host.memory_total), memory, scarce_role(memory),
            tuple(ratio(h.memory, h.memory_total) for h in past),
        ),
        Gauge(
            "Disk", format_bytes(disk_used), format_bytes(host.disk_total), disk, scarce_role(disk, 0.9, 0.97),
            tuple(ratio((h.disk_total or 0) - (h.disk_free or 0), h.disk_total) for h in past),
        ),
    ]  # fmt: skip


def device_gauges(
    devices: Sequence[DeviceSample], histories: Mapping[str, Sequence[DeviceSample]], first: Sequence[str] = ()
) -> list[Gauge]:
    """Utilisation and memory of each GPU, with power and temperature; those named in ``first`` come first."""
    gauges: list[Gauge] = []
    for device in sorted(devices, key=lambda d: (d.uuid not in first and str(d.index) not in first, d.index)):
        label = f"GPU {device.index}"
        if device.error:
            gauges.append(Gauge(label, UNKNOWN, "", None, note=one_line(device.error, 60)))
            continue
        past = list(histories.get(device.uuid, ()))
        memory = ratio(device.memory_used, device.memory_total)
        watts = f"{device.power:.0f}" if device.power is not None else UNKNOWN
        watts += f" / {device.power_limit:.0f} W" if device.power_limit else " W"
        heat = f"{device.temperature:.0f} °C" if device.temperature is not None else UNKNOWN
        gauges += [
            Gauge(
                label, f"{watts} {heat}", "", device.utilization, "ok", tuple(d.utilization for d in past),
            ),
            Gauge(
                f"GPU{device.index} mem", format_bytes(device.memory_used), format_bytes(device.memory_total), memory,
                scarce_role(memory, 0.97, 0.995), tuple(ratio(d.memory_used, d.memory_total) for d in past),
            ),
        ]  # fmt: skip
    return gauges
