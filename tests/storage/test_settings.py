"""The settings file: checked with places, what is wrong left out, and what the last start knew."""

from __future__ import annotations

from pathlib import Path

import pytest

from mltui.domain.errors import StorageError
from mltui.domain.profile_faults import Fault
from mltui.domain.settings import Settings
from mltui.storage.last_start import LastStart, keep_last_start, read_last_start, settings_path
from mltui.storage.settings import SettingsFile


def written(text: str) -> SettingsFile:
    """The settings file with this text."""
    path = settings_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return SettingsFile()


def said(file: SettingsFile) -> list[str]:
    """Its problems, less the name of the file."""
    return [str(problem).removeprefix(f"{file.path}:") for problem in file.read().problems]


@pytest.mark.parametrize("text", [None, "", "# nothing yet\n", "{}"])
def test_a_file_that_says_nothing_leaves_the_defaults(text: str | None) -> None:
    """Absent, empty and a comment alone are all right."""
    loaded = (written(text) if text is not None else SettingsFile()).read()
    assert (loaded.settings, loaded.problems) == (Settings(), ())


def test_all_problems_are_said_with_their_place_and_the_rest_holds() -> None:
    """Line, column, key, what was expected and the nearest name; the other keys count."""
    file = written(
        "engine: local\ntheem: dark\nask: allways\nrefresh: {screen: 1ms, samples: 5s}\n"
        "profile_folders: [~/a, b]\nkeymap: {runs.stop: {a: b}, runs.kill: x}\n"
    )
    assert said(file) == [
        "2:1: theem: unknown key; did you mean theme?",
        "3:6: ask: expected 'always' or 'removing', found 'allways': did you mean always?",
        "4:19: refresh.screen: expected 50ms to 5s, found 0.001 s",
        "6:21: keymap.runs.stop: expected text, found a mapping",
    ]
    settings = file.read().settings
    assert (settings.engine, settings.ask, settings.refresh.samples) == ("local", "always", 5.0)
    assert settings.keymap == {"runs.kill": ("x",)}
    assert file.folders(settings) == (Path.home() / "a", file.path.parent / "b")


def test_a_file_that_is_no_yaml_is_said_and_all_defaults_hold() -> None:
    """The place where what is wrong begins."""
    loaded = written("theme: [a\nengine: local\n").read()
    assert not loaded.whole
    assert loaded.settings == Settings()
    assert (loaded.problems[0].line, loaded.problems[0].column) == (1, 8)


def test_further_checks_take_out_what_they_find_wrong() -> None:
    """What only another layer knows is checked with the same places; a key that falls back is checked again."""
    path = written("theme: pink\nengine: local\n").path
    seen = []

    def further(settings: Settings) -> list[Fault]:
        seen.append(settings.theme)
        return [Fault(("theme",), "no such theme")] if settings.theme == "pink" else []

    loaded = SettingsFile(path, further).read()
    assert [str(problem) for problem in loaded.problems] == [f"{path}:1:8: theme: no such theme"]
    assert (loaded.settings.theme, loaded.settings.engine) == ("mltui-dark", "local")
    assert seen == ["pink", "mltui-dark"]


def test_a_change_of_the_file_is_noticed_once_until_it_is_read() -> None:
    """Also its coming and its going."""
    file = SettingsFile()
    file.read()
    assert not file.changed()
    written("theme: mltui-light\n")
    assert file.changed()
    file.read()
    assert not file.changed()
    file.path.unlink()
    assert file.changed()


def test_the_last_start_is_known_without_reading_yaml(mltui_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Theme, keys and engine come back; those of another settings file do not; a damaged file is no start."""
    mltui_home.mkdir()
    start = LastStart("mltui-light", {"runs.stop": "x,comma", "runs.kill": ""}, "local")
    keep_last_start(start)
    assert read_last_start() == start
    monkeypatch.setenv("MLTUI_CONFIG", "/elsewhere")
    assert read_last_start() == LastStart()
    monkeypatch.undo()
    monkeypatch.setenv("MLTUI_HOME", str(mltui_home))
    (mltui_home / "settings.last").write_bytes(b"\xff\x00\n\t\t")
    assert read_last_start() == LastStart()


def test_a_setting_is_changed_in_place_and_line_ends_stay() -> None:
    """Every other byte is as it was; a file that is no text is refused in a sentence and left alone."""
    file = written("")
    file.path.write_bytes(b"# mine\r\nask: always\r\ntheme: mltui-dark\r\n")
    file.change(("theme",), "mltui-light")
    assert file.path.read_bytes() == b"# mine\r\nask: always\r\ntheme: mltui-light\r\n"
    file.path.write_bytes(b"theme: \xff\n")
    with pytest.raises(StorageError, match="not text in UTF-8"):
        file.change(("theme",), "mltui-light")
    assert file.path.read_bytes() == b"theme: \xff\n"
