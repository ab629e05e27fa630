"""Images made ready on a real engine."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mltui.domain.errors import EngineError, ImageError
from mltui.domain.launch import BuildSpec, LaunchSpec
from mltui.engines.base import Progress
from mltui.engines.docker import sending
from mltui.engines.docker.build import Follower, pull_refusal
from mltui.engines.docker.image_removal import removal_refusal
from mltui.engines.docker.sending import Sending
from mltui.engines.docker.wire import Refused
from tests.contracts.conftest import Rig, until
from tests.support import images

DOCKERFILE = f"FROM {images.BUSYBOX}\nARG GREETING=hello\nCOPY data.txt /\nRUN echo $GREETING > /greeting\n"


class Cancelled(Exception):
    """Raised by a callback."""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A folder that builds."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "data.txt").write_text("one")
    return folder


@pytest.fixture
def spec(rig: Rig, context: Path) -> Iterator[LaunchSpec]:
    """A launch whose image is built."""
    name = f"mltui-test/build-{os.getpid()}"
    yield rig.spec("cat /greeting /data.txt", image=name, build=BuildSpec(str(context)))
    rig.clear()
    rig.made.clear()
    for image in rig.engine.images():
        if any(tag.startswith(name) for tag in image.tags):
            rig.engine.remove_image(image.id, force=True)


def prepare(rig: Rig, spec: LaunchSpec) -> tuple[bool, list[Progress]]:
    """Whether it was built, and the news."""
    news: list[Progress] = []
    ready = rig.engine.image_ready(spec)
    ref = rig.engine.prepare(spec, news.append)
    assert ref.built is not ready
    assert ref.id.startswith("sha256:")
    assert rig.engine.image_ready(spec)
    return ref.built, [one for one in news if one.text]


def test_missing_image_is_built_step_by_step(rig: Rig, spec: LaunchSpec) -> None:
    """Each step is told while it runs; the container has what was built."""
    built, news = prepare(rig, spec)
    assert built
    steps = [(one.step, one.steps) for one in news if one.text.startswith("Step ")]
    assert [step for step, _ in steps] == list(range(1, len(steps) + 1))
    assert {total for _, total in steps} == {len(steps)}
    assert any("RUN echo $GREETING" in one.text for one in news)
    assert rig.run(spec)[2][1] == b"hello\none"


def test_unchanged_context_builds_nothing(rig: Rig, spec: LaunchSpec, context: Path) -> None:
    """Times do not count, only what the files hold."""
    prepare(rig, spec)
    os.utime(context / "data.txt", (1, 1))
    assert prepare(rig, spec) == (False, [])


@pytest.mark.parametrize("change", ["file", "new file", "mode", "dockerfile", "argument", "link"])
def test_changed_context_builds_anew(rig: Rig, spec: LaunchSpec, context: Path, change: str) -> None:
    """Whatever could change the image makes it stale."""
    prepare(rig, spec)
    match change:
        case "file":
            (context / "data.txt").write_text("two")
        case "new file":
            (context / "more.txt").write_text("")
        case "mode":
            (context / "data.txt").chmod(0o755)
        case "dockerfile":
            (context / "Dockerfile").write_text(DOCKERFILE + "RUN true\n")
        case "argument":
            spec = dataclasses.replace(spec, build=BuildSpec(str(context), args={"GREETING": "bye"}))
        case "link":
            (context / "link").symlink_to("data.txt")
    assert prepare(rig, spec)[0]


def test_ignored_files_do_not_count(rig: Rig, spec: LaunchSpec, context: Path) -> None:
    """What ``.dockerignore`` leaves out is not sent and makes nothing stale."""
    (context / ".dockerignore").write_text("# results\noutputs/\n*.log\n!keep.log\n")
    prepare(rig, spec)
    (context / "outputs").mkdir()
    (context / "outputs/model.bin").write_text("big")
    (context / "x.log").write_text("noise")
    assert not prepare(rig, spec)[0]
    (context / "keep.log").write_text("matters")
    assert prepare(rig, spec)[0]


def test_dockerfile_from_outside_the_context(rig: Rig, spec: LaunchSpec, context: Path) -> None:
    """A Dockerfile beside the context works as with the docker command."""
    (context / "Dockerfile").rename(context.parent / "Other.Dockerfile")
    spec = dataclasses.replace(spec, build=BuildSpec(str(context), dockerfile="../Other.Dockerfile"))
    assert prepare(rig, spec)[0]
    assert not prepare(rig, spec)[0]


def test_target_of_a_build_in_stages(rig: Rig, spec: LaunchSpec, context: Path) -> None:
    """Only the stage that is asked for is built."""
    text = f"FROM {images.BUSYBOX} AS base\nRUN echo base > /greeting\nCOPY data.txt /\nFROM base\nRUN exit 1\n"
    (context / "Dockerfile").write_text(text)
    spec = dataclasses.replace(spec, build=BuildSpec(str(context), target="base"))
    assert prepare(rig, spec)[0]


def test_policy_build_builds_each_time(rig: Rig, spec: LaunchSpec) -> None:
    """``pull_policy: build`` never takes an image for ready."""
    spec = dataclasses.replace(spec, pull_policy="build")
    for _ in range(2):
        assert not rig.engine.image_ready(spec)
        assert rig.engine.prepare(spec, lambda news: None).built


def test_failing_step(rig: Rig, spec: LaunchSpec, context: Path) -> None:
    """The step, the exit code and the last lines are told; the image is not there."""
    (context / "Dockerfile").write_text(
        f"FROM {images.BUSYBOX}\nRUN echo about to fail; printf '\\033[31mred\\033[0m\\n'; exit 3\n"
    )
    with pytest.raises(ImageError) as refused:
        rig.engine.prepare(spec, lambda news: None)
    assert "step 2/3 (RUN echo about to fail" in refused.value.message
    assert "exit code 3" in refused.value.message
    assert "about to fail" in refused.value.tail
    assert "red" in refused.value.tail
    assert not rig.engine.image_ready(spec)


@pytest.mark.parametrize(
    ("dockerfile", "told"),
    [
        (f"FROM {images.BUSYBOX}\nCOPY nothing-here.txt /\n", "nothing-here.txt"),
        (f"FROM {images.BUSYBOX}\nFETCH it\n", "FETCH"),
        ("", "empty"),
        (f"FROM {images.BUSYBOX}\nRUN --mount=type=cache,target=/c true\n", "BuildKit"),
    ],
)
def test_broken_dockerfile(rig: Rig, spec: LaunchSpec, context: Path, dockerfile: str, told: str) -> None:
    """What is wrong with the Dockerfile is in the one sentence."""
    (context / "Dockerfile").write_text(dockerfile)
    with pytest.raises(ImageError) as refused:
        rig.engine.prepare(spec, lambda news: None)
    assert told in refused.value.message
    assert "\n" not in str(refused.value)


def test_no_dockerfile_and_no_context(rig: Rig, spec: LaunchSpec, context: Path) -> None:
    """A file or folder that is missing is named before anything is sent."""
    (context / "Dockerfile").unlink()
    for build in (BuildSpec(str(context)), BuildSpec(str(context / "nowhere"))):
        with pytest.raises(ImageError, match=str(context)):
            rig.engine.prepare(dataclasses.replace(spec, build=build), lambda news: None)


def test_base_image_that_does_not_exist(rig: Rig, spec: LaunchSpec, context: Path) -> None:
    """A wrong base image fails at its step, whether a registry says so or none can be asked."""
    (context / "Dockerfile").write_text("FROM mltui-test/no-such-base:1\n")
    with pytest.raises(ImageError, match=r"step 1/\d \(FROM mltui-test/no-such-base:1\)") as refused:
        rig.engine.prepare(spec, lambda news: None)
    assert refused.value.hint


def test_cancel_in_a_silent_step(rig: Rig, spec: LaunchSpec, context: Path) -> None:
    """What the callback raises ends the build, also while a step says nothing, and the engine stops working on it."""
    (context / "Dockerfile").write_text(f"FROM {images.BUSYBOX}\nRUN sleep 300\n")

    before = {row.id for row in rig.engine.containers()}

    def cancel_once_silent(news: Progress) -> None:
        if news.step == 2 and not news.text:
            raise Cancelled

    with pytest.raises(Cancelled):
        rig.engine.prepare(spec, cancel_once_silent)
    until(lambda: {row.id for row in rig.engine.containers()} - before, lambda left: not left)


@pytest.mark.parametrize("policy", ["missing", "never"])
def test_image_that_is_not_there(rig: Rig, policy: str) -> None:
    """Neither built nor found: what was looked for, and what to do."""
    spec = rig.spec("true", image="mltui-test/no-such-image:1", pull_policy=policy)
    assert not rig.engine.image_ready(spec)
    with pytest.raises(ImageError, match="mltui-test/no-such-image:1") as refused:
        rig.engine.prepare(spec, lambda news: None)
    assert refused.value.hint


def test_a_pulls_progress() -> None:
    """Layers that are fetched together make one share; words are lines, numbers are not."""
    news: list[Progress] = []
    follower = Follower(news.append)
    for message in (
        {"status": "Pulling from library/x", "id": "1.0"},
        {"status": "Pulling fs layer", "progressDetail": {}, "id": "aa"},
        {"status": "Downloading", "progressDetail": {"current": 50, "total": 100}, "progress": "[==>", "id": "aa"},
        {"status": "Downloading", "progressDetail": {"current": 0, "total": 300}, "progress": "[>", "id": "bb"},
        {"status": "Pull complete", "progressDetail": {}, "id": "aa"},
        {"errorDetail": {"message": "toomanyrequests: slow down"}, "error": "toomanyrequests: slow down"},
    ):
        follower.message(json.dumps(message).encode())
    follower.message(b"not json")
    assert [one.text for one in news if one.text] == [
        "1.0: Pulling from library/x",
        "aa: Pulling fs layer",
        "aa: Pull complete",
        "toomanyrequests: slow down",
    ]
    assert [one.fraction for one in news if one.fraction is not None] == [0.5, 0.125, 0.125]
    assert "toomanyrequests" in follower.error


def test_a_large_context_says_its_size_and_how_far_it_is(
    rig: Rig, spec: LaunchSpec, context: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how to have a smaller one; a small one says nothing."""
    news: list[Progress] = []
    rig.engine.prepare(spec, news.append)
    assert not any("build context" in one.text + one.now for one in news)
    monkeypatch.setattr(sending, "LARGE", 1000)
    (context / "weights").write_bytes(os.urandom(3 << 20))
    rig.engine.prepare(spec, news.append)
    assert any(one.text.startswith("The build context has 3.00 MiB (.dockerignore") for one in news)
    going = Sending(3000)
    with tempfile.TemporaryFile() as packed:
        going.pack_into(packed)
        packed.write(bytes(1500))
        packed.flush()
        assert going.now()[0].startswith("Packing the build context: 1.46 KiB of 2.93 KiB; .dockerignore")
        packed.write(bytes(2500))
        assert going.begin() == 4000
        going.read(1000)
        beats: list[Progress] = []
        Follower(beats.append, going).beat()
        assert beats[0].now.startswith("Sending the build context: 0.98 KiB of 3.91 KiB")
        assert beats[0].fraction == 0.25
        going.read()
        assert going.now() == ("", None)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("pull access denied for x, repository does not exist or may require 'docker login': denied", "no such image"),
        ("manifest for x:nosuch not found: manifest unknown: manifest unknown", "no such tag"),
        ("toomanyrequests: You have reached your pull rate limit", "pull limit"),
        ("Get https://r.example/v2/: dial tcp: lookup r.example: no such host", "cannot be reached"),
        ("invalid reference format: repository name must be lowercase", "not a valid image name"),
        ("write /var/lib/docker/tmp/x: no space left on device", "disk is full"),
    ],
)
def test_registry_refusals(text: str, meaning: str) -> None:
    """What a registry says is turned into what it means, with what to do."""
    error = pull_refusal("x:1", text)
    assert meaning in error.message
    assert error.hint


