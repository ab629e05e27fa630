"""GPU requests on a real engine; a stand-in for NVIDIA's hook takes them."""

from __future__ import annotations

import dataclasses

import pytest

from mltui.domain.errors import GpuUnavailable, StartError
from mltui.domain.launch import GpuRequest
from mltui.engines.docker.create import check_gpus_kept, start_refusal
from mltui.engines.docker.wire import Refused
from tests.contracts.conftest import Rig
from tests.support import images
from tests.support.dockerd import PrivateDockerd

UUID = "GPU-5a2c1f2e-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("gpus", "visible"),
    [
        (GpuRequest(all=True), "all"),
        (GpuRequest(count=2), "0,1"),
        (GpuRequest(device_ids=("0", "3")), "0,3"),
        (GpuRequest(device_ids=(UUID,)), UUID),
    ],
)
def test_what_is_asked_for_is_given(rig: Rig, private_dockerd: PrivateDockerd, gpus: GpuRequest, visible: str) -> None:
    """All, so many, or these by index or UUID: the container sees just them."""
    spec = rig.spec("env | grep NVIDIA_VISIBLE", gpus=gpus)
    rig.engine.check(spec)
    _, status, output = rig.run(spec)
    assert status.exit_code == 0
    assert output[1].decode().strip() == f"NVIDIA_VISIBLE_DEVICES={visible}"


def test_no_request_gives_none(rig: Rig, private_dockerd: PrivateDockerd) -> None:
    """Without a request the hook is never asked."""
    before = len(private_dockerd.asked_gpus())
    rig.run(rig.spec("true"))
    assert len(private_dockerd.asked_gpus()) == before


def test_driver_fault(rig: Rig, private_dockerd: PrivateDockerd) -> None:
    """A driver that fails is told with its own words and the cure, and no container is left."""
    spec = rig.spec("true", gpus=GpuRequest(all=True))
    container = rig.create(spec)
    fault = "nvidia-container-cli: initialization error: nvml error: driver not loaded"
    with private_dockerd.failing_gpus(fault), pytest.raises(GpuUnavailable) as refused:
        rig.engine.start(container)
    assert "driver is not loaded" in refused.value.message
    assert "nvml error: driver not loaded" in refused.value.message
    assert "nvidia-smi" in refused.value.hint
    assert "gpus to none" in refused.value.hint
    assert rig.engine.find(spec.run_id) is None


def test_refused_before_an_image_is_made(rig: Rig, private_dockerd: PrivateDockerd) -> None:
    """``check`` finds a driver fault although the run's own image is not there yet, and leaves nothing."""
    spec = rig.spec("true", gpus=GpuRequest(count=1), image="mltui-test/not-built-yet")
    rig.engine.check(spec)
    before = {row.id for row in rig.engine.containers()}
    with private_dockerd.failing_gpus("nvidia-container-cli: nvml error"), pytest.raises(GpuUnavailable):
        rig.engine.check(spec)
    assert {row.id for row in rig.engine.containers()} == before


def test_an_engine_without_gpus(tmp_path_factory: pytest.TempPathFactory, private_dockerd: PrivateDockerd) -> None:
    """An engine with no GPU driver says so in one sentence, with the cure and the way without."""
    from mltui.engines.docker import DockerEngine

    bare = PrivateDockerd(hook=False)
    try:
        bare.start()
        images.load_busybox(bare.url)
        engine = DockerEngine(bare.url)
        rig = Rig(engine, tmp_path_factory.mktemp("bare"), images.BUSYBOX)
        spec = rig.spec("true", gpus=GpuRequest(all=True))
        with pytest.raises(GpuUnavailable) as checked:
            engine.check(spec)
        container = rig.create(spec)
        with pytest.raises(GpuUnavailable) as started:
            engine.start(container)
        assert not engine.info().gpus
        assert engine.containers() == ()
        engine.check(dataclasses.replace(spec, gpus=GpuRequest()))
        engine.close()
    finally:
        bare.stop()
    for refused in (checked, started):
        assert "no driver for GPUs" in refused.value.message
        assert "nvidia-container-toolkit" in refused.value.hint
        assert "gpus to none" in refused.value.hint
        assert "\n" not in str(refused.value)


def test_a_silently_dropped_request(rig: Rig) -> None:
    """Podman's compatible API takes the request and reads back none: that is refused by name."""
    spec = rig.spec("true", gpus=GpuRequest(count=1))
    kept = {"HostConfig": {"DeviceRequests": [{"Count": 1, "Capabilities": [["gpu"]]}]}}
    check_gpus_kept(spec, kept, "Docker Engine")
    with pytest.raises(GpuUnavailable, match="Podman Engine took the request"):
        check_gpus_kept(spec, {"HostConfig": {"DeviceRequests": None}}, "Podman Engine")


def test_runtime_that_the_engine_lacks(rig: Rig) -> None:
    """``runtime: nvidia`` on an engine without it is about GPUs; another unknown runtime is not."""
    with pytest.raises(GpuUnavailable, match="no runtime named nvidia"):
        rig.engine.check(rig.spec("true", runtime="nvidia"))
    with pytest.raises(StartError, match="no such runtime"):
        rig.engine.check(rig.spec("true", runtime="kata"))


@pytest.mark.parametrize(
    ("text", "meaning", "cure"),
    [
        ("nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot open shared "
         "object file: no such file or directory: unknown", "driver is not loaded", "install"),
        ("nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.4, please update your driver to a "
         "newer version, or use an earlier cuda container: unknown", "newer NVIDIA driver", "older CUDA"),
        ("nvidia-container-cli: initialization error: nvml error: driver/library version mismatch: unknown",
         "upgraded", "Restart the machine"),
        ("nvidia-container-cli: device error: 7: unknown device: unknown", "no such GPU", "nvidia-smi -L"),
        ("CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all", "CDI", "nvidia-ctk cdi generate"),
        ("nvidia-container-cli: container error: cgroup subsystem devices not found: unknown", "cgroup v2", "Update"),
    ],
)  # fmt: skip
def test_known_faults(text: str, meaning: str, cure: str) -> None:
    """What NVIDIA's tools say is turned into what it means and what to do."""
    around = "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create "
    around += "failed: unable to start container process: error during container init: error running prestart hook #0: "
    around += "error running hook: exit status 1, stdout: , stderr: Auto-detected mode as 'legacy'\n"
    error = start_refusal("run", Refused(500, around + text), gpus="all")
    assert isinstance(error, GpuUnavailable)
    assert meaning in error.message
    assert error.message.count("(nvidia" if text.startswith("nvidia") else "(CDI") == 1, "only the reason is shown"
    assert cure in error.hint
