"""The profiles that come with mltui: they load, they resolve, and everything they refer to is there."""

import re
import zipfile
from pathlib import Path

import pytest

from mltui.domain.launch import GpuRequest
from mltui.engines.base import EngineInfo
from mltui.runtime.docker_command import docker_command
from mltui.runtime.resolve import resolve_run
from mltui.storage.profiles import examples_folder, load_profile

EXAMPLES = sorted(path.name for path in examples_folder().iterdir() if (path / "profile.yaml").exists())
DOCKER = EngineInfo("docker", "Docker Engine", "28", "unix://", "default", "box", 8, 16 << 30, False, True, True)


@pytest.fixture(params=EXAMPLES)
def folder(request) -> Path:
    """The folder of each example."""
    return examples_folder() / request.param


def resolved(folder: Path, **wishes):
    """The example as a launch on a machine without a GPU."""
    wishes.setdefault("environment", {})
    return resolve_run(
        load_profile(folder, {}),
        run_id="abcd2345",
        outputs_host=Path("/runs/abcd2345/outputs"),
        engine=DOCKER,
        **wishes,
    )


def test_there_is_something_to_choose_between():
    """Two at least, named as their folders."""
    assert {"mnist-mlp", "mnist-cnn"} <= set(EXAMPLES)


def test_it_loads_and_resolves(folder):
    """On the CPU where there is no GPU, and it says so; the base image is a build argument."""
    done = resolved(folder)
    assert done.spec.profile == folder.name
    assert done.spec.build is not None
    assert re.fullmatch(r"tensorflow/tensorflow:\d+\.\d+\.\d+-gpu", done.spec.build.args["BASE_IMAGE"])
    assert done.spec.gpus == GpuRequest()
    assert "runs on the CPU" in done.notes[0]
    assert Path(done.spec.requirements) == folder / "requirements.txt"


def test_the_base_image_can_be_another(folder):
    """For a machine without a GPU, or a registry of one's own."""
    spec = resolved(folder, environment={"BASE_IMAGE": "registry.example/tf:1"}).spec
    assert spec.build is not None
    assert spec.build.args["BASE_IMAGE"] == "registry.example/tf:1"
    assert "--build-arg BASE_IMAGE=registry.example/tf:1" in docker_command(spec)


def test_every_parameter_reaches_the_training(folder):
    """Each is an option of train.py with the same default, and changes the command."""
    profile = load_profile(folder, {})
    usage = (folder / "train.py").read_text()
    before = resolved(folder).spec.command
    for name, param in profile.params.items():
        option = f"--{name.replace('_', '-')}"
        assert re.search(rf'"{option}", type=\w+, default={re.escape(str(param.value))}\b', usage), option
        other = next(one for one in (*param.choices, 7, 0.5) if one != param.value and (param.max or 9) >= one)
        assert resolved(folder, params={name: str(other)}).spec.command != before


def test_the_training_compiles_and_stands_alone(folder):
    """It knows nothing of mltui and its syntax is that of the Python in the image."""
    source = (folder / "train.py").read_text()
    compile(source, "train.py", "exec")
    assert "import mltui" not in source


def test_the_image_holds_what_it_needs(folder):
    """What the Dockerfile copies is there and is not left out of the context."""
    dockerfile = (folder / "Dockerfile").read_text()
    sent = {line.removeprefix("!") for line in (folder / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    copied = {word for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for word in line.split()}
    assert copied == sent
    assert all((folder / name).is_file() for name in copied)
    assert dockerfile.startswith("#")
    assert 'CMD ["python3", "train.py"]' in dockerfile


def test_the_digits_are_small_and_whole():
    """10,000 pictures of 28 by 28 pixels with their names, in a file that a repository can hold."""
    path = examples_folder() / "mnist-mlp" / "mnist10k.npz"
    assert path.stat().st_size < 1_800_000
    with zipfile.ZipFile(path) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        assert archive.testzip() is None
    assert sizes == {"x.npy": 128 + 10_000 * 28 * 28, "y.npy": 128 + 10_000}


def test_the_documentation_shows_a_profile_that_works(tmp_path):
    """The first example of the page loads as it stands."""
    page = (Path(__file__).parents[1] / "docs" / "profiles.md").read_text()
    (tmp_path / "profile.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0])
    assert load_profile(tmp_path, {}).params["learning_rate"].value == 0.001
