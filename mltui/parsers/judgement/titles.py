"""What the series of a line's values are called."""

from __future__ import annotations

from mltui.domain.words import scope_of
from mltui.parsers.judgement.counters import Said
from mltui.parsers.records.record import Field, Record
from mltui.parsers.words.roles import Role, is_evaluation, is_learning_rate, role_of
from mltui.parsers.words.vocabulary import PARTS

#: Names that are kept, of the log and of each of those that print into it.
_LIMIT, _LIMIT_OF_ONE = 8192, 512


def values_of_field(found: Field) -> list[tuple[str, int]]:
    """The numbers of a field that are values, each with what its series' name adds."""
    if found.percent is not None:
        return [("", found.percent)]
    values = [("", found.index)]
    if found.mean is not None:
        values.append((f" ({found.mean_kind})", found.mean))
    values += [(f" ({i + 2})", index) for i, index in enumerate(found.more)]
    return values


class Titles:
    """Names series, and keeps apart those that are called the same but counted in another way."""

    def __init__(self, who: str = "") -> None:
        """``who`` prints the lines, if one of several does."""
        self._most = _LIMIT_OF_ONE if who else _LIMIT
        self.version = 0
        """Grows when something is learnt by which lines that were named before would be named otherwise."""
        self._first_tag = ""
        self._counted: set[str] = set()
        """Names of series that have their own counters in the line."""
        self._led: set[str] = set()
        """Names that stand in front of a line without a counter, and have none elsewhere so far."""
        self._axes: dict[str, str] = {}
        """What counts each series: the epochs, or what runs inside of them."""

    def tag(self, record: Record) -> str:
        """What the tag in front of the line adds to its names: nothing, as long as all lines have the same.

        One with a count behind it is one of several.
        """
        tag = record.tag
        if not tag or any(n.place == "tag" for n in record.nameless):
            return f"{tag} " if tag else ""
        self._first_tag = self._first_tag or tag
        return f"{tag} " if tag != self._first_tag or tag.lower() in PARTS else ""

    def tell_apart(self, name: str, said: Said, led: bool = False) -> str:
        """``name``, told apart from the series of that name that is counted in another way, or at all.

        What the line is about stands in front of it if any of its names is counted elsewhere, ``led``.
        """
        record, who = said.record, said.who
        if record.sentence:
            return name
        if not said.placed and (lead := record.lead or record.about):
            if led or name in self._counted:
                name = f"{lead} {name}"
            elif len(self._led) < self._most:
                self._led.add(name)
        if not said.placed and name in self._counted and (axis := self._sums_up(name, said)):
            return f"{axis} {name}"
        if not said.counters.any or record.running_mean:
            return name
        axis = "epoch" if said.counters.inner is None else said.counters.inner.axis
        first = self._axes.get(name, axis)
        if len(self._axes) < self._most:
            self._axes[name] = first
        if (first == "epoch") == (axis == "epoch"):
            return name
        return f"{who} {axis}{name.removeprefix(who)}" if who else f"{axis} {name}"

    def are_counted(self, names: list[str]) -> bool:
        """Whether any of these has counters of its own: what a line without them is about stands in front of it."""
        return not self._counted.isdisjoint(names)

    def _sums_up(self, name: str, said: Said) -> str:
        """Over what a line tells the mean of a series that is counted elsewhere: a fold, or the epoch at hand."""
        if said.counters.fold is not None:
            return "fold"
        inside = self._axes.get(name, "epoch") != "epoch" and not is_evaluation(name)
        return "epoch" if inside and not said.who else ""

    def learn_counted(self, name: str) -> None:
        """Note a series that has its own counters: lines that only have its name behind others are another's."""
        self._counted.add(name)
        if name in self._led:
            self._led.discard(name)
            self.version += 1


def full_name(found: Field, record: Record, who: str, suffix: str) -> str:
    """What the series of a field's value is called: by all that the line says it is about, and its ``suffix``."""
    label = record.scope or found.label or record.heading
    name = found.name
    if found.more and (part := _part_of(name, suffix, len(found.more) + 1)):
        name, suffix = part, ""
    if name == "value" and role_of(label) is Role.METRIC:
        name = label  # "round 3: 0.5" under "History (loss, distributed):"
    if is_evaluation(label) and is_learning_rate(name):
        label = ""  # "val: loss=0.5 | lr=0.1"
    if label and not scope_of(name) and label.lower() not in name.lower():
        name = f"{label} {name}"
    if record.lead and not found.part and role_of(record.lead) is Role.METRIC and not record.scope:
        name = f"{record.lead} {name}"  # "Cosine-Similarity: Pearson: 0.81"
    if found.part and found.part != record.tag and found.part.lower() not in name.lower():
        name = f"{found.part} {name}"
    if record.item and record.item.lower() not in name.lower():
        name = f"{record.item} {name}"
    if record.starred:
        name = f"* {name}"
    return f"{who} {name}{suffix}" if who else name + suffix


def _part_of(name: str, suffix: str, count: int) -> str:
    """The name of one of ``count`` values behind a name with slashes: ``loss (train/val)``, ``mean/median reward``."""
    which = int(suffix.strip(" ()") or 1) - 1
    said = name.split()
    at = next((i for i, word in enumerate(said) if len(word.split("/")) == count), None)
    if at is None:
        return ""
    parts = said[at].split("/")
    if parts[which].isdigit():
        parts[which] = parts[0].rstrip("0123456789") + parts[which]  # "hits@1/3/10"
    if at and all(scope_of(part) for part in parts):
        return " ".join([parts[which], *said[:at], *said[at + 1 :]])
    return " ".join([*said[:at], parts[which], *said[at + 1 :]])
