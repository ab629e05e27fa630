"""argparse, with its refusals as ``UsageError`` and the nearest name for a word that is not known."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import NoReturn

from mltui.domain.errors import UsageError
from mltui.domain.text import one_line

# What argparse says of an option or argument, its version's quotes and all.
_LACKS = re.compile(r"argument (\S+): expected .*arguments?")
_REQUIRED = re.compile(r"the following arguments are required: ([^,\s]+)")
_NO_CHOICE = re.compile(r"argument (\S+): invalid choice: (.+?) \(choose from ")


class _Paragraphs(argparse.HelpFormatter):
    """Fills paragraphs to the terminal's width; what is indented, as examples and lists are, stays as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        parts = text.split("\n\n")
        return "\n\n".join(part if "\n  " in f"\n{part}" else fill(part, width, indent) for part in parts)


class Parser(argparse.ArgumentParser):
    """A parser that raises ``UsageError`` instead of ending the process."""

    def __init__(self, prog: str, description: str = "", epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=_Paragraphs,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Refuse: the sentence, and where the options are listed."""
        raise UsageError(self._in_words(message), f"See: {self.prog} --help")

    def _in_words(self, message: str) -> str:
        """A sentence of what is missing or wrong, with what the option's own help says of it."""
        for pattern, who in ((_LACKS, ""), (_REQUIRED, self.prog)):
            if (found := pattern.match(message)) and (action := self._action(found[1])):
                return f"{who or found[1].rpartition('/')[2]} needs {_wanted(action)}."
        if (found := _NO_CHOICE.match(message)) and (action := self._action(found[1])):
            return f"{found[1].rpartition('/')[2]} needs {_wanted(action)}, found {one_line(found[2], 80)}."
        return f"{one_line(message.removeprefix('argument '))}."

    def _action(self, name: str) -> argparse.Action | None:
        """The option or argument that argparse calls ``name``."""
        return next((one for one in self._actions if name in ("/".join(one.option_strings), one.metavar)), None)

    def read(self, words: Sequence[str], known: argparse.Namespace | None = None) -> argparse.Namespace:
        """The options and arguments in ``words``, in any order, on top of those already ``known``."""
        args, unknown = self.parse_known_intermixed_args(words, known)
        if unknown:
            word = unknown[0]
            raise UsageError(
                f"{self.prog} does not know {one_line(word, 80)!r}.{nearest(word, self._option_string_actions)}",
                f"See: {self.prog} --help",
            )
        return args


def _wanted(action: argparse.Action) -> str:
    """What an option or argument takes, with what its help says of that."""
    if action.choices is not None:
        return f"one of {', '.join(map(str, action.choices))}"
    name = " ".join(action.metavar) if isinstance(action.metavar, tuple) else action.metavar or action.dest
    return f"{name}: {one_line(action.help)}" if action.help else name


def nearest(word: str, known: Iterable[str]) -> str:
    """`` Did you mean X?``, or nothing when no known word is near."""
    import difflib

    near = difflib.get_close_matches(word.partition("=")[0], list(known), 1, 0.6)
    return f" Did you mean {near[0]}?" if near else ""
