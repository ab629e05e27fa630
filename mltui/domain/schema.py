"""The schema of a profile as plain values: what forms, the JSON Schema and the reference page are made from.

The declaration is the models of ``profile`` and the modules beside it; ``profile_schema()`` reads it off them. The
values here need no pydantic, so that a screen can hold them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

#: Stands in a path for any name of a map and any index of a list.
ANY = "*"


class Kind(StrEnum):
    """What is written in a field, and so how a form takes it in."""

    TEXT = "text"
    IMAGE = "image"
    """An image's name."""
    PATH = "path"
    """A file or folder of the host, relative to the profile's folder."""
    PROFILE = "profile"
    """The name or the file of a profile."""
    INSIDE = "inside"
    """An absolute path in the container."""
    VARIABLE = "variable"
    """The name of a variable of the environment."""
    INT = "int"
    NUMBER = "number"
    BOOL = "bool"
    CHOICE = "choice"
    """One of ``choices``."""
    SIZE = "size"
    """Bytes, as ``512m`` or ``2Gi``."""
    CPUS = "cpus"
    """Cores, as ``1.5`` or ``500m``."""
    DURATION = "duration"
    """Seconds, as ``1m30s``."""
    VALUE = "value"
    """A number, ``true``, ``false`` or text: the value of a parameter."""
    GPUS = "gpus"
    """Which GPUs: ``auto``, ``none``, ``all``, how many, indexes and UUIDs, or Compose's list."""
    COMMAND = "command"
    """Words: a list, or one line that is split as a shell splits it."""
    LIST = "list"
    """Several of ``item``."""
    MAP = "map"
    """Names of one's own, each with an ``item``."""
    SECTION = "section"
    """The known keys of ``fields``."""
    ANYTHING = "anything"
    """Whatever YAML can say."""


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One key of a profile, one entry of a list or map, or one short form of either."""

    key: str
    """As it is written; ``*`` for an entry of a list or map."""
    path: tuple[str, ...]
    """From the top of the profile, ``*`` for any index and any name of one's own; empty for the profile itself."""
    kind: Kind
    title: str = ""
    help: str = ""
    """One line for the person who fills it in."""
    group: str = ""
    """Which part of a form the key is in; only keys at the top of a profile have one."""
    default: object = None
    """What holds where the key is not written, as YAML would say it; ``None`` where nothing does."""
    required: bool = False
    nullable: bool = False
    """A name with nothing behind it means something (the caller's value); elsewhere it is as good as absent."""
    choices: tuple[str, ...] = ()
    """The only values; beside numbers for a field of another kind, as ``all`` for a count."""
    examples: tuple[str, ...] = ()
    """Values that are usual, to be offered; any other is as good."""
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    """Regular expression that a text has to match, where one says it all."""
    most: int | None = None
    """How many entries a list or map may have."""
    names: Kind = Kind.TEXT
    """What the names of a map are: texts, or variables."""
    item: SchemaField | None = None
    """What each entry of a list or map is."""
    fields: tuple[SchemaField, ...] = ()
    """The keys of a section, in the order of a form."""
    forms: tuple[SchemaField, ...] = ()
    """Other forms in which the same may be written: the short ones of Compose, one entry instead of a list."""

    def at(self, *path: str | int) -> SchemaField | None:
        """The field below this one at ``path``: keys, names and indexes as they stand in a file; ``None``: no such."""
        field: SchemaField | None = self
        for part in path:
            field = field and field._child(part)
        return field

    def _child(self, part: str | int) -> SchemaField | None:
        shapes = (self, *self.forms)
        if isinstance(part, int):
            return next((shape.item for shape in shapes if shape.kind in _SEQUENCES), None)
        for shape in shapes:
            found = next((field for field in shape.fields if field.key == part), None)
            if found or shape.kind is Kind.MAP:
                return found or shape.item
        return None

    def walk(self) -> Iterator[SchemaField]:
        """This field and all below it, from the top down, without the other forms."""
        yield self
        for field in self.fields:
            yield from field.walk()
        if self.item is not None:
            yield from self.item.walk()


_SEQUENCES = frozenset({Kind.LIST, Kind.COMMAND, Kind.GPUS})


@cache
def profile_schema() -> SchemaField:
    """The schema of a whole profile: a section whose fields are its keys, in the order a person fills them in.

    Reads the models, which takes a tenth of a second the first time: call it from a thread.
    """
    from mltui.domain.schema_walk import read_schema

    return read_schema()


def groups() -> tuple[tuple[str, tuple[SchemaField, ...]], ...]:
    """The keys of a profile by group, both in the order in which a person fills them in."""
    fields = profile_schema().fields
    names = dict.fromkeys(field.group for field in fields)
    return tuple((name, tuple(field for field in fields if field.group == name)) for name in names)
