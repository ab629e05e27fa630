"""Samples of one run, once a second, into its record: its container, its GPUs, and the machine they are on."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from mltui.domain.errors import MltuiError
from mltui.engines.base import ReportsUsage
from mltui.storage.sample_file import SampleWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mltui.domain.device import DeviceSample
    from mltui.engines.base import Engine
    from mltui.monitors.base import DeviceMonitor
    from mltui.monitors.host import HostMonitor
    from mltui.storage.run_folder import RunFolder

_PERIOD_S = 1.0
#: Wait before a full disk, or an engine that has no figures, is tried again.
_TROUBLE_S = 5.0
#: Figures of the machine that are kept: of its disk the viewer shows what is now.
_HOST = frozenset({"cpu", "cpu_count", "memory", "memory_total"})


class RunSampler:
    """Samples in a thread of its own from ``start`` to ``close``; whatever fails costs samples, never the run."""

    def __init__(self, engine: Engine, container: str, gpus: Sequence[str], folder: RunFolder) -> None:
        self._engine = engine
        self._container = container
        self._gpus = tuple(gpus)
        self._folder = folder
        self._host: HostMonitor | None = None
        self._monitors: tuple[DeviceMonitor, ...] = ()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="samples", daemon=True)

    def __enter__(self) -> RunSampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        # A driver or an engine may hang in a sample: the run's end does not wait for that.
        self._thread.join(_PERIOD_S)

    def _run(self) -> None:
        try:
            self._prepare()
            writer = SampleWriter(self._folder.samples)
        except Exception:
            return
        with contextlib.closing(writer):
            while not self._closed.is_set():
                began = time.monotonic()
                wait = _PERIOD_S
                try:
                    writer.add(time.time(), dict(self._sample()))
                except (OSError, MltuiError):
                    wait = _TROUBLE_S
                self._closed.wait(max(0.05, wait - (time.monotonic() - began)))
        for monitor in self._monitors:
            monitor.close()

    def _prepare(self) -> None:
        """What can be seen from here: an engine of another machine has its own memory and GPUs."""
        if not self._engine.info().local:
            return
        from mltui.monitors.host import HostMonitor

        self._host = HostMonitor(self._folder.path)
        if self._gpus:
            from mltui.monitors.nvidia import NvidiaMonitor

            monitor = NvidiaMonitor(details=False)
            self._monitors = (monitor,) if monitor.probe() is None else ()

    def _sample(self) -> Iterator[tuple[str, float | None]]:
        if isinstance(self._engine, ReportsUsage):
            with contextlib.suppress(MltuiError):
                usage = self._engine.usage((self._container,)).get(self._container)
                if usage is not None:
                    yield from named("run", usage)
        if self._host:
            yield from ((name, value) for name, value in named("host", self._host.sample()) if name[5:] in _HOST)
        for monitor in self._monitors:
            for device in monitor.sample():
                if not device.error and given(device, self._gpus):
                    yield from named(f"gpu.{device.uuid}", device)


def named(prefix: str, sample: Any) -> Iterator[tuple[str, float | None]]:  # noqa: ANN401 - any of the samples
    """The numbers of a sample by name, ``run.cpu``; texts and what is made of parts are left out.

    A field that a sample has anew is kept from then on.
    """
    for field in fields(sample):
        value = getattr(sample, field.name)
        number = ("float" in field.type or "int" in field.type) and not isinstance(value, bool)
        if number and field.name != "time" and (value is None or isinstance(value, int | float)):
            yield f"{prefix}.{field.name}", value


def given(device: DeviceSample, gpus: Sequence[str]) -> bool:
    """The run was given this device: all of them, or these by index or UUID (or the beginning of one)."""
    return any(one in ("all", device.number) or (len(one) > 3 and device.uuid.startswith(one)) for one in gpus)
