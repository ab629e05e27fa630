"""Profiles' files: what is written is whole, nobody's work is lost, and every refusal is a sentence."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mltui.domain.errors import StorageError, UsageError
from mltui.storage import profile_files as files
from mltui.storage.profiles import load_profile


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A profile in a folder of its own."""
    path = tmp_path / "digits" / "profile.yaml"
    path.parent.mkdir()
    path.write_text("image: x\n")
    (path.parent / "train.py").write_text("print('loss=1')\n")
    return path


def test_what_is_saved_is_what_is_read(file: Path) -> None:
    """Text, line ends, byte-order mark and mode."""
    file.write_bytes(b"\xef\xbb\xbfimage: x\r\n")
    file.chmod(0o640)
    read = files.read_text(file)
    assert read.text == "image: x\r\n"
    saved = files.save_text(read, "image: é\r\n")
    assert file.read_bytes() == b"\xef\xbb\xbfimage: \xc3\xa9\r\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert files.read_text(file) == saved
    assert sorted(os.listdir(file.parent)) == ["profile.yaml", "train.py"]


def test_a_file_that_changed_is_not_overwritten(file: Path) -> None:
    """Unless the person says so; a file that is gone is one that changed."""
    read = files.read_text(file)
    assert files.as_it_is_now(read) is read
    file.write_text("image: theirs\n")
    assert files.as_it_is_now(read) == files.read_text(file)
    with pytest.raises(files.FileChanged, match="has changed on disk since it was read"):
        files.save_text(read, "image: mine\n")
    assert file.read_text() == "image: theirs\n"
    files.save_text(read, "image: mine\n", overwrite=True)
    assert file.read_text() == "image: mine\n"
    file.unlink()
    with pytest.raises(files.FileChanged, match="is gone on disk"):
        files.save_text(read, "image: mine\n")
    gone = files.as_it_is_now(read)
    assert (gone.text, gone.digest) == ("", "")
    files.save_text(gone, "image: mine\n")
    assert file.read_text() == "image: mine\n"


def test_a_touched_file_is_the_same(file: Path) -> None:
    """Its content counts, not its time."""
    read = files.read_text(file)
    os.utime(file, (1, 1))
    files.save_text(read, "image: mine\n")
    assert file.read_text() == "image: mine\n"


def test_a_link_goes_on_to_point(file: Path, tmp_path: Path) -> None:
    """The file behind it is written."""
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    files.save_text(files.read_text(link), "image: y\n")
    assert link.is_symlink()
    assert file.read_text() == "image: y\n"


def test_a_full_disk_leaves_the_file_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half file, no file of ours left over."""
    read = files.read_text(file)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="cannot be written: no space left on device") as error:
        files.save_text(read, "image: y\n" * 100)
    assert "the file is as it was" in error.value.hint
    assert file.read_text() == "image: x\n"
    assert sorted(os.listdir(file.parent)) == ["profile.yaml", "train.py"]


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="mounts a small file system")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """The same on a file system with no room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        file = disk / "p.yaml"
        file.write_text("image: x\n")
        read = files.read_text(file)
        with pytest.raises(StorageError, match="no space left on device"):
            files.save_text(read, "# long\n" * 20_000)
        assert file.read_text() == "image: x\n"
        assert os.listdir(disk) == ["p.yaml"]
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\xff\xfe", "is not text in UTF-8: byte 0 is 0xff"), (b"#" * (1 << 20) + b"#", "is larger than 1 MiB")],
)
def test_what_cannot_be_read_is_said(file: Path, data: bytes, said: str) -> None:
    """What and why."""
    file.write_bytes(data)
    with pytest.raises(StorageError, match=said):
        files.read_text(file)


@pytest.mark.parametrize("template", ["tensorflow", "pytorch", "jax", "command"])
def test_a_new_profile_is_one_that_can_be_used(tmp_path: Path, template: str) -> None:
    """It checks, has its own name, and comes with what it needs."""
    path = files.new_profile("mine", template, tmp_path / "new" / "profiles")
    profile = load_profile(path)
    assert profile.name == "mine"
    assert sorted(os.listdir(path.parent)) == ["Dockerfile", "profile.yaml", "requirements.txt", "train.py"]
    compile((path.parent / "train.py").read_text(), "train.py", "exec")
    for name in profile.params:
        assert f"--{name.replace('_', '-')}=${{{name}}}" in (profile.command or ())


def test_the_plain_template_trains(tmp_path: Path) -> None:
    """Its program runs and prints a loss that falls."""
    path = files.new_profile("mine", "command", tmp_path)
    done = subprocess.run([sys.executable, "train.py"], cwd=path.parent, capture_output=True, text=True, check=True)
    losses = [float(line.rpartition("=")[2]) for line in done.stdout.splitlines() if "loss" in line]
    assert len(losses) == 200
    assert losses[-1] < losses[0] / 5


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "x" * 64, "é"])
def test_names_that_cannot_be_are_refused(tmp_path: Path, name: str) -> None:
    """Nothing is made."""
    with pytest.raises(UsageError, match="cannot be a profile's name"):
        files.new_profile(name, "command", tmp_path)
    assert os.listdir(tmp_path) == []


