"""Samples of one run, once a second, into its record: its container, its GPUs, and the machine they are on."""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from mltui.domain.errors import MltuiError
from mltui.engines.base import KnowsItsProcesses, ReportsUsage
from mltui.runtime.gpu_holders import HolderReader
from mltui.storage.sample_file import SampleWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mltui.domain.device import DeviceSample
    from mltui.engines.base import Engine
    from mltui.monitors.amd import AmdMonitor
    from mltui.monitors.host import HostMonitor
    from mltui.monitors.nvidia import NvidiaMonitor
    from mltui.storage.run_folder import RunFolder

_PERIOD_S = 1.0
#: Wait before a full disk, or an engine that has no figures, is tried again.
_TROUBLE_S = 5.0
_FAULT_S = 60.0
#: Figures of the machine that are kept: of its disk the viewer shows what is now.
_HOST = frozenset({"cpu", "cpu_count", "memory", "memory_total"})


class RunSampler:
    """Samples in a thread of its own from ``start`` to ``close``; whatever fails costs samples, never the run."""

    def __init__(
        self,
        engine: Engine,
        container: str,
        gpus: Sequence[str],
        folder: RunFolder,
        each_time: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._each_time = each_time
        """Called before each sample."""
        self._container = container
        self._gpus = tuple(gpus)
        self._folder = folder
        self._host: HostMonitor | None = None
        self._nvidia: NvidiaMonitor | None = None
        self._amd: AmdMonitor | None = None
        self._holders = HolderReader(tuple, self._first_processes)
        self._held: set[str] = set()
        """UUIDs of the GPUs of AMD that its processes were seen on. They are its own from then on: nobody gives them
        out, as an engine does with those of NVIDIA."""
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
                self._each_time()
                try:
                    writer.add(time.time(), dict(self._sample()))
                except (OSError, MltuiError):
                    wait = _TROUBLE_S
                except Exception:
                    # A fault of ours, or of a driver's library, in one sample must not end all that follow.
                    traceback.print_exc()
                    wait = _FAULT_S
                self._closed.wait(max(0.05, wait - (time.monotonic() - began)))
        for monitor in (self._nvidia, self._amd):
            if monitor:
                monitor.close()

    def _prepare(self) -> None:
        """What can be seen from here: an engine of another machine has its own memory and GPUs."""
        if not self._engine.info().local:
            return
        from mltui.monitors.amd import AmdMonitor
        from mltui.monitors.host import HostMonitor

        self._host = HostMonitor(self._folder.path)
        amd = AmdMonitor(details=False)
        self._amd = amd if amd.probe() is None else None
        if self._gpus:
            from mltui.monitors.nvidia import NvidiaMonitor

            nvidia = NvidiaMonitor(details=False)
            self._nvidia = nvidia if nvidia.probe() is None else None

    def _sample(self) -> Iterator[tuple[str, float | None]]:
        if isinstance(self._engine, ReportsUsage):
            with contextlib.suppress(MltuiError):
                usage = self._engine.usage((self._container,)).get(self._container)
                if usage is not None:
                    yield from named("run", usage)
        if self._host:
            yield from ((name, value) for name, value in named("host", self._host.sample()) if name[5:] in _HOST)
        for device in self._devices():
            if not device.error:
                yield from named(f"gpu.{device.uuid}", device)

    def _devices(self) -> Iterator[DeviceSample]:
        """The GPUs of the run."""
        if self._nvidia:
            yield from (device for device in self._nvidia.sample() if device.is_among(self._gpus))
        if self._amd:
            holders = self._holders.name(self._amd.processes())
            self._held |= {holder.uuid for holder in holders if holder.container_id == self._container}
            yield from (device for device in self._amd.sample() if device.uuid in self._held)

    def _first_processes(self) -> Mapping[int, str]:
        return self._engine.first_processes() if isinstance(self._engine, KnowsItsProcesses) else {}


def named(prefix: str, sample: Any) -> Iterator[tuple[str, float | None]]:  # noqa: ANN401 - any of the samples
    """The numbers of a sample by name, ``run.cpu``; texts and what is made of parts are left out.

    A field that a sample has anew is kept from then on.
    """
    for field in fields(sample):
        value = getattr(sample, field.name)
        number = ("float" in field.type or "int" in field.type) and not isinstance(value, bool)
        if number and field.name != "time" and (value is None or isinstance(value, int | float)):
            yield f"{prefix}.{field.name}", value
