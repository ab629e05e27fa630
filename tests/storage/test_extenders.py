"""Who extends a profile is known, and says its new name when it gets one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mltui.domain.errors import EditError, StorageError, UsageError
from mltui.storage.extenders import Extender, extenders, rename_everywhere
from mltui.storage.profiles import ProfileRepository

#: What extends the profile ``base`` in each way, and what it says when that is called ``core``.
HEIRS = {
    "by-name": ("# mine\nextends:   base  # the usual\ngpus: 1\n", "# mine\nextends:   core  # the usual\ngpus: 1\n"),
    "by-folder": ("extends: '../base'\n", "extends: '../core'\n"),
    "by-file": ("{extends: ../base/profile.yaml}\r\n", "{extends: ../core/profile.yaml}\r\n"),
    "by-mapping": ("extends:\n  file: ./../base/profile.yaml\n", "extends:\n  file: ./../core/profile.yaml\n"),
    "by-service": (
        "extends: {file: ../base/compose.yaml, service: a}\n", "extends: {file: ../core/compose.yaml, service: a}\n",
    ),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """``base``, its heirs, and one that extends an heir."""
    for name, text in {
        "base": "image: x\n", **{name: before for name, (before, _) in HEIRS.items()},
        "grandchild": "extends: by-name\n", "stranger": "image: y # extends nothing\n", "broken": "extends: [\n",
    }.items():  # fmt: skip
        (tmp_path / name).mkdir()
        (tmp_path / name / "profile.yaml").write_bytes(text.encode())
    (tmp_path / "base" / "compose.yaml").write_text("services: {a: {image: x}}\n")
    return tmp_path


def found(folder: Path, file: Path) -> tuple[Extender, ...]:
    """Who extends the profile of a file, of those in ``folder``."""
    repository = ProfileRepository([folder], cwd=folder)
    return extenders(file, repository.files(), repository.named)


def text(folder: Path, name: str) -> str:
    """What a profile's file says."""
    return (folder / name / "profile.yaml").read_bytes().decode()


def test_who_extends_a_profile_says_its_new_name(folder: Path) -> None:
    """By name and by path; every other byte stays, and whoever names somebody else is as it was."""
    base = folder / "base" / "profile.yaml"
    others = found(folder, base)
    assert {one.name for one in others if one.direct} == set(HEIRS)
    assert [one.name for one in others if not one.direct] == ["grandchild"]
    assert rename_everywhere(base, "core", others) == folder / "core" / "profile.yaml"
    assert {name: text(folder, name) for name in HEIRS} == {name: after for name, (_, after) in HEIRS.items()}
    assert text(folder, "grandchild") == "extends: by-name\n"
    assert {one.name for one in found(folder, folder / "core" / "profile.yaml")} == {*HEIRS, "grandchild"}
    assert not found(folder, folder / "stranger" / "profile.yaml")


def test_a_single_file_is_named_with_its_suffix(folder: Path) -> None:
    """Where the path of the file is what is said."""
    (folder / "one.yml").write_text("image: x\n")
    (folder / "by-name" / "profile.yaml").write_text("extends: ../one.yml\n")
    others = found(folder, folder / "one.yml")
    assert [one.name for one in others if one.direct] == ["by-name"]
    assert rename_everywhere(folder / "one.yml", "two", others) == folder / "two.yml"
    assert text(folder, "by-name") == "extends: ../two.yml\n"


def test_nothing_is_renamed_when_one_cannot_follow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that cannot be changed in place, or a name that is taken, leaves all as it was; one that cannot be written
    is named."""
    base = folder / "base" / "profile.yaml"
    shared = folder / "by-name" / "profile.yaml"
    shared.write_text("extends: &b base\ndescription: *b\n")
    others = found(folder, base)
    with pytest.raises(EditError, match=r"by-name/profile\.yaml cannot say the new name: "):
        rename_everywhere(base, "core", others)
    assert base.exists()
    with pytest.raises(UsageError, match="already"):
        rename_everywhere(base, "stranger", [one for one in others if one.name != "by-name"])
    assert text(folder, "by-folder") == HEIRS["by-folder"][0]
    monkeypatch.setattr("mltui.storage.extenders.save_text", _refuse)
    with pytest.raises(StorageError, match=r"called core now, but not all say so: .*by-folder"):
        rename_everywhere(base, "core", [one for one in others if one.name == "by-folder"])
    assert (folder / "core" / "profile.yaml").exists()


def _refuse(read: object, text: str) -> None:
    raise StorageError(f"{read.path} cannot be written: no space left on device.")  # type: ignore[attr-defined]
