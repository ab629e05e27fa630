"""What the series of a line's values are called."""

from __future__ import annotations

from mltui.parsers.records.record import Field, Record
from mltui.parsers.vocabulary import Role, role_of, scope_of


def values_of_field(found: Field) -> list[tuple[str, int]]:
    """The numbers of a field that are values, each with what its series' name adds."""
    if found.percent is not None:
        return [("", found.percent)]
    values = [("", found.index)]
    if found.mean is not None:
        values.append((" (avg)", found.mean))
    values += [(f" ({i + 2})", index) for i, index in enumerate(found.more)]
    return values


def full_name(found: Field, record: Record, rank: str, suffix: str) -> str:
    """What the series of a field's value is called: by all that the line says it is about, and its ``suffix``."""
    label = record.scope or found.label or record.heading
    name = found.name
    if found.more and (part := _part_of(name, suffix, len(found.more) + 1)):
        name, suffix = part, ""
    if name == "value" and role_of(label) is Role.METRIC:
        name = label  # "round 3: 0.5" under "History (loss, distributed):"
    if label and not scope_of(name) and label.lower() not in name.lower():
        name = f"{label} {name}"
    if record.lead and role_of(record.lead) is Role.METRIC and not record.scope:
        name = f"{record.lead} {name}"  # "Cosine-Similarity: Pearson: 0.81"
    if record.item and record.item.lower() not in name.lower():
        name = f"{record.item} {name}"
    if record.starred:
        name = f"* {name}"
    return f"{rank} {name}{suffix}" if rank else name + suffix


def _part_of(name: str, suffix: str, count: int) -> str:
    """The name of one of ``count`` values behind a name with slashes: ``loss (train/val)``, ``mean/median reward``."""
    which = int(suffix.strip(" ()") or 1) - 1
    said = name.split()
    at = next((i for i, word in enumerate(said) if len(word.split("/")) == count), None)
    if at is None:
        return ""
    parts = said[at].split("/")
    if at and all(scope_of(part) for part in parts):
        return " ".join([parts[which], *said[:at], *said[at + 1 :]])
    return " ".join([*said[:at], parts[which], *said[at + 1 :]])
