"""The main job on real parts: TensorFlow trains on real digits, mltui launches, records and shows it.

The environment with TensorFlow is built by mltui itself, once a machine, and kept in the cache of the tests.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mltui.domain.run import Run, RunState
from tests.conftest import TestEngine
from tests.support import images
from tests.support.dockerd import PrivateDockerd
from tests.support.terminal import Terminal
from tests.support.training import (
    PROFILES,
    STRANGER,
    Points,
    Program,
    Tensorflow,
    first_demo,
    history,
    interrupt,
    points,
    until,
)

pytestmark = [pytest.mark.training, pytest.mark.slow, pytest.mark.timeout(1200)]

BASE = "mltui-test/tensorflow"
NAMES = {"loss", "accuracy", "val_loss", "val_accuracy"}


@pytest.fixture(scope="session")
def tensorflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tensorflow]:
    """The environment of the profiles, after the demo has run on it."""
    made = first_demo(tmp_path_factory.mktemp("demo"))
    yield made
    made.program.close()


@pytest.fixture(scope="session")
def base_image(dockerd: TestEngine, tensorflow: Tensorflow) -> str:
    """Name of an image in which pip finds TensorFlow installed; containers have it mounted."""
    images.load_python(dockerd.url, BASE, tensorflow.site_packages, mounted=True)
    return BASE


@pytest.fixture
def mnist(tmp_path: Path, tensorflow: Tensorflow, base_image: str) -> Path:
    """The example profiles as they are, but for TensorFlow, which is mounted instead of being in the base image."""
    folder = tmp_path / "profiles"
    shutil.copytree(PROFILES, folder)
    for path in folder.glob("*/profile.yaml"):
        text = path.read_text()
        mounted = f"volumes:\n  - {tensorflow.site_packages}:{images.SITE}:ro\n"
        path.write_text(text.replace("volumes:\n", mounted) if "volumes:\n" in text else text + mounted)
    return folder


@pytest.fixture
def program(tmp_path: Path, dockerd: TestEngine, base_image: str) -> Iterator[Program]:
    """mltui where the engine of the tests answers."""
    program = Program(tmp_path / "mine", dockerd.url, BASE_IMAGE=base_image)
    yield program
    program.close()


def assert_whole(found: Points, outputs: Path, epochs: int) -> None:
    """Every epoch's four values are there, once, as the training has them itself, to the digits it prints."""
    assert set(found) >= NAMES
    told = history(outputs)
    for name in NAMES:
        assert [x for x, _ in found[name]] == list(range(1, epochs + 1)), name
        assert [y for _, y in found[name]] == pytest.approx([y for _, y in told[name]], abs=1e-4, rel=1e-3), name


