"""GPUs as gauges, and who is on them as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mltui.domain.figures import UNKNOWN, format_bytes, format_percent
from mltui.domain.text import one_line
from mltui.ui.presentation.gauges import Figure, Window, format_rate, ratio, scarce_role
from mltui.ui.widgets.gauge_lines import Gauge
from mltui.ui.widgets.lines import Line, Span, cut
from mltui.ui.widgets.text_view import folded

if TYPE_CHECKING:
    from mltui.domain.device import DeviceSample
    from mltui.runtime.gpu_holders import GpuHolder
    from mltui.runtime.sample_history import SampleHistory

#: Below this share of its time over so many seconds, a GPU that a run asked for is idle.
_IDLE, _IDLE_S = 0.05, 60.0
_HOT, _TOO_HOT = 0.93, 1.0


def device_gauges(
    device: DeviceSample, history: SampleHistory | None, window: Window, group: str = "", *, own: bool = False
) -> list[Gauge]:
    """One GPU; of one that the selected run has (``own``) also whether it is used at all, and with all the
    screen power and heat by themselves."""
    number = device.number
    name = f"GPU {number}"
    if device.error:
        return [Gauge(name, UNKNOWN, "", None, note=one_line(device.error, 80), group=group, title=name)]
    memory = Figure(
        f"GPU{number} mem", f"{name} memory", device.memory_used, device.memory_total, format_bytes,
        window.of(history, "memory_used"),
    )  # fmt: skip
    share = ratio(device.memory_used, device.memory_total)
    gauges = [memory.gauge(role=scarce_role(share, 0.97, 0.995), group=group, main=own)]
    if device.part is None:
        gauges.insert(0, _utilization(device, history, window, group, own=own))
        gauges += _heat_and_power(device, history, window, group) if own and window.full else []
    return gauges


def _utilization(
    device: DeviceSample, history: SampleHistory | None, window: Window, group: str, *, own: bool
) -> Gauge:
    busy, number = device.utilization, device.number
    title = f"GPU {number}  {one_line(device.name, 40)}"
    if busy is None:
        why = "given out in parts (MIG)" if device.partitioned else "not told by this board"
        return Gauge(f"GPU {number}", UNKNOWN, "", None, note=why, group=group, title=title, main=own)
    idle = own and _idle(history, window)
    role = "warn" if idle else "ok" if busy >= _IDLE else "dim"
    note = "asked for, and idle for a minute" if idle else "slowed: " + ", ".join(device.details.slowed_by)
    note = note if idle or device.details.slowed_by else ""
    figure = Figure(f"GPU {number}", title, busy, 1.0, format_percent, window.of(history, "utilization"))
    # The use is itself a share of the time; beside it stands what it costs, unless that has gauges of its own.
    spent = (
        UNKNOWN
        if own and window.full
        else " ".join(filter(None, (watts_text(device.power), degrees_text(device.temperature)))).replace(
            f"{UNKNOWN} ", ""
        )
    )
    gauge = figure.gauge(role=role, note=note, group=group, main=own)
    return replace(gauge, use="busy" if spent == UNKNOWN else spent, limit="")


def _idle(history: SampleHistory | None, window: Window) -> bool:
    """It was looked at for a minute, and did nothing."""
    if history is None:
        return False
    seen = list(history.points("utilization", window.now - _IDLE_S))
    return bool(seen) and seen[0][0] <= window.now - _IDLE_S + 5 and max(value for _, value in seen) < _IDLE


def _heat_and_power(device: DeviceSample, history: SampleHistory | None, window: Window, group: str) -> list[Gauge]:
    number, name = device.number, f"GPU {device.number}"
    heat = ratio(device.temperature, device.temperature_limit)
    power = Figure(
        f"GPU{number} W", f"{name} power", device.power, device.power_limit, watts_text, window.of(history, "power")
    )
    temperature = Figure(
        f"GPU{number} °C", f"{name} temperature", device.temperature, device.temperature_limit, degrees_text,
        window.of(history, "temperature"),
    )  # fmt: skip
    return [
        power.gauge(group=group, note="" if device.power is not None else "not told by this board"),
        temperature.gauge(
            role=scarce_role(heat, _HOT, _TOO_HOT), group=group,
            note="" if device.temperature is not None else "not told by this board",
        ),
    ]  # fmt: skip


def detail_lines(devices: Sequence[DeviceSample], width: int) -> list[Line]:
    """A line or more for each GPU with all it tells, under a heading."""
    told = [(device, _details(device)) for device in devices if device.part is None and not device.error]
    if not any(said for _, said in told):
        return []
    lines: list[Line] = [[("GPUs in detail", "title")], []]
    for device, said in told:
        slowed = ", ".join(device.details.slowed_by)
        head: list[Span] = [(f"{device.number:<5}", "text"), (f"{one_line(device.name, 40)}  ", "strong")]
        head += [(f"slowed by {slowed}  ", "warn")] if slowed else []
        lines += [head, *folded([[("     ", "text"), (said, "dim")]], width)]
    return [*lines, []]


def _details(device: DeviceSample) -> str:
    """Clocks, fan, traffic, errors, modes; what it does not tell is left out."""
    more = device.details
    said = [
        _of("clock", more.clock, more.clock_max, "MHz"),
        _of("memory", more.memory_clock, more.memory_clock_max, "MHz"),
        f"P{more.performance_state}" if more.performance_state is not None else "",
        f"fan {format_percent(more.fan)}" if more.fan is not None else "",
        _pcie(device),
        _both_ways("NVLink", more.nvlink_rx, more.nvlink_tx),
        _memory_errors(more.ecc_volatile, more.ecc_aggregate),
        f"encoder {format_percent(more.encoder)}" if more.encoder else "",
        f"decoder {format_percent(more.decoder)}" if more.decoder else "",
        f"compute mode {more.compute_mode}" if more.compute_mode not in ("", "default") else "",
    ]
    return "  ".join(filter(None, said))


def _of(name: str, value: float | None, most: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{name} {value:.0f}/{most:.0f} {unit}" if most else f"{name} {value:.0f} {unit}"


def _pcie(device: DeviceSample) -> str:
    more = device.details
    if more.pcie_generation is None and more.pcie_rx is None:
        return ""
    link = f"PCIe {more.pcie_generation}x{more.pcie_width}" if more.pcie_generation and more.pcie_width else "PCIe"
    slower = (more.pcie_width or 0) < (more.pcie_width_max or 0)
    most = f" of x{more.pcie_width_max}" if slower else ""
    return _both_ways(link + most, more.pcie_rx, more.pcie_tx) or link + most


def _both_ways(name: str, received: float | None, sent: float | None) -> str:
    return f"{name} ↓{format_rate(received)} ↑{format_rate(sent)}" if received is not None or sent is not None else ""


def _memory_errors(now: int | None, ever: int | None) -> str:
    if now is None and ever is None:
        return ""
    return f"ECC errors {now if now is not None else UNKNOWN} now, {ever if ever is not None else UNKNOWN} ever"


def holder_lines(
    holders: Sequence[GpuHolder], devices: Sequence[DeviceSample], width: int, own_run: str = ""
) -> list[Line]:
    """The table of who is on which GPU: memory, share of its time, name, user, command."""
    if not devices:
        return []
    totals = {device.uuid: device for device in devices}
    numbers = {device.uuid: device.number for device in devices}
    lines: list[Line] = [[("On the GPUs", "title")], []]
    if not holders:
        return [*lines, [("nobody", "dim")], []]
    head = f"{'GPU':<5}{'memory':>10}{'share':>7}{'busy':>7}  {'who':<{_who(width)}}{'user':<12}command"
    lines.append([(head, "dim")])
    order = sorted(holders, key=lambda one: (one.index, numbers.get(one.uuid, ""), -(one.memory or 0.0), one.pid))
    return [*lines, *(_holder(one, totals, width, own_run) for one in order), []]


def held_by_container(holders: Sequence[GpuHolder], devices: Sequence[DeviceSample]) -> dict[str, str]:
    """What each container holds of GPUs, by its id: ``GPU 0,1 75.0 GiB``."""
    numbers = {device.uuid: device.number for device in devices}
    found: dict[str, list[GpuHolder]] = {}
    for holder in holders:
        if holder.container_id:
            found.setdefault(holder.container_id, []).append(holder)
    return {container: _held(held, numbers) for container, held in found.items()}


def _held(holders: Sequence[GpuHolder], numbers: Mapping[str, str]) -> str:
    names = sorted({numbers.get(holder.uuid, str(holder.index)) for holder in holders})
    known = [holder.memory for holder in holders if holder.memory is not None]
    return f"GPU {','.join(names)} {format_bytes(sum(known) if known else None)}"


def _who(width: int) -> int:
    return max(14, min(40, width - 31 - 12 - 20))


def _holder(holder: GpuHolder, devices: Mapping[str, DeviceSample], width: int, own_run: str) -> Line:
    device = devices.get(holder.uuid)
    total = device.memory_total if device else None
    figures = (
        f"{device.number if device else holder.index:<5}{format_bytes(holder.memory):>10}"
        f"{format_percent(ratio(holder.memory, total)):>7}{format_percent(holder.utilization):>7}  "
    )
    who = holder.container or ("" if holder.problem else "no container")
    role = "strong" if own_run and holder.run_id == own_run else "text" if holder.container else "dim"
    room = _who(width)
    draws = "  draws only" if holder.draws_only else ""
    line: list[Span] = [(figures, "text"), (cut(who, room - 1) + " ", role)]
    if holder.problem:
        return [*line[:1], (f"{UNKNOWN} {holder.problem} (process {holder.pid})", "dim")]
    return [*line, (cut(holder.user or UNKNOWN, 11) + " ", "alt"), (f"{holder.command} {holder.pid}{draws}", "dim")]


def watts_text(power: float | None) -> str:
    """``412 W``."""
    return UNKNOWN if power is None else f"{power:.0f} W"


def degrees_text(temperature: float | None) -> str:
    """``71 °C``."""
    return UNKNOWN if temperature is None else f"{temperature:.0f} °C"
