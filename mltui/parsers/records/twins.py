"""Fields of one name in one line: what stands in front of each tells them apart.

It is words of their own, ``coarse (loss 0.7, acc 0.8) fine (loss 0.9, acc 0.7)``, or the name of a field in front,
where those have a word in common and differ in the rest: ``coarse loss 0.7 acc 0.8; fine loss 0.9 acc 0.7``.
"""

from __future__ import annotations

import re

from mltui.parsers.records.record import Field, Record
from mltui.parsers.words.roles import Role, role_of

_VALUES = (Role.METRIC, Role.UNKNOWN)
_PIECE = re.compile(r"[^\s_/]+")


def tell_twins_apart(record: Record) -> None:
    """Put in front of names that several values of ``record`` have what tells these apart, if anything does."""
    places: dict[tuple[str, str, str], list[int]] = {}
    for i, found in enumerate(record.fields):
        if found.role in _VALUES:
            places.setdefault((found.name, found.label, found.part), []).append(i)
    twins = [at for at in places.values() if len(at) > 1]
    heads = [_words_in_front(record.fields, at) or _names_in_front(record.fields, at) for at in twins]
    for at, found_heads in zip(twins, heads, strict=True):
        for i, head in zip(at, found_heads, strict=False):
            name = f"{head} {record.fields[i].name}".strip()
            if role_of(name) in _VALUES:  # "Best: loss 0.3" is none.
                record.fields[i].name = name


def _words_in_front(fields: list[Field], at: list[int]) -> list[str]:
    """The words in front of each of the fields ``at`` these places, where all differ."""
    said = [fields[i].said for i in at]
    return said if all(said) and len(set(said)) == len(said) else []


def _names_in_front(fields: list[Field], at: list[int]) -> list[str]:
    """What differs in the names of the fields in front of each of those ``at`` these places."""
    before = [
        [_PIECE.findall(f.name) for f in reversed(fields[last + 1 : i]) if f.role is Role.METRIC]
        for last, i in zip([-1, *at], at, strict=False)
    ]
    for shared in (piece for pieces in before[-1] for piece in pieces):
        heads = [next(filter(None, (_rest(pieces, shared) for pieces in names)), "") for names in before]
        if all(heads) and len(set(heads)) == len(heads):
            return heads
    return []


def _rest(pieces: list[str], shared: str) -> str:
    """What ``pieces`` of a name say beside ``shared``, if that is one of them."""
    return " ".join(piece for piece in pieces if piece != shared) if shared in pieces else ""
