"""The person's own editor, on a copy of a text, while the app stands still."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from mltui.domain.errors import MltuiError, UsageError
from mltui.domain.text import one_line

if TYPE_CHECKING:
    from mltui.ui.app import MltuiApp


def edit_outside(app: MltuiApp, text: str, suffix: str) -> str:
    """The text as the editor left it. Raises ``MltuiError`` where none is there, or it failed."""
    from mltui.storage.profile_files import editor_command, read_text

    command = editor_command()
    descriptor, name = tempfile.mkstemp(prefix="mltui-", suffix=suffix)
    copy, taken = Path(name), False
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode("utf-8", "replace"))
        with app.suspend():
            done = subprocess.run([*command, str(copy)], check=False)
        if done.returncode:
            raise MltuiError(
                f"The editor {one_line(command[0], 60)!r} ended with exit code {done.returncode}.",
                "The text is as it was.",
            )
        result, taken = read_text(copy).text, True
        return result
    except SuspendNotSupported as error:
        raise UsageError("No other program can have this terminal now.") from error
    except OSError as error:
        raise MltuiError(f"The editor {one_line(command[0], 60)!r} cannot be started: {error.strerror}.") from error
    except MltuiError as error:
        if _differs(copy, text):
            # Whatever went wrong, what the person wrote is not what is lost.
            raise MltuiError(error.message, f"What you wrote is in {one_line(str(copy), 200)}.") from error
        taken = True
        raise
    finally:
        if taken:
            copy.unlink(missing_ok=True)


def _differs(copy: Path, text: str) -> bool:
    try:
        return copy.read_bytes() != text.encode("utf-8", "replace")
    except OSError:
        return False
