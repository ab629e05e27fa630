"""What a line of a failure looks like: text with gaps, some of which are remembered.

``Bind for … :{port} failed`` is found without a regular expression, in one pass over the line.
"""

from __future__ import annotations

from typing import NamedTuple

#: Stands in a pattern for any text of the line.
GAP = "…"


class Pattern(NamedTuple):
    """Parts of a line in their order, lower case; ``names[i]`` is what the text behind part ``i`` is called."""

    parts: tuple[str, ...]
    names: tuple[str, ...]

    def find(self, line: str, lowered: str) -> dict[str, str] | None:
        """What the named gaps stand for where ``line`` fits; ``None`` where it does not."""
        at, places = _find_word(lowered, self.parts[0]), []
        for part in self.parts:
            at = lowered.find(part, at) if at >= 0 else at
            if at < 0:
                return None
            places.append((at, at + len(part)))
            at += len(part)
        found: dict[str, str] = {}
        for i, name in enumerate(self.names):
            if name:
                start = places[i][1]
                end = places[i + 1][0] if i + 1 < len(places) else len(line)
                words = line[start:end].split()
                found[name] = words[0].strip("\"'`,;:.)(") if words else ""
        return found


def _find_word(line: str, part: str) -> int:
    """Where ``part`` begins in ``line``, not within a word: ``MemoryError`` is no ``OutOfMemoryError``."""
    at = line.find(part)
    while at > 0 and part[0].isalnum() and line[at - 1].isalnum():
        at = line.find(part, at + len(part))
    return at


def parse_pattern(text: str) -> Pattern:
    """``Bind for … :{port} failed``: text, ``…`` for anything, ``{name}`` for a word to remember.

    A pattern begins with text. Raises ``ValueError``.
    """
    parts, names, rest = [], [], text
    while rest:
        gap, brace = rest.find(GAP), rest.find("{")
        at = min((place for place in (gap, brace) if place >= 0), default=len(rest))
        if at == 0:
            raise ValueError(f"two gaps follow one another in {text!r}, or it begins with one")
        parts.append(rest[:at].lower())
        name, rest = "", rest[at:]
        if rest.startswith(GAP):
            rest = rest[len(GAP) :].lstrip()
            parts[-1] = parts[-1].rstrip()
        elif rest:
            name, _, rest = rest[1:].partition("}")
        names.append(name)
    if not parts:
        raise ValueError("a pattern needs some text")
    return Pattern(tuple(parts), tuple(names))
