"""Fuzzy matching: the letters of a query in a text, in order, with others between them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

_START = re.compile(r"[a-zA-Z]+|\d+")


class Match(NamedTuple):
    """Where a query was found."""

    score: float
    """Greater is better."""
    places: tuple[int, ...]
    """Indexes of the matched letters."""


def match(query: str, text: str) -> Match | None:
    """How well ``query`` fits ``text``, case aside; ``None`` where its letters do not stand there in this order.

    A whole piece is better than letters apart, the start of a word better than its middle. The time it takes grows
    with the product of the two lengths at most, whatever a log has put into the text.
    """
    wanted, given = query.casefold(), text.casefold()
    if len(given) != len(text):
        given = text.lower() if len(text.lower()) == len(text) else text
    starts = {found.start() for found in _START.finditer(text)}
    whole = [at for at in _finds(given, wanted) if wanted]
    if whole:
        at = next((at for at in whole if at in starts), whole[0])
        return _scored(tuple(range(at, at + len(wanted))), starts, len(text))
    places = _letters(wanted, given)
    return None if places is None else _scored(places, starts, len(text))


def rank(query: str, key: str, about: str = "") -> tuple[float, ...] | None:
    """How far back something of the name ``key`` stands among what fits ``query``: the least comes first. ``None``
    where its letters stand in neither name nor description.

    What is called so comes before what begins so, and any piece of a name before what is only said of it.
    """
    wanted, name = query.casefold(), key.casefold()
    last = name.rpartition(".")[2]
    words = re.split(r"[^a-z0-9]+", name)
    named = (
        name == wanted,
        last == wanted,
        name.startswith(wanted),
        last.startswith(wanted),
        any(word.startswith(wanted) for word in words),
        wanted in name,
    )
    if any(named):
        return named.index(True), len(name)
    found = match(query, f"{key} {about}")
    if found is None:
        return None
    by_words = re.search(rf"\b{re.escape(wanted)}", about.casefold()) is not None
    return len(named) + (0 if by_words else 1 if match(query, key) else 2), -found.score


def _finds(text: str, piece: str) -> list[int]:
    return [found.start() for found in re.finditer(f"(?={re.escape(piece)})", text)]


def _letters(query: str, text: str) -> tuple[int, ...] | None:
    """The places of the letters, drawn together from their end so that they stand as close as one pass can tell."""
    at = -1
    for letter in query:
        at = text.find(letter, at + 1)
        if at < 0:
            return None
    places: list[int] = []
    at += 1
    for letter in reversed(query):
        at = text.rfind(letter, 0, at)
        places.append(at)
    return tuple(reversed(places))


def _scored(places: tuple[int, ...], starts: set[int], length: int) -> Match:
    joined = sum(1 for a, b in pairwise(places) if b == a + 1)
    first = sum(1 for at in places if at in starts)
    return Match(2.0 * joined + 1.5 * first - 0.01 * length, places)
