"""Of which of several a line speaks, where only its words say so: ``resnet18: epoch 1 loss 0.9``.

Two lines that measure the same at the same place, and come to other values, speak of two things. What tells these
apart are the words that the one has and the other has not; lines of a log that speaks of one thing keep short names.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from mltui.parsers.judgement.counters import Said
from mltui.parsers.plans.group import Group
from mltui.parsers.records.record import Field
from mltui.parsers.words.values import value_of

#: Kinds of lines that are looked at, how many sources of each, and how many of all.
_KINDS, _MOST, _ALL = 1024, 256, 8192

_Kind = tuple[object, ...]


@dataclass(slots=True)
class _Told:
    """The last line of one source that was judged, and the first."""

    place: tuple[str, ...]
    values: tuple[str, ...]
    group: Group
    first_place: tuple[str, ...]
    first_values: tuple[str, ...]

    def contradicts(self, source: Source, begins: bool) -> bool:
        """Whether one of them tells other values at the place of a line of another ``source``, which ``begins``."""
        if self.place == source.place and self.values != source.values:
            return True
        return begins and self.first_place == source.place and self.first_values != source.values


@dataclass(slots=True)
class Source:
    """Of what a line speaks by its words, and what it told where."""

    kind: _Kind
    """What lines of this kind measure and count."""
    words: str
    place: tuple[str, ...]
    values: tuple[str, ...]


class Sources:
    """Knows of which kinds of lines there are several that speak of different things."""

    def __init__(self) -> None:
        self.version = 0
        """Grows when something is learnt by which lines that were named before would be named otherwise."""
        self._told: dict[_Kind, dict[str, _Told]] = {}
        self._count = 0
        """How many sources these are."""
        self._common: dict[_Kind, frozenset[str]] = {}
        """Of those kinds, the words that all have."""
        self._bars: dict[_Kind, dict[str, tuple[float, str]]] = {}
        """Of each kind of bars their sources: the first epoch of each, and what tells its series from others."""

    def name_in_bar(self, source: Source) -> str:
        """What tells the series of a bar from those of the first that shows the same: ``Finetune epoch 1``.

        Where its epochs go on from the bar before, what told that one's.
        """
        if source.kind not in self._bars and len(self._bars) >= _KINDS:
            return ""
        told = self._bars.setdefault(source.kind, {})
        if source.words not in told and len(told) < _MOST:
            epoch = value_of(source.place[0])
            before, name = next(reversed(told.values()), (-inf, ""))
            told[source.words] = epoch, name if epoch > before else source.words
        return told.get(source.words, (0.0, ""))[1]

    def compare(self, source: Source) -> tuple[Group, str] | None:
        """Compare a line with those of other sources of its kind.

        The first time that one turns out to be another's: the group of that one, and what tells it apart from now on.
        """
        if source.kind in self._common or len(self._common) >= _KINDS:
            return None
        told = self._told.get(source.kind, {})
        begins = source.words not in told
        for words, other in told.items():
            if words != source.words and other.contradicts(source, begins):
                self._common[source.kind] = frozenset(words.split()) & frozenset(source.words.split())
                self.version += 1
                return other.group, self._name(source.kind, words)
        return None

    def name(self, source: Source) -> str:
        """What tells the lines of ``source`` from the others of their kind; empty while there are none."""
        return self._name(source.kind, source.words)

    def are_apart(self, source: Source) -> bool:
        """Whether it is known that there are others."""
        return source.kind in self._common

    def note(self, source: Source, group: Group) -> None:
        """Keep what a line told, to compare others with it."""
        if len(self._told) > _KINDS or self._count >= _ALL:
            self._told.clear()
            self._count = 0
        told = self._told.setdefault(source.kind, {})
        if len(told) < _MOST or source.words in told:
            self._count += source.words not in told
            before = told.get(source.words)
            first = (source.place, source.values) if before is None else (before.first_place, before.first_values)
            told[source.words] = _Told(source.place, source.values, group, *first)

    def _name(self, kind: _Kind, words: str) -> str:
        common = self._common.get(kind)
        return "" if common is None else " ".join(word for word in words.split() if word not in common)


def source_of(said: Said, names: list[str], values: list[Field], stands: tuple[str, ...]) -> Source | None:
    """The source that a line names, if nothing else says who prints it.

    If the line does not say where it stands it ``stands`` where the training is; nothing if that is nowhere.
    """
    record, counters = said.record, said.counters
    numbers = record.numbers
    if not (record.source and numbers) or said.who or record.sentence:
        return None
    told = tuple(numbers[f.index] for f in values)
    if not said.placed:
        return Source((*names, None), record.source, stands, told) if stands else None
    if not counters.any or (said.bar and counters.epoch is None):
        return None
    counting = [c for c in (counters.epoch, counters.inner, counters.fold) if c is not None]
    kind = (*names, *(counter.axis for counter in counting))
    return Source(kind, record.source, tuple(numbers[counter.index] for counter in counting), told)
