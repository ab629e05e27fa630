"""argparse, with its refusals as ``UsageError`` and the nearest name for a word that is not known."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import NoReturn

from mltui.domain.errors import UsageError
from mltui.domain.text import one_line


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
        raise UsageError(f"{one_line(message)}.", f"See: {self.prog} --help")

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


def nearest(word: str, known: Iterable[str]) -> str:
    """`` Did you mean X?``, or nothing when no known word is near."""
    import difflib

    near = difflib.get_close_matches(word.partition("=")[0], list(known), 1, 0.6)
    return f" Did you mean {near[0]}?" if near else ""