def test_images_are_listed_and_removed(rig: Rig, spec: LaunchSpec) -> None:
    """The list has the new image first with its users; it is removed when nothing uses it."""
    prepare(rig, spec)
    container = rig.create(spec)
    newest = rig.engine.images()[0]
    assert newest.name == f"{spec.image}:latest"
    assert newest.containers == 1
    assert newest.size > 1_000_000
    with pytest.raises(
        EngineError, match=f"{spec.image}:latest was not removed: .*container {container[:12]}"
    ) as caught:
        rig.engine.remove_image(newest.id)
    assert f"mltui container rm {container[:12]}" in caught.value.hint
    rig.engine.remove(container)
    assert rig.engine.images()[0].containers == 0
    rig.engine.remove_image(newest.id)
    assert newest.id not in [image.id for image in rig.engine.images()]


@pytest.mark.parametrize(
    ("text", "meaning", "cure"),
    [
        ("conflict: unable to delete a6d4 (cannot be forced) - image has dependent child images", "built on", "first"),
        ("conflict: unable to delete a6d4 (must be forced) - image is referenced in multiple repositories",
         "several names", "--force"),
        ("conflict: unable to delete d345 (cannot be forced) - image is being used by running container b53eeca239d7",
         "the running container b53eeca239d7 uses it", "Stop and remove it first"),
        ("image used by b53eeca239d7aa: image is in use by a container: consider force-removing image",
         "the container b53eeca239d7 uses it", "mltui container rm b53eeca239d7"),
    ],
)  # fmt: skip
def test_why_an_image_is_kept(text: str, meaning: str, cure: str) -> None:
    """By its name, with what has to go first."""
    error = removal_refusal("mnist:latest", Refused(409, text))
    assert error.message.startswith("The image mnist:latest was not removed: ")
    assert meaning in error.message
    assert "forced" not in error.message
    assert cure in error.hint
