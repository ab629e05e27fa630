"""Environments: built once, shared, never half used. The packages are made here: nothing is downloaded."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from mltui.domain.errors import EngineError, ImageError, NotFound
from mltui.domain.launch import LaunchSpec
from mltui.engines.base import Progress
from mltui.engines.local import LocalEngine
from mltui.engines.local.environment import _Build, build_environment
from mltui.engines.local.pip_progress import PipProgress

Spec = Callable[..., LaunchSpec]


def wheel(folder: Path, name: str = "tinypkg", version: str = "1.0") -> Path:
    """A package of one module, as pip installs it."""
    files = {
        f"{name}.py": f"VERSION = {version!r}\n\ndef main():\n    print('{name}', VERSION)\n",
        f"{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{name}-{version}.dist-info/entry_points.txt": f"[console_scripts]\n{name}-say = {name}:main\n",
    }
    lines = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{name}-{version}.dist-info/RECORD"] = "\n".join([*lines, f"{name}-{version}.dist-info/RECORD,,", ""])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name_in_archive, text in files.items():
            archive.writestr(name_in_archive, text)
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """A requirements file with one package that lies beside it."""
    wheel(tmp_path)
    path = tmp_path / "requirements.txt"
    path.write_text(f"--no-index\n--find-links {tmp_path}\ntinypkg==1.0\n")
    return path


def test_an_environment_is_built_once_and_then_found(
    engine: LocalEngine, spec: Spec, requirements: Path, root: Path
) -> None:
    """With its progress told line by line; the second time nothing is built and nothing is said."""
    launch, news = spec("tinypkg-say", requirements=str(requirements)), list[Progress]()
    assert not engine.image_ready(launch)
    image = engine.prepare(launch, news.append)
    assert image.built
    assert engine.image_ready(launch)
    lines = [one.text for one in news if one.text]
    assert lines[0] == "Step 1/2 : python -m venv"
    assert "Step 2/2 : pip install -r requirements.txt" in lines
    assert any("Successfully installed tinypkg-1.0" in line for line in lines)
    assert {one.steps for one in news} == {2}
    assert engine.prepare(launch, pytest.fail) == image._replace(built=False)
    process = engine.create(launch, image)
    engine.start(process)
    assert b"".join(chunk.data for chunk in engine.logs(process)) == b"tinypkg 1.0\n"
    (row,) = engine.images()
    assert (row.id, row.tags, row.containers) == (image.id, (f"tiny:{image.id[:12]}",), 1)
    assert row.size > 1 << 20
    assert [path.name for path in (root / "environments").iterdir() if path.is_dir()] == [image.id]


def test_an_environment_is_known_by_what_is_required(
    engine: LocalEngine, spec: Spec, tmp_path: Path, requirements: Path
) -> None:
    """Other contents, also of an included file, are another environment; another place is not."""
    cache = engine._environments
    first = cache.digest(str(requirements))
    moved = tmp_path / "elsewhere.txt"
    moved.write_text(requirements.read_text())
    assert cache.digest(str(moved)) == first
    (tmp_path / "pins.txt").write_text("tinypkg==1.0\n")
    moved.write_text("-c pins.txt\n")
    second = cache.digest(str(moved))
    (tmp_path / "pins.txt").write_text("tinypkg==2.0\n")
    third = cache.digest(str(moved))
    assert len({first, second, third, cache.digest("")}) == 4


def test_files_that_include_each_other_end(engine: LocalEngine, tmp_path: Path) -> None:
    """The digest does not walk in a circle."""
    (tmp_path / "a.txt").write_text("-r b.txt\n")
    (tmp_path / "b.txt").write_text("-r a.txt\n")
    assert engine._environments.digest(str(tmp_path / "a.txt"))


def test_a_failed_build_gives_the_last_lines_and_leaves_nothing(
    engine: LocalEngine, spec: Spec, requirements: Path, root: Path
) -> None:
    """One sentence with pip's reason, what to do, and the tail of its output."""
    requirements.write_text(requirements.read_text() + "no-such-package-here==9\n")
    launch = spec("true", requirements=str(requirements))
    with pytest.raises(ImageError, match="no-such-package-here") as caught:
        engine.prepare(launch, lambda _: None)
    assert any(line.startswith("ERROR:") for line in caught.value.tail)
    assert "requirements" in caught.value.hint
    assert not engine.image_ready(launch)
    assert [path for path in (root / "environments").iterdir() if path.is_dir()] == []


