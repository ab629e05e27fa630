"""Everything the gauges pane shows: the selected run first, then the machine; between them who is on the GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mltui.domain.text import one_line
from mltui.ui.presentation.gauges import Window, host_gauges, traffic_gauges, usage_gauges
from mltui.ui.presentation.gpu_gauges import detail_lines, device_gauges, holder_lines
from mltui.ui.presentation.marks import run_labels
from mltui.ui.widgets.gauge_lines import Gauge
from mltui.ui.widgets.lines import Line, cut

if TYPE_CHECKING:
    from mltui.domain.device import DeviceSample
    from mltui.domain.run import Run
    from mltui.runtime.sampler import Sampler

_MACHINE = "This machine"


class GaugeBoard(NamedTuple):
    """Gauges in their order, and the table that stands behind the first ``after`` of them."""

    gauges: list[Gauge]
    table: list[Line]
    after: int


def gauge_board(
    sampler: Sampler, run: Run | None, container_id: str, name: str, window: Window, width: int, *, here: bool,
    ended: Sequence[Gauge] = (),
) -> GaugeBoard:  # fmt: skip
    """Of the run or container that is selected, and of the machine where that is ``here``.

    Of one that does not run ``ended`` is shown: what it used when it did.
    """
    own = _of_the_selected(sampler, run, container_id, name, window, here=here) or list(ended)
    if not here:
        return GaugeBoard(own, [], len(own))
    table = holder_lines(sampler.holders, sampler.devices, width, run.id if run else "")
    table += detail_lines(sampler.devices, width)
    # The table stands behind what matters most of the run.
    after = sum(gauge.main for gauge in own)
    own.sort(key=lambda gauge: not gauge.main)
    return GaugeBoard(own + _of_the_machine(sampler, [run] if run else [], window), table, after)


class SweepPart(NamedTuple):
    """One run of a sweep."""

    run: Run
    name: str
    """What tells it from the others, ``lr=0.01``."""
    ended: Sequence[Gauge] = ()
    """What it used, of one that has ended."""


def sweep_board(sampler: Sampler, parts: Sequence[SweepPart], window: Window, width: int, *, here: bool) -> GaugeBoard:
    """Of each run of a sweep what matters most, those that run first, and of the machine where that is ``here``."""
    own: list[Gauge] = []
    done: list[Gauge] = []
    labels = run_labels([part.run for part in parts])
    for (run, name, ended), short in zip(parts, labels, strict=True):
        live = [one for one in _of_the_selected(sampler, run, run.container_id, "", window, here=here) if one.main]
        group = one_line(f"{name} {run.id}" if live else f"{name}: average and peak", 80)
        # Where there is no room for the groups' names, the labels tell whose they are.
        mine = [replace(one, group=group, main=False, label=_label(short, one.label)) for one in live or ended]
        (own if live else done).extend(mine)
    own += done
    if not here:
        return GaugeBoard(own, [], len(own))
    table = holder_lines(sampler.holders, sampler.devices, width, "") + detail_lines(sampler.devices, width)
    return GaugeBoard(own + _of_the_machine(sampler, [part.run for part in parts], window), table, len(own))


def _label(run: str, label: str) -> str:
    """``0.01 CPU``, in the ten letters of a label."""
    what = "mem" if label == "Memory" else label.replace("GPU ", "GPU")
    return f"{cut(run, 9 - len(what)).rstrip()} {what}" if len(what) < 7 else label


def _of_the_selected(
    sampler: Sampler, run: Run | None, container_id: str, name: str, window: Window, *, here: bool
) -> list[Gauge]:
    usage = sampler.usage.get(container_id)
    if usage is None:
        return []
    group = one_line(f"Run {run.id}  {run.profile}" if run else f"Container {name}", 80)
    past = sampler.usage_history.get(container_id)
    gauges = usage_gauges(usage, past, window, group)
    for device in sampler.devices if here else ():
        if _is_of(device, run, sampler):
            gauges += device_gauges(device, sampler.device_past(device), window, group, own=True)
    return gauges + traffic_gauges(usage, past, window, group)


def _of_the_machine(sampler: Sampler, runs: Sequence[Run], window: Window) -> list[Gauge]:
    gauges = host_gauges(sampler.host, sampler.host_history, window, _MACHINE)
    shown = [run for run in runs if run.container_id in sampler.usage]
    others = [device for device in sampler.devices if not any(_is_of(device, run, sampler) for run in shown)]
    of_devices = [
        gauge for device in others for gauge in device_gauges(device, sampler.device_past(device), window, _MACHINE)
    ]
    # The machine's processors, its GPUs, then its memory and its disk.
    return gauges[:1] + of_devices + gauges[1:]


def _is_of(device: DeviceSample, run: Run | None, sampler: Sampler) -> bool:
    """The run was given it, or its processes are on it: nobody gives out a GPU of AMD."""
    return run is not None and (
        device.is_among(run.gpus)
        or any(holder.uuid == device.uuid and holder.run_id == run.id for holder in sampler.holders)
    )
