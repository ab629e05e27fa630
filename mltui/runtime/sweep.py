"""Sweeps: from several values of parameters to the launches that they stand for, one for each combination."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from mltui.domain.errors import UsageError
from mltui.domain.profile import Profile
from mltui.domain.text import one_line
from mltui.domain.value_range import MOST_VALUES

if TYPE_CHECKING:
    from mltui.runtime.starting import Wish

#: Nobody reads the curves of more runs, and each waits as a process of its own.
MOST_RUNS = MOST_VALUES


def values_of(profile: Profile, name: str, text: str) -> tuple[str, ...]:
    """The values that ``text`` stands for, as typed; see ``Param.values``. Nothing is checked here."""
    param = profile.params.get(name)
    return param.values(text) if param else (text,)


def grid_of(profile: Profile, given: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """The values of each parameter out of names and texts as typed, in which a name may stand several times."""
    grid: dict[str, tuple[str, ...]] = {}
    for name, text in given:
        grid[name] = (*grid.get(name, ()), *values_of(profile, name, text))
    return grid


def combinations(profile: Profile, wish: Wish, grid: Mapping[str, Sequence[str]]) -> tuple[Wish, ...]:
    """``wish`` with each combination of the grid's values, the last name's values changing fastest.

    Raises ``UsageError`` for a value that is none of its parameter, one that stands twice, and for too many runs.
    """
    first = {**wish.params, **{name: texts[0] for name, texts in grid.items() if texts}}
    for name, texts in grid.items():
        _check(profile, name, texts, first)
    count = prod(map(len, grid.values()))
    if count > MOST_RUNS:
        sizes = " × ".join(str(len(texts)) for texts in grid.values() if len(texts) > 1)
        raise UsageError(
            f"The sweep has {count} runs ({sizes}), the most is {MOST_RUNS}.", "Give fewer values, or sweep in parts."
        )
    chosen = (dict(zip(grid, texts, strict=True)) for texts in product(*grid.values()))
    return tuple(replace(wish, params={**wish.params, **params}) for params in chosen)


def _check(profile: Profile, name: str, texts: Sequence[str], others: Mapping[str, str]) -> None:
    """Every value is one of the parameter's, and another than those before it."""
    if not texts:
        raise UsageError(f"{one_line(name, 40)} has no value in the sweep.")
    seen = []
    for text in texts:
        value = profile.param_values({**others, name: text})[name]
        if value in seen:
            raise UsageError(f"{name}: {one_line(text, 80)} stands there twice.", "Give each value once.")
        seen.append(value)