def test_requirements_that_are_not_there_are_said(engine: LocalEngine, spec: Spec, tmp_path: Path) -> None:
    """With their path; so is a file that they include."""
    with pytest.raises(ImageError, match=r"nowhere\.txt: No such file"):
        engine.prepare(spec("true", requirements=str(tmp_path / "nowhere.txt")), lambda _: None)
    (tmp_path / "r.txt").write_text("-r gone.txt\n")
    with pytest.raises(ImageError, match=r"gone\.txt: No such file"):
        engine.image_ready(spec("true", requirements=str(tmp_path / "r.txt")))


def test_a_download_tells_how_far_it_is(tmp_path: Path) -> None:
    """In pip's own figures; those lines are not kept as output, and nothing small is spoken of."""
    news: list[Progress] = []
    build = _Build(news.append, 0, 2)
    build._pip = PipProgress(tmp_path, tmp_path)
    lines = ("Downloading big-1.0-py3.whl (40 MB)", "Progress 10000000 of 40000000", "Downloading x.whl (4 kB)", "")
    for line in (*lines, "Progress of another kind"):
        build._pass_on(line)
    assert [(one.text, one.fraction, one.now) for one in news] == [
        (lines[0], None, ""), ("", 0.25, "Downloading big 1.0: 10 of 40 MB"), (lines[2], None, ""), ("", None, ""),
        ("Progress of another kind", None, ""),
    ]  # fmt: skip
    assert list(build._tail) == [lines[0], lines[2], "Progress of another kind"]


def test_an_older_pip_is_watched_at_its_work(tmp_path: Path) -> None:
    """A file grows, packages get their folders; what was there before does not count."""
    site = tmp_path / "lib/python3.11/site-packages"
    (site / "pip-23.2.dist-info").mkdir(parents=True)
    (tmp_path / "pip-unpack-x").mkdir()
    pip = PipProgress(tmp_path, tmp_path)
    assert not pip.takes("  Downloading https://host/path/torch-2.9.0-cp311.whl (20.0 MB)")
    assert pip.now() == ("Downloading torch 2.9.0: 0 of 20 MB", 0.0)
    with (tmp_path / "pip-unpack-x/torch-2.9.0-cp311.whl").open("wb") as file:
        file.truncate(5_000_000)
    assert pip.now() == ("Downloading torch 2.9.0: 5 of 20 MB", 0.25)
    assert not pip.takes("Installing collected packages: numpy, torch")
    assert pip.now() == ("Installing 1 of 2: numpy", 0.0)
    (site / "numpy-1.dist-info").mkdir()
    assert pip.now() == ("Installing 2 of 2: torch", 0.5)
    (site / "torch-2.dist-info").mkdir()
    assert pip.now() == ("Installing 2 of 2: torch", 0.5)
    assert not pip.takes("Successfully installed numpy-1 torch-2")
    assert pip.now() == ("", None)


class Cancelled(Exception):
    """Raised by a caller that has had enough."""


@pytest.mark.parametrize("sign", ["Step 1/2", "Processing"])
def test_a_build_is_cancelled_by_the_callers_exception(
    engine: LocalEngine, spec: Spec, requirements: Path, root: Path, sign: str
) -> None:
    """At any line; the command is ended, nothing is left, and the next build works."""
    launch = spec("true", requirements=str(requirements))

    def cancel(news: Progress) -> None:
        if sign in news.text:
            raise Cancelled

    with pytest.raises(Cancelled):
        engine.prepare(launch, cancel)
    assert [path for path in (root / "environments").iterdir() if path.is_dir()] == []
    assert not engine.image_ready(launch)


def test_a_silent_build_can_be_cancelled(engine: LocalEngine, spec: Spec, tmp_path: Path) -> None:
    """The callback is called while pip says nothing."""
    source = tmp_path / "slow"
    source.mkdir()
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (source / "backend.py").write_text("import time\ntime.sleep(1000)\n")
    (tmp_path / "r.txt").write_text(f"--no-index\n{source}\n")
    silent: list[Progress] = []

    def cancel(news: Progress) -> None:
        silent[:] = [] if news.text else [*silent, news]
        if len(silent) == 4 and news.step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        engine.prepare(spec("true", requirements=str(tmp_path / "r.txt")), cancel)


