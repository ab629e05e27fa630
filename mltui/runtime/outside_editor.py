"""A text in the person's own editor: a copy of it is edited, and what they wrote is never what is lost."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from mltui.domain.errors import MltuiError, UsageError
from mltui.domain.text import one_line
from mltui.storage.profile_files import read_text

_EDITORS = ("sensible-editor", "nano", "vim", "vi")


def editor_command() -> list[str]:
    """The editor that ``$VISUAL`` or ``$EDITOR`` names, else one that is there. Raises ``UsageError``."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        words = shlex.split(named)
    except ValueError as error:
        said = f"The editor {one_line(named, 60)!r} is not understood: {str(error).lower().rstrip('.')}."
        raise UsageError(said, "Set $VISUAL or $EDITOR to a command.") from error
    words = words or next(([name] for name in _EDITORS if shutil.which(name)), [])
    if not words:
        raise UsageError("No editor is named.", "Set $EDITOR, or use the app's own: mltui, then e on the profile.")
    if not shutil.which(words[0]):
        raise UsageError(f"The editor {one_line(words[0], 60)!r} is not there.", "Set $VISUAL or $EDITOR to another.")
    return words


class EditorCopy:
    """A copy of a text, which nobody else may read; its suffix tells the editor what it is."""

    def __init__(self, text: str, suffix: str) -> None:
        """Raises ``UsageError`` where there is no editor, ``MltuiError`` where the copy cannot be written."""
        self._command = editor_command()
        self._given = text.encode("utf-8", "replace")
        name = ""
        try:
            descriptor, name = tempfile.mkstemp(prefix="mltui-", suffix=suffix)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(self._given)
            self.path = Path(name)
        except OSError as error:
            if name:
                Path(name).unlink(missing_ok=True)
            raise MltuiError(f"A copy to edit cannot be written: {error.strerror}.", "Set $TMPDIR.") from error

    def edit(self, terminal: AbstractContextManager[object] | None = None) -> str:
        """Open it in the editor, wait for that, and give the text as it is then.

        ``terminal`` lends the terminal to the editor. Raises ``MltuiError`` where the editor cannot be started, says
        that it failed, or leaves what is no text.
        """
        editor = one_line(self._command[0], 60)
        try:
            with terminal or nullcontext():
                done = subprocess.run([*self._command, str(self.path)], check=False)
        except OSError as error:
            raise MltuiError(f"The editor {editor!r} cannot be started: {error.strerror}.") from error
        if done.returncode:
            raise MltuiError(f"The editor {editor!r} ended with exit code {done.returncode}.", "Nothing was saved.")
        return read_text(self.path).text

    @property
    def differs(self) -> bool:
        """It is not the text that was given."""
        try:
            return self.path.read_bytes() != self._given
        except OSError:
            return False


@contextmanager
def editor_copy(text: str, suffix: str, tell: Callable[[str], None]) -> Iterator[EditorCopy]:
    """A copy to edit, which is gone afterwards.

    But where the block fails, by whatever it is, and something was written in the copy, it stays: the error's hint says
    where it is, and ``tell`` is told of an error that has no hint.
    """
    copy = EditorCopy(text, suffix)
    kept = False
    try:
        yield copy
    except BaseException as error:
        if copy.differs:
            kept, said = True, f"What you wrote is in {one_line(str(copy.path), 300)}."
            if isinstance(error, MltuiError):
                error.hint = f"{error.hint} {said}".strip()
            else:
                tell(said)
        raise
    finally:
        if not kept:
            copy.path.unlink(missing_ok=True)
