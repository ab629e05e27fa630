"""``mltui profile new`` and ``edit``: what is made works, what is broken is not saved unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Program


@pytest.fixture
def editor(tmp_path: Path) -> Path:
    """An editor for ``$EDITOR``: it does to the file, line by line at each call, what ``script`` says (sed)."""
    program = tmp_path / "editor"
    program.write_text('#!/bin/sh\nread -r line < "$0.script"\nsed -i 1d "$0.script"\nsed -i "$line" "$1"\n')
    program.chmod(0o755)
    return program


def test_new_lists_the_templates_and_makes_one(program: Program) -> None:
    """Without a name the templates; with one a profile that can be launched under it."""
    out, _ = program("profile", "new")
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["tensorflow", "pytorch", "jax", "command"]
    (program.folder / "profiles").mkdir()
    out, err = program("profile", "new", "mine")
    assert out == f"{program.folder}/profiles/mine/profile.yaml\n"
    assert "mltui run mine" in err
    assert program("profile", "check", "mine")[0].endswith("ok\n")
    events = program.lines("run", "mine", "--engine", "local", "--json", "--set", "steps=5")
    assert events[-1]["state"] == "finished"
    _, err = program("profile", "new", "mine", code=2)
    assert "There is a" in err
    _, err = program("profile", "new", "x", "--template", "cobol", code=2)
    assert "There are: tensorflow, pytorch, jax, command." in err


def test_new_goes_where_it_is_told(program: Program) -> None:
    """The folder is made; a profile out of the way is named by its path."""
    _, err = program("profile", "new", "mine", "--folder", "far/away", "--template", "jax")
    assert (program.folder / "far" / "away" / "mine" / "train.py").exists()
    assert "mltui run" in err
    assert "far/away/mine" in err


def test_edit_saves_what_is_sound(program: Program, editor: Path) -> None:
    """The editor gets the text, and what it leaves takes the file's place."""
    file = program.profile("mine", "image: old # why\n") / "profile.yaml"
    Path(f"{editor}.script").write_text("s/old/new/\n")
    terminal = program.terminal("profile", "edit", "mine", EDITOR=str(editor), VISUAL="")
    terminal.wait_for("Saved")
    assert terminal.end() == 0
    assert file.read_text() == "image: new # why\n"


def test_edit_knows_the_profiles_of_every_folder(program: Program, editor: Path) -> None:
    """What the settings' folders hold can be extended by its name, as in a launch."""
    (program.folder / "far").mkdir()
    (program.folder / "far" / "base.yaml").write_text("image: x\n")
    (program.folder / "config").mkdir(exist_ok=True)
    (program.folder / "config" / "settings.yaml").write_text(f"profile_folders: [{program.folder}/far]\n")
    file = program.profile("mine", "extends: base\n") / "profile.yaml"
    Path(f"{editor}.script").write_text("s/base/base # of all/\n")
    terminal = program.terminal("profile", "edit", "mine", EDITOR=str(editor), VISUAL="")
    terminal.wait_for("Saved")
    assert terminal.end() == 0
    assert file.read_text() == "extends: base # of all\n"


def test_edit_shows_what_is_wrong_and_asks(program: Program, editor: Path) -> None:
    """Line and column, in the file's own name; edited again it is saved."""
    file = program.profile("mine", "image: old\n") / "profile.yaml"
    Path(f"{editor}.script").write_text("s/image/imge/\ns/imge/image/;s/old/new/\n")
    terminal = program.terminal("profile", "edit", "mine", VISUAL=str(editor))
    terminal.wait_for("[e]dit again")
    assert f"{file}:1:1: imge" in terminal.output
    assert file.read_text() == "image: old\n"
    terminal.type("e\n")
    assert terminal.end() == 0
    assert file.read_text() == "image: new\n"


def test_edit_drops_what_is_wrong_when_told(program: Program, editor: Path) -> None:
    """The file is as it was."""
    file = program.profile("mine", "image: old\n") / "profile.yaml"
    Path(f"{editor}.script").write_text("s/image/imge/\n")
    terminal = program.terminal("profile", "edit", "mine", VISUAL=str(editor))
    terminal.wait_for("[e]dit again")
    terminal.type("d\n")
    assert terminal.end() == 1
    assert file.read_text() == "image: old\n"


def test_edit_overwrites_nobody(program: Program, editor: Path) -> None:
    """A file that changed meanwhile is said, with the choice."""
    file = program.profile("mine", "image: old\n") / "profile.yaml"
    editor.write_text(f'#!/bin/sh\necho "image: theirs" > {file}\necho "image: mine" > "$1"\n')
    terminal = program.terminal("profile", "edit", "mine", VISUAL=str(editor))
    terminal.wait_for("has changed on disk")
    terminal.wait_for("[o]verwrite")
    assert file.read_text() == "image: theirs\n"
    terminal.type("o\n")
    assert terminal.end() == 0
    assert file.read_text() == "image: mine\n"


@pytest.mark.parametrize("spoil", ['printf "\\377" > "$1"', 'echo "image: mine" > "$1"; exit 3'])
def test_what_was_written_is_kept_when_it_cannot_be_taken_in(program: Program, editor: Path, spoil: str) -> None:
    """It is said where."""
    file = program.profile("mine", "image: old\n") / "profile.yaml"
    editor.write_text(f"#!/bin/sh\n{spoil}\n")
    terminal = program.terminal("profile", "edit", "mine", VISUAL=str(editor))
    terminal.wait_for("What you wrote is in")
    assert terminal.end() != 0
    copy = Path(terminal.output.split("What you wrote is in ")[1].split()[0].rstrip("."))
    assert copy.read_bytes() in (b"\xff", b"image: mine\n")
    copy.unlink()
    assert file.read_text() == "image: old\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [("no-such-editor", "is not there"), ("false", "ended with exit code 1"), ('vim "', "is not understood")],
)
def test_an_editor_that_fails_is_said(program: Program, name: str, said: str) -> None:
    """And nothing is saved."""
    program.profile("mine", "image: old\n")
    terminal = program.terminal("profile", "edit", "mine", VISUAL=name)
    terminal.wait_for(said)
    assert terminal.end() != 0


def test_edit_needs_a_terminal(program: Program) -> None:
    """It says where the file is."""
    folder = program.profile("mine", "image: old\n")
    _, err = program("profile", "edit", "mine", code=2)
    assert f"{folder}/profile.yaml" in err