def test_of_two_builders_at_once_one_builds(root: Path, spec: Spec, requirements: Path) -> None:
    """The other waits, says so, and gets the same environment."""
    launch = spec("true", requirements=str(requirements))
    built, news = [], list[str]()

    def prepare() -> None:
        image = LocalEngine(root).prepare(launch, lambda one: news.append(one.text))
        built.append((image.id, image.built))

    threads = [Thread(target=prepare) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({digest for digest, _ in built}) == 1
    assert sorted(was_built for _, was_built in built) == [False, True]
    assert sum(line.startswith("Successfully installed") for line in news) == 1
    assert sum(line.startswith("Waiting for another mltui") for line in news) == 1


_BUILDER = """
import sys
from pathlib import Path
from mltui.engines.local.environment import EnvironmentCache
EnvironmentCache(Path(sys.argv[1])).build(sys.argv[2], "tiny", lambda news: print(news.text, flush=True))
"""


def test_a_half_built_environment_is_never_used(
    engine: LocalEngine, spec: Spec, requirements: Path, root: Path
) -> None:
    """A builder that is killed leaves no lock and nothing that counts; the next one builds anew."""
    launch = spec("tinypkg-say", requirements=str(requirements))
    command = [sys.executable, "-c", _BUILDER, str(root / "environments"), str(requirements)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout is not None
        for line in builder.stdout:
            if "Step 2/2" in line:
                break
        os.kill(builder.pid, signal.SIGKILL)
    digest = engine._environments.digest(str(requirements))
    assert (root / "environments" / digest / "bin" / "python").exists()
    assert not engine.image_ready(launch)
    assert engine.images() == ()
    assert engine.prepare(launch, lambda _: None).built


def test_an_environment_whose_python_is_gone_is_built_anew(engine: LocalEngine, spec: Spec, root: Path) -> None:
    """An upgrade of Python may take it away."""
    launch = spec("true")
    image = engine.prepare(launch, lambda _: None)
    (root / "environments" / image.id / "bin" / "python").unlink()
    assert not engine.image_ready(launch)
    assert engine.prepare(launch, lambda _: None).built


def test_nothing_required_is_an_empty_environment_without_pip(engine: LocalEngine, spec: Spec, root: Path) -> None:
    """It takes no time, and nothing of mltui's own packages is in it."""
    image = engine.prepare(spec("true"), lambda _: None)
    (packages,) = (root / "environments" / image.id).glob("lib/python*/site-packages")
    assert list(packages.iterdir()) == []


def test_an_environment_in_use_is_not_removed(engine: LocalEngine, spec: Spec) -> None:
    """Of ended processes by force; of a running one not at all."""
    launch = spec("sleep", "1000")
    image = engine.prepare(launch, lambda _: None)
    process = engine.create(launch, image)
    engine.start(process)
    for force in (False, True):
        with pytest.raises(EngineError, match="is used by tiny-r1"):
            engine.remove_image(image.id, force=force)
    engine.stop(process, grace=5)
    with pytest.raises(EngineError, match="is used by"):
        engine.remove_image(image.id)
    engine.remove_image(image.id, force=True)
    assert engine.images() == ()
    with pytest.raises(NotFound):
        engine.remove_image(image.id)
    assert not engine.image_ready(launch)


def test_pip_gets_the_callers_network_settings_and_not_its_packages() -> None:
    """Proxies, certificates and pip's own variables pass; another Python's folders do not."""
    caller = {"PIP_CERT": "/c", "https_proxy": "p", "PYTHONPATH": "/x", "VIRTUAL_ENV": "/v", "PIP_USER": "1"}
    passed = build_environment(caller)
    assert passed["PIP_CERT"] == "/c"
    assert passed["https_proxy"] == "p"
    assert not {"PYTHONPATH", "VIRTUAL_ENV", "PIP_USER"} & set(passed)


def test_the_marker_tells_what_the_environment_is(engine: LocalEngine, spec: Spec, root: Path) -> None:
    """For people who look into the folder."""
    image = engine.prepare(spec("true"), lambda _: None)
    marker = json.loads((root / "environments" / image.id / "environment.json").read_text())
    assert marker["digest"] == image.id
    assert marker["profile"] == "tiny"
