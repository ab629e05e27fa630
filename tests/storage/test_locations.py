"""Where mltui's files are."""

from __future__ import annotations

from pathlib import Path

import pytest

from mltui.domain.errors import StorageError
from mltui.storage import locations


def test_the_environment_names_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative path and a tilde are understood."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLTUI_HOME", "~/somewhere")
    monkeypatch.setenv("MLTUI_CONFIG", "here")
    assert locations.home() == tmp_path / "somewhere"
    assert locations.config_home() == tmp_path / "here"


def test_else_the_users_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As the desktop's standard has them."""
    for name in ("MLTUI_HOME", "MLTUI_CONFIG"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert locations.home() == tmp_path / "data/mltui"
    assert locations.config_home() == tmp_path / "config/mltui"


def test_folders_are_made_for_their_owner(tmp_path: Path) -> None:
    """With their parents; one that is there is left as it is; one that cannot be made is a sentence."""
    made = locations.make_folder(tmp_path / "a/b")
    assert [folder.stat().st_mode & 0o777 for folder in (made, made.parent)] == [0o700, 0o700]
    assert locations.make_folder(made) == made
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be made"):
        locations.make_folder(tmp_path / "file/b")
