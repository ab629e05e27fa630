"""What a person means by the beginning of an id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from mltui.domain.errors import NotFound, UsageError
from mltui.domain.text import one_line

T = TypeVar("T")

#: Fewer letters fit too much to act on.
SHORTEST = 2
#: So many of what fits are named.
_NAMED = 5


def the_one(
    found: Iterable[T],
    text: str,
    what: str,
    identity: Callable[[T], str],
    names: Callable[[T], Iterable[str]],
    cure: str,
) -> T:
    """The one of ``found`` that ``text`` is a name or the id of, else the one whose id begins with it.

    ``what`` is the kind of thing (``run``), ``cure`` how to list them. Raises ``UsageError`` for the empty text and
    for a single letter that is no name, and ``NotFound`` when nothing fits, or more than one thing.
    """
    if not text.strip():
        raise UsageError(f"An empty name stands for no {what}.", f"Write {_an_id(what)}, or its beginning.")
    everything = tuple(found)
    named = [one for one in everything if text == identity(one) or text in names(one)]
    fits = named or [one for one in everything if identity(one).startswith(text)]
    if fits and not named and len(text) < SHORTEST:
        raise UsageError(f"{one_line(text)!r} is too short for {_an_id(what)}.", f"Write {SHORTEST} letters of it.")
    if len(fits) == 1:
        return fits[0]
    shown = f"{one_line(text, 80)!r}"
    if not fits:
        raise NotFound(f"There is no {what} {shown}.", cure)
    some = ", ".join(identity(one)[:12] for one in fits[:_NAMED]) + (", …" if len(fits) > _NAMED else "")
    raise NotFound(f"{shown} fits several {what}s: {some}.", "Write one more letter.")


def _an_id(what: str) -> str:
    return f"the id of {'an' if what[0] in 'aeiou' else 'a'} {what}"
