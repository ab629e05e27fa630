"""The doctor's probe, made only when it is asked for: a container that lists the GPUs it was given, and is removed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mltui.domain.errors import EngineError, EngineUnavailable
from mltui.domain.launch import GpuRequest, LaunchSpec
from mltui.domain.text import one_line
from mltui.engines.base import Engine, ListsImages
from mltui.runtime.checkup import Finding, Verdict

if TYPE_CHECKING:
    from mltui.domain.container import ContainerStatus

#: Seconds for the probe; a big image takes a while to start.
PROBE_S = 30.0
#: Images in which NVIDIA's own program is sure to find its libraries.
_LIKELY = ("cuda", "pytorch", "tensorflow", "nvidia", "jax")
_COMMAND = ("nvidia-smi", "-L")


def check_probe(name: str = "", endpoint: str = "") -> Iterable[Finding]:
    """Whether a container sees the GPUs that it asks for; no image is fetched for it."""
    from mltui.plugins import make_engine

    try:
        with contextlib.closing(make_engine(name or "docker", endpoint)) as engine:
            yield from probe(engine)
    except EngineUnavailable as error:
        yield Finding("probe", Verdict.FAIL, error.message, error.hint)


def probe(engine: Engine) -> Iterator[Finding]:
    """Run the probe on ``engine``."""
    images = engine.images() if isinstance(engine, ListsImages) else ()
    names = [image.name for image in images if image.name and "<none>" not in image.name]
    if not names:
        yield Finding("probe", Verdict.INFO, "there is no image on the engine to probe with", "docker pull one first.")
        return
    image = min(names, key=lambda one: not any(word in one for word in _LIKELY))
    try:
        status, output = _run(engine, image)
    except EngineError as error:
        yield Finding("probe", Verdict.FAIL, error.message, error.hint)
        return
    yield _judged(image, status, output)


def _run(engine: Engine, image: str) -> tuple[ContainerStatus, str]:
    made = f"mltui-probe-{int(time.time())}"
    spec = LaunchSpec(
        run_id="", profile="probe", name=made, image=image, project="/", pull_policy="never", command=_COMMAND,
        entrypoint=(), gpus=GpuRequest(all=True), init=False, network_mode="none", stop_grace_period=1.0,
    )  # fmt: skip
    engine.check(spec)
    container = engine.create(spec, engine.prepare(spec, lambda progress: None))
    try:
        with contextlib.closing(engine.attach(container)) as stream:
            engine.start(container)
            output = b"".join(chunk.data for chunk in stream)
        return _ended(engine, container), output.decode(errors="replace")
    finally:
        with contextlib.suppress(EngineError):
            engine.remove(container, force=True)


def _ended(engine: Engine, container: str) -> ContainerStatus:
    """Its state once the engine calls it ended, a moment after its output."""
    end = time.monotonic() + PROBE_S
    while not (status := engine.inspect(container)).ended and time.monotonic() < end:
        time.sleep(0.05)
    return status


def _judged(image: str, status: ContainerStatus, output: str) -> Finding:
    seen = [one_line(line, 120) for line in output.splitlines() if line.startswith("GPU ")]
    if status.exit_code == 0 and seen:
        return Finding("probe", Verdict.OK, f"a container of {image} sees {len(seen)}: {'; '.join(seen[:8])}")
    said = one_line(output, 200) or "it said nothing"
    evidence = f"nvidia-smi -L in a container of {image} ended with {status.exit_code}: {said}"
    return Finding("probe", Verdict.FAIL, evidence, "The toolkit gives the container no driver: see gpu toolkit above.")
