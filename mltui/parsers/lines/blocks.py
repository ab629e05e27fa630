"""Blocks of ``key: value`` lines, one a line, as YAML is printed: the key that counts may stand behind the values.

A block begins behind an empty line, ``---``, a time alone or a line that ends with a colon, and ends with the first
line of another form. What its counter says holds for all of it, so that the counter is read first.

A dictionary that is written over several lines, as ``pprint`` does or with the brackets on lines of their own, is one
line.
"""

from __future__ import annotations

import re

from mltui.parsers.words.roles import counter_of

_PAIR = re.compile(rb"(\s*)([A-Za-z_][\w./-]*):(?: +(\S{1,60}))?\s*")
_LONGEST = 400
# A dictionary may hold the history of a training, each value on a line.
_MOST_BYTES = 200_000
_OPENED = re.compile(rb"[^{}]*\{\s*(['\"]).*,\s*")
_GOES_ON = re.compile(rb"\s+(?:['\"({\[]|(?:[a-z.\d]{1,12}\()?[-+]?(?:[\d.]|nan\b|inf\b)).*(?:,\s*|\}[\s)\]]*)")
# An object of JSON whose brackets stand on lines of their own, and what may stand in it.
_INDENTED = re.compile(rb"(?:[^{}\"']*\s)?\{\s*")
_INSIDE = re.compile(rb'\s*(?:"[^"]*":\s*\S.*|[\]}],?|\s("[^"]*"|[-\w.+]+|[\[{]),?)\s*')
_TIME = re.compile(rb"[\[(<]?\d\d:\d\d:\d\d(?:[.,]\d+)?[\])>]?")
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')


class Blocks:
    """Puts the counters of a block in front of its values."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._counters: list[bytes] = []
        self._names: set[bytes] = set()
        self.begins = True
        """The next line may be the first of a block."""
        self._spread: list[bytes] = []
        """The lines of a dictionary that is not complete yet."""
        self._open = 0
        """How many of its brackets are open."""
        self._bytes = 0
        """How long its lines are."""
        self._inside = _GOES_ON
        """What its lines look like."""
        self.waiting = False
        """Lines wait here for the next one."""

    def feed(self, frame: bytes) -> list[bytes]:
        """The lines that can be read, now that ``frame`` has come."""
        lines = self._feed(frame)
        self.waiting = bool(self._lines or self._spread)
        return lines

    def _feed(self, frame: bytes) -> list[bytes]:
        if self._spread:
            return self._go_on(frame)
        last = frame.rstrip()[-1:]  # A terminal's width may be filled with blanks.
        if last == b"," and not self._lines and (opened := _left_open(frame)):
            self._spread.append(frame)
            self._open, self._inside = opened, _GOES_ON
            return []
        if self._lines:
            if self._take(frame):
                return []
            return [*self.close(), *self._feed(frame)]
        if last == b"{" and _INDENTED.fullmatch(frame):
            self._spread.append(frame.strip())
            self._open, self._inside = 1, _INSIDE
            return []
        if self.begins and frame and self._take(frame):
            # A block whose first value is the counter needs no waiting.
            return self.close() if self._counters else []
        self.begins = opens_block(frame)
        return [frame]

    def close(self) -> list[bytes]:
        """The lines of the block that was being read."""
        lines, self._lines = [*self._broken_off(), *self._counters, *self._lines], []
        self._counters = []
        self._names.clear()
        self.begins = False
        return lines

    def interrupt(self) -> list[bytes]:
        """The lines of pairs that were being read: something is drawn behind them, so that they are all."""
        if self._spread:
            return []
        self.waiting = False
        return self.close()

    def _go_on(self, frame: bytes) -> list[bytes]:
        """The whole dictionary if ``frame`` completes it; its lines as they are if ``frame`` is no part of it."""
        self._open += _opens(frame)
        self._bytes += len(frame)
        if self._inside.fullmatch(frame) is None or self._open < 0 or self._bytes > _MOST_BYTES:
            return [*self._broken_off(), *self._feed(frame)]
        self._spread.append(frame.strip())
        if self._open:
            return []
        return [self._whole()]

    def _broken_off(self) -> list[bytes]:
        """What came of a dictionary that was not completed: an object as far as it goes, else its lines."""
        if len(self._spread) > 1 and self._inside is _INSIDE:
            return [self._whole() + b"}" * self._open]
        lines, self._spread, self._bytes = self._spread, [], 0
        return lines

    def _whole(self) -> bytes:
        """The dictionary in one line."""
        lines, self._spread, self._bytes = self._spread, [], 0
        return b" ".join(lines).replace(b"{ ", b"{").rstrip(b" ,")

    def _take(self, frame: bytes) -> bool:
        """Keep ``frame`` if it belongs to the block."""
        found = _PAIR.fullmatch(frame)
        if found is None or len(self._lines) > _LONGEST or found[2] in self._names:
            return False
        self._names.add(found[2])
        name = found[2].decode("ascii", "replace")
        if found[3] and found[3].isdigit() and counter_of(name) and not name.endswith("id"):
            self._counters.append(frame)
        else:
            self._lines.append(frame)
        return True


def opens_block(line: bytes) -> bool:
    """Whether the line behind ``line`` may be the first of a block."""
    return not line or line[-1:] == b":" or line == b"---" or (len(line) < 20 and _TIME.fullmatch(line) is not None)


def opens_dictionary(line: bytes) -> bool:
    """Whether a dictionary begins with ``line`` and goes on in the next one."""
    return line[:1] == b"{" and line.rstrip()[-1:] == b"," and _left_open(line) > 0


def may_be_in_block(line: bytes) -> bool:
    """Whether ``line`` has the form of one in a block."""
    return _PAIR.fullmatch(line) is not None


def _left_open(line: bytes) -> int:
    """How many brackets a dictionary leaves open that begins in ``line``, which ends with a comma; 0 without one."""
    opened = _opens(line)
    return opened if opened > 0 and _OPENED.fullmatch(line) else 0


def _opens(frame: bytes) -> int:
    """How many more brackets of dictionaries a line opens than it closes."""
    if b'"' in frame:
        frame = _QUOTED.sub(b"", frame)
    return frame.count(b"{") - frame.count(b"}")
