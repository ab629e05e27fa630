"""From a container's point of view to this machine's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mltui.domain.errors import StartError
from mltui.domain.launch import BuildSpec, LaunchSpec, Mount, MountType
from mltui.engines.local.command import command_of, image_config, local_command, translate
from mltui.engines.local.dockerfile import ImageConfig

Spec = Callable[..., LaunchSpec]
_VENV, _VOLUMES = Path("/venv"), Path("/volumes")


@pytest.mark.parametrize(
    ("text", "translated"),
    [
        ("/outputs", "/home/me/runs/1"),
        ("/outputs/model.keras", "/home/me/runs/1/model.keras"),
        ("/outputs/", "/home/me/runs/1/"),
        ("--out=/outputs/x", "--out=/home/me/runs/1/x"),
        ("/data:/outputs", "/srv/data:/home/me/runs/1"),
        ("cp '/outputs/a' /data/b && ls /outputs;", "cp '/home/me/runs/1/a' /srv/data/b && ls /home/me/runs/1;"),
        ("/outputs2", "/outputs2"),
        ("/outputs-old/x", "/outputs-old/x"),
        ("/outputs.txt", "/outputs.txt"),
        ("/my/outputs/x", "/my/outputs/x"),
        ("./outputs/x", "./outputs/x"),
        ("~/outputs", "~/outputs"),
        ("outputs", "outputs"),
        ("/data/deep/x", "/mnt/deep/x"),
        ("https://host/outputs/x", "https://host/outputs/x"),
    ],
)
def test_whole_paths_are_translated_and_nothing_else(text: str, translated: str) -> None:
    """The longest place that fits is taken."""
    places = {"/data/deep": "/mnt/deep", "/outputs": "/home/me/runs/1", "/data": "/srv/data"}
    assert translate(text, places) == translated


def test_what_was_put_in_is_not_translated_again() -> None:
    """A place here may look like a place of the container."""
    assert translate("/a /b", {"/a": "/b/a", "/b": "/a/b"}) == "/b/a /a/b"


def test_mounts_and_the_image_folder_become_places_here(spec: Spec, tmp_path: Path) -> None:
    """Binds and named volumes; a mount in memory and a secret's value stay as they are."""
    (tmp_path / "project" / "Dockerfile").write_text("FROM x\nWORKDIR /app\nENV PYTHONPATH=/app/lib PATH=/opt\nCMD x\n")
    launch = spec(
        "python", "/app/train.py", "/data", "/cache", "/scratch",
        build=BuildSpec(spec("x").project),
        mounts=(
            Mount("/data", "/srv/d"), Mount("/cache", "keras", MountType.VOLUME),
            Mount("/scratch", type=MountType.TMPFS),
        ),
        environment={"DATA": "/data/x", "KEY": "/data/x"}, secrets=frozenset({"KEY"}),
    )  # fmt: skip
    command = local_command(launch, _VENV, _VOLUMES)
    project = launch.project
    assert command.argv == ("python", f"{project}/train.py", "/srv/d", "/volumes/keras", "/scratch")
    assert command.environment["DATA"] == "/srv/d/x"
    assert command.environment["KEY"] == "/data/x"
    assert command.environment["PYTHONPATH"] == f"{project}/lib"
    assert command.environment["PATH"].startswith("/venv/bin:")
    assert "/opt" not in command.environment["PATH"].split(":")
    assert command.environment["VIRTUAL_ENV"] == "/venv"


def test_the_profile_wins_over_the_image(spec: Spec, tmp_path: Path) -> None:
    """In variables as in a container."""
    (tmp_path / "project" / "Dockerfile").write_text("FROM x\nENV A=image B=image\nCMD x\n")
    command = local_command(spec(build=BuildSpec(spec("x").project), environment={"A": "own"}), _VENV, _VOLUMES)
    assert (command.environment["A"], command.environment["B"]) == ("own", "image")


@pytest.mark.parametrize(
    ("entrypoint", "command", "argv"),
    [
        (None, None, ("ie", "ic")),
        (None, ("c",), ("ie", "c")),
        (("e",), None, ("e",)),
        (("e",), ("c",), ("e", "c")),
        ((), ("c",), ("c",)),
    ],
)
def test_entrypoint_and_command_are_joined_as_docker_does(
    spec: Spec, entrypoint: tuple[str, ...] | None, command: tuple[str, ...] | None, argv: tuple[str, ...]
) -> None:
    """A new entrypoint drops the image's command."""
    image = ImageConfig(entrypoint=("ie",), command=("ic",))
    assert command_of(spec(*(command or ()), entrypoint=entrypoint), image) == argv


def test_no_command_at_all_is_said(spec: Spec) -> None:
    """With what to add."""
    with pytest.raises(StartError, match="says no command") as caught:
        command_of(spec(entrypoint=()), ImageConfig(command=("dropped",)))
    assert "`command`" in caught.value.hint


def test_a_dockerfile_that_is_not_there_says_nothing(spec: Spec, tmp_path: Path) -> None:
    """The profile's own command is enough."""
    assert image_config(spec("x", build=BuildSpec(str(tmp_path), "Dockerfile.none"))) == ImageConfig()
