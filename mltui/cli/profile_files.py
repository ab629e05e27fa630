"""``mltui profile new`` and ``edit``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.cli.output import print_table, say
from mltui.cli.session import profiles
from mltui.domain.errors import MltuiError, ProfileError, UsageError
from mltui.domain.paths import user_path
from mltui.domain.text import clean, one_line

if TYPE_CHECKING:
    from mltui.storage.profile_files import FileText


def new(args: Namespace) -> int:
    """Make a profile from a template, and say what to do with it."""
    from mltui.storage import profile_files as files

    if args.name is None:
        print_table(("TEMPLATE", "ABOUT"), [(one.name, one.description) for one in files.templates()])
        return 0
    path = files.new_profile(args.name, args.template, user_path(args.folder) if args.folder else None)
    print(clean(str(path)))
    named = args.name if any(folder == path.parent.parent for folder in profiles().folders) else str(path.parent)
    say(f"Change it: mltui profile edit {named}. Launch it: mltui run {named}.")
    return 0


def edit(args: Namespace) -> int:
    """Open a profile in the person's editor; what comes back is checked before it takes the file's place."""
    from mltui.storage import profile_files as files

    path = profiles().find(args.profile)
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to edit in.", f"The file is {one_line(str(path), 300)}.")
    command = files.editor_command()
    read = files.read_text(path)
    copy = _copy(path, read.text)
    try:
        code = _edited(command, copy, read)
    except BaseException:
        # Whatever went wrong, what the person wrote is not what is lost.
        if _differs(copy, read.text):
            say(f"What you wrote is in {clean(str(copy))}.")
        else:
            copy.unlink(missing_ok=True)
        raise
    copy.unlink(missing_ok=True)
    return code


def _edited(command: list[str], copy: Path, read: FileText) -> int:
    """Edit the copy until it is saved, dropped or unchanged; the exit code."""
    from mltui.storage import profile_files as files

    while True:
        _edit(command, copy)
        text = files.read_text(copy).text
        if text == read.text:
            say("Nothing was changed.")
            return 0
        problems = _problems(copy, read.path)
        answer = _answer(problems)
        if answer == "d":
            say("Your changes were dropped.")
            return 1
        if answer == "s" and _saved(read, text):
            return 1 if problems else 0


def _differs(copy: Path, text: str) -> bool:
    try:
        return copy.read_bytes() != text.encode()
    except OSError:
        return False


def _copy(path: Path, text: str) -> Path:
    """A copy to edit, which nobody else may read; its suffix tells the editor what it is."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.stem}-", suffix=path.suffix)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(text.encode())
    return Path(name)


def _edit(command: list[str], copy: Path) -> None:
    try:
        done = subprocess.run([*command, str(copy)], check=False)
    except OSError as error:
        raise MltuiError(f"The editor {one_line(command[0], 60)!r} cannot be started: {error.strerror}.") from error
    if done.returncode:
        said = f"The editor {one_line(command[0], 60)!r} ended with exit code {done.returncode}."
        raise MltuiError(said, "Nothing was saved.")


def _problems(copy: Path, path: Path) -> tuple[str, ...]:
    """What is wrong with the copy, as if it stood in the file's place."""
    try:
        profiles().load(copy, beside=path)
    except ProfileError as error:
        return tuple(str(problem).replace(str(copy), str(path), 1) for problem in error.problems)
    return ()


def _answer(problems: tuple[str, ...]) -> str:
    """Save, edit again or drop; what is sound is saved without a question."""
    if not problems:
        return "s"
    for problem in problems:
        say(problem)
    return _ask("[e]dit again, [s]ave it as it is, or [d]rop the changes? ", "esd", "e")


def _saved(read: FileText, text: str) -> bool:
    from mltui.storage import profile_files as files

    try:
        files.save_text(read, text)
    except files.FileChanged as error:
        say(error.message)
        if _ask("[o]verwrite it, or [e]dit again? ", "oe", "e") == "e":
            return False
        files.save_text(read, text, overwrite=True)
    say(f"Saved {clean(str(read.path))}.")
    return True


def _ask(question: str, letters: str, usual: str) -> str:
    while True:
        print(question, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        answer = line.strip().lower()[:1] or usual
        # The end of the input answers nothing: the changes are not saved behind the person's back.
        if not line:
            raise MltuiError("Nobody answers any more.", "Nothing was saved.")
        if answer in letters:
            return answer