def assert_model_loads(tensorflow: Tensorflow, outputs: Path) -> None:
    """The saved model works in a fresh process: a picture goes in, ten probabilities come out."""
    script = (
        "import keras, numpy, sys; model = keras.models.load_model(sys.argv[1]);"
        "print(float(model.predict(numpy.zeros((1, 28, 28)), verbose=0).sum()))"
    )
    done = subprocess.run(
        [tensorflow.python, "-c", script, outputs / "model.keras"],
        capture_output=True, text=True, check=False, env={"TF_CPP_MIN_LOG_LEVEL": "2", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(1, abs=1e-4)


# -- without a container engine


def test_demo_trains_locally_and_says_why(tensorflow: Tensorflow) -> None:
    """It names the engine and the reason, builds what is missing, and ends with a trained model in the outputs."""
    assert tensorflow.code == 0, tensorflow.output
    program, [run] = tensorflow.program, tensorflow.program.runs()
    assert run.engine == "local"
    assert run.state is RunState.FINISHED
    assert "without isolation" in tensorflow.output
    assert "There is no Docker engine" in tensorflow.output
    assert "/nonexistent" in tensorflow.output
    assert (tensorflow.path / "environment.json").exists()
    folder = program.run_folder(run)
    assert ("pip install" in folder.build_log.read_text()) is not tensorflow.was_there
    assert str(folder.outputs) in tensorflow.output
    assert_whole(program.curve(run), folder.outputs, 5)
    assert history(folder.outputs)["val_accuracy"][-1][1] > 0.85
    files = {path.name: path.stat() for path in folder.outputs.iterdir()}
    assert set(files) == {"model.keras", "metrics.json"}
    assert {stat.st_uid for stat in files.values()} == {folder.path.stat().st_uid}
    assert_model_loads(tensorflow, folder.outputs)


def test_demo_again_builds_nothing(tensorflow: Tensorflow) -> None:
    """The second time the environment is there: no build log, and the same seed gives the same curve."""
    program = tensorflow.program
    [before] = program.runs()
    built = (tensorflow.path / "environment.json").stat()
    done = program("demo", "--plain")
    assert done.returncode == 0, done.stderr
    run = program.runs()[0]
    assert run.id != before.id
    assert program.run_folder(run).build_log.read_text() == ""
    assert (tensorflow.path / "environment.json").stat().st_mtime_ns == built.st_mtime_ns
    assert program.curve(run) == program.curve(before)


# -- in containers


def follow_live(program: Program, run: Run) -> Points:
    """Look at a run while it goes on and leave again; the points there were when it was left."""
    with program.viewer(run) as view:

        def look() -> Points:
            view.poll()
            now = program.run(run.id)
            assert now.state.active, program.told(run)
            return points(view)

        return until(look, lambda found: len(found.get("loss", ())) >= 2)


@pytest.mark.parametrize(("name", "verbose"), [("mnist-mlp", 1), ("mnist-mlp", 2), ("mnist-cnn", 1)])
def test_training_in_a_container(
    name: str, verbose: int, program: Program, mnist: Path, tensorflow: Tensorflow, dockerd: TestEngine
) -> None:
    """The image is built from the profile's Dockerfile, points come while it trains, and the second viewer sees all."""
    epochs = 12 if name == "mnist-mlp" else 5
    run = program.launch(mnist / name, verbose=verbose, epochs=epochs)
    early = follow_live(program, run)
    run = program.ended(run)
    assert (run.state, run.exit_code, run.engine) == (RunState.FINISHED, 0, "docker"), program.told(run)
    found, outputs = program.curve(run), program.run_folder(run).outputs
    assert_whole(found, outputs, epochs)
    assert len(early["loss"]) < epochs
    assert all(found[name][: len(part)] == part for name, part in early.items())
    build = program.run_folder(run).build_log.read_text()
    assert not build or "pip install" in build
    assert_model_loads(tensorflow, outputs)


def test_somebody_who_is_not_root(
    tmp_path: Path, mnist: Path, tensorflow: Tensorflow, private_dockerd: PrivateDockerd, base_image: str
) -> None:
    """The container is hardened and runs as the caller; its files are the caller's. Ctrl-C leaves it running."""
    private_dockerd.socket.chmod(0o666)
    program = Program(tmp_path / "theirs", private_dockerd.url, user=STRANGER, BASE_IMAGE=base_image)
    command = program.command("run", str(mnist / "mnist-mlp"), "--set", "epochs=12", "--plain")
    with subprocess.Popen(
        command, env=program.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    ) as follower:  # fmt: skip
        assert follower.stdout is not None
        said = []
        for line in iter(follower.stdout.readline, ""):
            said.append(line)
            if "  epoch " in line:
                break
        else:
            pytest.fail("".join(said))
        run = program.runs()[0]
        assert interrupt(follower) == 130
    assert program.run(run.id).state is RunState.RUNNING
    facts = inspect(private_dockerd.url, program.run(run.id).container_id)
    run = program.ended(run)
    assert run.state is RunState.FINISHED, program.told(run)
    host = facts["HostConfig"]
    assert facts["Config"]["User"] == f"{STRANGER}:{STRANGER}"
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges" in " ".join(host["SecurityOpt"])
    assert host["Init"] is True
    outputs = program.run_folder(run).outputs
    assert {(path.stat().st_uid, path.stat().st_gid) for path in outputs.iterdir()} == {(STRANGER, STRANGER)}
    assert_whole(program.curve(run), outputs, 12)
    told = program("metrics", run.id, "--format", "jsonl").stdout.splitlines()
    assert sum(json.loads(line)["name"] == "val_loss" for line in told) == 12


def inspect(url: str, container: str) -> dict[str, dict[str, object]]:
    """All that the engine knows of a container."""
    import docker

    with closing(docker.APIClient(base_url=url)) as api:
        return api.inspect_container(container)


# -- in the app


def launch_by_keys(terminal: Terminal, name: str) -> None:
    """Find a profile in the list, open its launch form and launch it."""
    terminal.until(name)
    terminal.press("1", "/", *name, "enter")
    terminal.until(f"/{name}.*Launch")
    terminal.press("enter")
    terminal.until(f"Launch {name}")
    terminal.press("enter")


def loss_chart(terminal: Terminal) -> str:
    """The rows of the first chart, between its heading and its axis."""
    text = terminal.text
    begin = text.find("loss   ")
    return text[begin : text.find("└┬", begin)] if begin >= 0 else ""


def drawn(chart: str) -> int:
    """Cells with a piece of a curve."""
    return sum("\u2801" <= cell <= "\u28ff" for cell in chart)


def leave(terminal: Terminal) -> None:
    """Press q; the program ends by itself."""
    terminal.press("q")
    assert terminal.pump(30, lambda: not terminal.alive), terminal.text


def test_app_trains_from_the_keyboard(tmp_path: Path, tensorflow: Tensorflow) -> None:
    """Start, choose the profile, enter: the loss curve is drawn and the run is finished."""
    program = Program(tmp_path / "mine")
    with Terminal(program.command(), environment=program.environment) as terminal:
        launch_by_keys(terminal, "mnist-mlp")
        terminal.until("● running", 120)
        terminal.until("✓ finished.*val [0-9.]+.*epoch 5", 120)
        assert "no isolation" in terminal.text
        assert terminal.pump(20, lambda: drawn(loss_chart(terminal)) > 20), terminal.text
        leave(terminal)
    [run] = program.runs()
    assert_whole(program.curve(run), program.run_folder(run).outputs, 5)


def test_quitting_the_app_leaves_the_run_alone(program: Program, mnist: Path) -> None:
    """Quit in mid-run: it goes on in its container; the app started again shows its whole curve."""
    folder = mnist / "mnist-mlp" / "profile.yaml"
    folder.write_text(folder.read_text().replace("epochs: {default: 5,", "epochs: {default: 15,"))
    command = program.command(str(mnist))
    with Terminal(command, environment=program.environment) as terminal:
        launch_by_keys(terminal, "mnist-mlp")
        terminal.until("● running.*loss.*epoch", 180)
        leave(terminal)
    run = program.runs()[0]
    assert run.state is RunState.RUNNING, program.told(run)
    run = program.ended(run)
    assert run.state is RunState.FINISHED, program.told(run)
    assert_whole(program.curve(run), program.run_folder(run).outputs, 15)
    with Terminal(command, environment=program.environment) as terminal:
        terminal.until("✓ mnist-mlp")
        terminal.press("2")
        terminal.until("✓ finished.*val [0-9.]+.*epoch 15", 60)
        assert terminal.pump(20, lambda: drawn(loss_chart(terminal)) > 20), terminal.text
        terminal.press("i")
        terminal.until("what it reached.*val_accuracy")
        terminal.press("end")  # The docker command for the run.
        terminal.until("--label mltui.run=.*python3 train.py")
        terminal.press("escape")
        terminal.until("q Quit")
        leave(terminal)