def test_nothing_that_is_there_is_written_over(file: Path) -> None:
    """New, copied or renamed: a taken name is refused."""
    other = files.duplicate(file, "other")
    for act in (
        lambda: files.new_profile("other", "jax", file.parent.parent),
        lambda: files.duplicate(file, "other"),
        lambda: files.rename(file, "other"),
    ):
        with pytest.raises(UsageError, match=r"There is a .*other already"):
            act()
    assert file.exists()
    assert other.exists()
    other.unlink()
    with pytest.raises(UsageError, match="already: a folder without a profile"):
        files.new_profile("other", "jax", file.parent.parent)


def test_a_copy_has_what_is_beside_it(file: Path) -> None:
    """The folder's files, without caches and outputs, and the new name where the file says one."""
    file.write_text("name: digits # its name\nimage: x\n")
    for name in (".venv", "outputs", "__pycache__"):
        (file.parent / name).mkdir()
    copy = files.duplicate(file, "more")
    assert copy == file.parent.parent / "more" / "profile.yaml"
    assert sorted(os.listdir(copy.parent)) == ["profile.yaml", "train.py"]
    assert copy.read_text() == "name: more # its name\nimage: x\n"
    assert file.read_text() == "name: digits # its name\nimage: x\n"


def test_a_copy_that_a_full_disk_refuses_is_one_sentence(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason as the system says it, and nothing left behind."""

    def full(source: str, target: str, **_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", source, None, target)

    monkeypatch.setattr(shutil, "copyfile", full)
    home = file.parent.parent
    with pytest.raises(StorageError) as refused:
        files.duplicate(file, "more")
    assert str(refused.value) == f"{file.parent} cannot be copied to {home}: no space left on device."
    assert os.listdir(home) == [file.parent.name]


def test_a_single_file_is_copied_as_one(tmp_path: Path) -> None:
    """Beside it."""
    path = tmp_path / "a.yml"
    path.write_text("image: x\n")
    assert files.duplicate(path, "b") == tmp_path / "b.yml"
    assert files.rename(tmp_path / "b.yml", "c") == tmp_path / "c.yml"
    assert sorted(os.listdir(tmp_path)) == ["a.yml", "c.yml"]


def test_a_folder_full_of_data_is_not_copied(file: Path) -> None:
    """It says what to do instead."""
    with (file.parent / "data.bin").open("wb") as stream:
        stream.truncate(300 << 20)
    with pytest.raises(UsageError, match="too much to copy"):
        files.duplicate(file, "more")
    assert sorted(os.listdir(file.parent.parent)) == ["digits"]


def test_a_profile_is_renamed(file: Path) -> None:
    """Its folder, and its name where it says one."""
    file.write_text("name: digits\nimage: x\n")
    path = files.rename(file, "cats")
    assert path == file.parent.parent / "cats" / "profile.yaml"
    assert load_profile(path).name == "cats"
    assert not file.parent.exists()


@pytest.mark.parametrize("refused", ["rename", "replace"])
def test_a_profile_that_cannot_be_renamed_is_as_it_was(
    file: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    """Neither its folder alone has the new name, nor its file alone says it."""
    file.write_text("name: digits\nimage: x\n")

    def refuse(*_: object) -> None:
        raise OSError(errno.EACCES, "denied")

    monkeypatch.setattr(os, refused, refuse)
    with pytest.raises(StorageError, match="denied"):
        files.rename(file, "cats")
    assert file.read_text() == "name: digits\nimage: x\n"
    assert os.listdir(file.parent.parent) == ["digits"]


def test_no_file_is_called_what_would_hide_the_others(tmp_path: Path) -> None:
    """A profile.yaml among other files would make their whole folder one profile."""
    one = tmp_path / "one.yaml"
    one.write_text("image: x\n")
    with pytest.raises(UsageError, match=r"cannot be called profile\.yaml"):
        files.rename(one, "profile")
    assert os.listdir(tmp_path) == ["one.yaml"]


def test_what_is_deleted_is_said_and_goes(file: Path) -> None:
    """The profile's file; what is beside it stays, an empty folder does not."""
    assert files.what_goes(file) == f"{file} is deleted; what is beside it stays (train.py)."
    files.delete(file)
    assert os.listdir(file.parent) == ["train.py"]
    file.write_text("image: x\n")
    (file.parent / "train.py").unlink()
    assert files.what_goes(file) == f"{file} is deleted."
    files.delete(file)
    assert not file.parent.exists()
    with pytest.raises(StorageError, match="cannot be deleted: no such file"):
        files.delete(file)
