"""The words of a command line that was pasted, with the shell's variables as Compose writes them.

As a POSIX shell reads them: quotes, backslashes, continued lines, comments. What only a shell can do, such as ``$(…)``
or ``|``, is told, not done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

#: No person types a longer line.
_MOST = 64 << 10
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(:?[-?+][^{}]*)?\})")
#: What ends a command: the rest of the line is another one.
_ENDS = re.compile(r"&&|\|\||\d?>>?&?|[|&;<\n]")


@dataclass(slots=True)
class Words:
    """A command line taken apart."""

    words: list[str] = field(default_factory=list)
    rest: str = ""
    """What follows the command: a pipe, a redirection, another command."""
    unknown: list[str] = field(default_factory=list)
    """What a shell would have to run or know to say."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text.strip().replace("\r\n", "\n")
        self.at = 0
        self.done = Words()
        self.word: str | None = None

    def read(self) -> Words:
        while self.at < len(self.text):
            character = self.text[self.at]
            if character in " \t\r":
                self._end_word()
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            elif character == "#" and self.word is None:
                self.at = _found(self.text.find("\n", self.at), len(self.text))
            elif self.word is None and (end := _ENDS.match(self.text, self.at)):
                if end[0] == "\n" and not self.done.words:
                    self.at += 1
                    continue
                self.done.rest = self.text[self.at :].strip()
                break
            elif _ENDS.match(self.text, self.at) and character not in "0123456789":
                self._end_word()
            else:
                self._piece(character)
        self._end_word()
        return self.done

    def _end_word(self) -> None:
        if self.word is not None:
            self.done.words.append(self.word)
        self.word = None

    def _add(self, text: str) -> None:
        self.word = (self.word or "") + text

    def _piece(self, character: str) -> None:
        """One quoted or plain piece of a word."""
        if character == "'":
            end = self._closing("'")
            self._add(self.text[self.at + 1 : end].replace("$", "$$"))
            self.at = end + 1
        elif character == '"':
            self._add("")
            self.at += 1
            self._double()
        elif character == "\\":
            self._add(self.text[self.at + 1 : self.at + 2].replace("$", "$$"))
            self.at += 2
        elif character in "$`":
            self._expansion()
        else:
            self._add(character)
            self.at += 1

    def _closing(self, quote: str) -> int:
        end = self.text.find(quote, self.at + 1)
        if end < 0:
            raise ValueError(f"a {quote} is not closed")
        return end

    def _double(self) -> None:
        while self.at < len(self.text) and self.text[self.at] != '"':
            character = self.text[self.at]
            if self.text.startswith("\\\n", self.at):
                self.at += 2
            elif character == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\"):
                self._piece(character)
            elif character in "$`":
                self._expansion()
            else:
                self._add(character)
                self.at += 1
        if self.at >= len(self.text):
            raise ValueError('a " is not closed')
        self.at += 1

    def _expansion(self) -> None:
        """A variable stays one; the folder one is in is the profile's; what has to be run stays as it is written."""
        if found := _VARIABLE.match(self.text, self.at):
            name, operator = found[1] or found[2], found[3] or ""
            self._add("." if name == "PWD" and not operator else f"${{{name}{operator}}}")
            self.at = found.end()
            return
        command = re.compile(r"\$\((?P<a>[^()]*)\)|`(?P<b>[^`]*)`").match(self.text, self.at)
        if command is None:
            self._add("$$" if self.text[self.at] == "$" else "`")
            self.at += 1
            return
        inner = (command["a"] or command["b"] or "").strip()
        self.at = command.end()
        if inner == "pwd":
            self._add(".")
        else:
            self.done.unknown.append(command[0])
            self._add(command[0].replace("$", "$$"))


def _found(at: int, end: int) -> int:
    return at if at >= 0 else end


def split_line(text: str) -> Words:
    """The words of the first command in ``text``; raises ``ValueError`` for an open quote or no end."""
    if len(text) > _MOST:
        raise ValueError(f"it is longer than {_MOST >> 10} KiB")
    return _Reader(text).read()
