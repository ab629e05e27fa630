"""Everything mltui tells a person when something is wrong: one sentence, and what to do next.

::

    MltuiError                 message + hint
    ├── UsageError             the command was called wrongly (exit code 2)
    ├── ProfileError           a profile that cannot be used, with every problem and its place
    ├── EditError              a file's text cannot be changed as asked without touching something else
    ├── StorageError           mltui's own files cannot be read or written
    └── EngineError            an engine refused
        ├── EngineUnavailable  no engine answers, or it may not be asked
        ├── NotFound           no such run, container or image
        ├── ImageError         an image that cannot be found, pulled or built
        ├── GpuUnavailable     GPUs were asked for and the engine cannot give them
        └── StartError         a container or process that could not be created or started
"""

from __future__ import annotations

from dataclasses import dataclass


class MltuiError(Exception):
    """A failure that a person can act on.

    ``message`` is one sentence that says what and where; ``hint`` says what to do, or is empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(MltuiError):
    """The command was called wrongly."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file: where it is and what was expected. ``line`` and ``column`` count from 1."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class ProfileError(MltuiError):
    """A profile that cannot be used; ``problems`` lists everything found, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...], hint: str = "") -> None:
        super().__init__("\n".join(map(str, problems)), hint)
        self.problems = problems


class EditError(MltuiError):
    """A file's text cannot be changed as asked without touching something else; the text has to be edited by hand."""


class StorageError(MltuiError):
    """mltui's own files cannot be read or written."""


class EngineError(MltuiError):
    """An engine refused what it was asked."""


class EngineUnavailable(EngineError):
    """No engine answers at the endpoint, or this user may not speak to it.

    ``absent``: there is none that this user could speak to, rather than one that is slow or fails. ``named``: somebody
    said that it is to be this one, in the environment or by Docker's current context.
    """

    def __init__(self, message: str, hint: str = "", *, absent: bool = False, named: bool = False) -> None:
        super().__init__(message, hint)
        self.absent = absent
        self.named = named


class NotFound(EngineError):
    """No such run, container or image."""


class ImageError(EngineError):
    """An image that cannot be found, pulled or built; ``tail`` holds the last lines of the build."""

    def __init__(self, message: str, hint: str = "", tail: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.tail = tail


class GpuUnavailable(EngineError):
    """GPUs were asked for and the engine cannot give them."""


class StartError(EngineError):
    """A container or process that could not be created or started; ``exit_code`` as a shell has it, where known."""

    def __init__(self, message: str, hint: str = "", exit_code: int | None = None) -> None:
        super().__init__(message, hint)
        self.exit_code = exit_code
