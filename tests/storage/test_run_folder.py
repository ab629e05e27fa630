"""The folder of a run: its lock says who records it, it comes and goes whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mltui.domain.errors import StorageError
from mltui.storage.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import sys
from pathlib import Path
from mltui.storage.run_folder import RunFolder
print(RunFolder(Path(sys.argv[1]), "abcd2345").take_lock(), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """One that is made."""
    folder = RunFolder(tmp_path, "abcd2345")
    folder.make()
    return folder


def holder(folder: RunFolder) -> subprocess.Popen[bytes]:
    """Another process that has tried to take the lock."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder.path.parents[1])],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_the_lock_has_one_holder_and_goes_with_its_process(folder: RunFolder) -> None:
    """A second process is refused while the first lives, however that ends."""
    assert not folder.supervised
    with holder(folder) as first:
        assert first.stdout
        assert first.stdout.readline() == b"True\n"
        assert folder.supervised
        assert not folder.take_lock()
        with holder(folder) as second:
            assert second.stdout
            assert second.stdout.readline() == b"False\n"
            second.kill()
        first.kill()
        first.wait()
    assert not folder.supervised
    assert folder.take_lock()
    folder.release_lock()
    assert not folder.supervised


def test_asking_takes_nothing_and_leaks_nothing(folder: RunFolder) -> None:
    """Whether a run is supervised may be asked all the time."""
    before = os.listdir("/proc/self/fd")
    for _ in range(50):
        assert not folder.supervised
    assert folder.take_lock()
    for _ in range(50):
        assert folder.supervised
        assert not RunFolder(folder.path.parents[1], "abcd2345").take_lock()
    folder.release_lock()
    folder.release_lock()
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_it_is_its_owners_alone(folder: RunFolder) -> None:
    """Neither folder can be entered by others."""
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert folder.outputs.stat().st_mode & 0o777 == 0o700


def test_removing_takes_everything(folder: RunFolder) -> None:
    """Outputs too, and links without what they lead to; a second time does nothing."""
    kept = folder.path.parents[1] / "kept"
    kept.write_text("kept")
    (folder.outputs / "deep/er").mkdir(parents=True)
    (folder.outputs / "deep/er/model").write_text("weights")
    (folder.outputs / "link").symlink_to(kept)
    folder.keep_profile("image: busybox\n")
    folder.remove()
    assert not folder.path.exists()
    assert kept.exists()
    folder.remove()


def test_what_cannot_be_written_or_removed_is_one_sentence(tmp_path: Path) -> None:
    """With the file's name and the cure."""
    (tmp_path / "runs").write_text("a file where the folder should be")
    folder = RunFolder(tmp_path, "abcd2345")
    for act in (folder.make, folder.take_lock, lambda: folder.keep_profile("x"), folder.remove):
        with pytest.raises(StorageError) as caught:
            act()
        assert str(tmp_path) in caught.value.message
        assert caught.value.hint
        assert "\n" not in str(caught.value)


def test_the_kept_profile_is_private(tmp_path: Path) -> None:
    """It may hold what is nobody else's business."""
    folder = RunFolder(tmp_path, "abcd2345")
    folder.make()
    folder.keep_profile("image: x\n")
    assert folder.profile.stat().st_mode & 0o777 == 0o600
    assert folder.profile.read_text() == "image: x\n"
