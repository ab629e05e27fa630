"""``mltui profile new`` and ``edit``."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.cli.output import print_table, say
from mltui.cli.session import profiles
from mltui.domain.errors import MltuiError, ProfileError, UsageError
from mltui.domain.paths import user_path
from mltui.domain.text import clean, one_line

if TYPE_CHECKING:
    from mltui.runtime.outside_editor import EditorCopy
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
    from mltui.runtime.outside_editor import editor_copy
    from mltui.storage import profile_files as files

    path = profiles().find(args.profile)
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to edit in.", f"The file is {one_line(str(path), 300)}.")
    read = files.read_text(path)
    with editor_copy(read.text, path.suffix, say) as copy:
        return _edited(copy, read)


def _edited(copy: EditorCopy, read: FileText) -> int:
    """Edit the copy until it is saved, dropped or unchanged; the exit code."""
    while True:
        text = copy.edit()
        if text == read.text:
            say("Nothing was changed.")
            return 0
        problems = _problems(copy.path, read.path)
        answer = _answer(problems)
        if answer == "d":
            say("Your changes were dropped.")
            return 1
        if answer == "s" and _saved(read, text):
            return 1 if problems else 0


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
