"""What the sections of a profile are made of: a model that refuses unknown keys, and Compose's kinds of value."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from mltui.domain.schema import Kind
from mltui.domain.units import parse_cpus, parse_duration, parse_size

#: Characters of a command in one line; the time to split it grows with the square.
_MOST_LINE = 32 << 10


def fault(message: str, *at: str | int) -> PydanticCustomError:
    """An error at ``at``, a path below the value that is being validated."""
    # Pydantic puts the context in the place of its names in braces, and of nothing else.
    return PydanticCustomError("profile", message.replace("{at}", "{ at}"), {"at": at})


def nearest_word(value: object, words: Iterable[str]) -> str:
    """``: did you mean auto?`` where one of the words is like ``value``, else nothing."""
    near = get_close_matches(str(value), words, 1)
    return f": did you mean {near[0]}?" if near else ""


def as_text(value: object) -> object:
    """A scalar as it was written; anything else unchanged, for pydantic to refuse."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def as_number(value: object) -> object:
    """A number, or a text that may be one; ``true`` and ``false``, which Python counts as numbers, are refused."""
    if isinstance(value, bool):
        raise fault(f"expected a number, found {describe(value)}")
    return value


def as_list(value: object) -> object:
    """One value where a list may stand, as a list of one."""
    return [value] if isinstance(value, str | int | float) else value


def as_entries(value: object) -> object:
    """One entry, short or long, where a list of them may stand."""
    return [value] if isinstance(value, Mapping) else as_list(value)


def as_words(value: object) -> object:
    """A command: a list, or one line split as a shell splits it (and run without a shell)."""
    if not isinstance(value, str):
        return value
    if len(value) > _MOST_LINE:
        raise fault(f"the command line is longer than {_MOST_LINE >> 10} KiB: write it as a list, or as a script")
    try:
        return shlex.split(value)
    except ValueError as error:
        raise fault(f"the command line cannot be split: {str(error).lower()}") from error


def as_map(value: object) -> object:
    """``[NAME=value, NAME]`` as the mapping it stands for; a name alone has the value ``None``."""
    if not isinstance(value, list):
        return value
    result: dict[str, str | None] = {}
    for index, item in enumerate(value):
        text = as_text(item)
        if not isinstance(text, str):
            raise fault(f"expected NAME=value, found {describe(item)}", index)
        name, equals, rest = text.partition("=")
        result[name] = rest if equals else None
    return result


def as_hosts(value: object) -> object:
    """``NAME: ADDRESS``, ``NAME: [ADDRESS, …]`` or ``- NAME=ADDRESS`` as Docker's ``NAME:ADDRESS``."""
    if not isinstance(value, Mapping):
        return [_host(item) for item in value] if isinstance(value, list) else value
    pairs = [(name, one) for name, many in value.items() for one in (many if isinstance(many, list) else [many])]
    for name, address in pairs:
        if not isinstance(as_text(address), str):
            raise fault(f"expected an address, found {describe(address)}", name)
    return [f"{name}:{as_text(address)}" for name, address in pairs]


def _host(item: object) -> object:
    text = as_text(item)
    return text.replace("=", ":", 1) if isinstance(text, str) else text


def describe(value: object) -> str:
    """A value for an error message: short, and saying what it is."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = str(as_text(value))
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _parsed(parse: Callable[[str], Any]) -> BeforeValidator:
    def convert(value: object) -> object:
        text = as_text(value)
        if not isinstance(text, str) or isinstance(value, bool):
            raise fault(f"expected a value, found {describe(value)}")
        try:
            return parse(text)
        except ValueError as error:
            raise fault(str(error)) from error

    return BeforeValidator(convert)


@dataclass(frozen=True)
class ShortForm:
    """A shorter way to write a value, for the schema; a validator turns it into the long one."""

    kind: Kind
    examples: tuple[str, ...] = ()
    pattern: str = ""


_Entry = TypeVar("_Entry")

# What follows the type is read by pydantic; the kinds are for the schema.
Text = Annotated[str, BeforeValidator(as_text)]
ImageName = Annotated[Text, Kind.IMAGE]
HostPath = Annotated[Text, Kind.PATH]
ProfileName = Annotated[Text, Kind.PROFILE]
ContainerPath = Annotated[Text, Kind.INSIDE]
VariableName = Annotated[Text, Kind.VARIABLE]
Words = Annotated[tuple[Text, ...], BeforeValidator(as_words), Kind.COMMAND]
Entries = Annotated[tuple[_Entry, ...], BeforeValidator(as_entries), Kind.LIST]
Texts = Entries[Text]
Hosts = Annotated[tuple[Text, ...], BeforeValidator(as_hosts), ShortForm(Kind.MAP)]
Pairs = Annotated[dict[str, Text | None], BeforeValidator(as_map), Kind.MAP]
Variables = Annotated[dict[VariableName, Text | None], BeforeValidator(as_map), Kind.MAP]
Whole = Annotated[int, BeforeValidator(as_number)]
Number = Annotated[float, BeforeValidator(as_number)]
Size = Annotated[int, _parsed(parse_size), Kind.SIZE]
Cpus = Annotated[float, _parsed(parse_cpus), Kind.CPUS]
Seconds = Annotated[float, _parsed(parse_duration), Kind.DURATION]


class Section(BaseModel):
    """A mapping with known keys; unknown ones are refused, Compose's ``x-`` extensions are left alone.

    A key with nothing behind it is as good as absent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    short_forms: ClassVar[tuple[ShortForm, ...]] = ()
    """How it may be written without its keys."""

    @classmethod
    def knows(cls, key: str) -> bool:
        """It has a field of that name."""
        return key in cls.model_fields

    @model_validator(mode="before")
    @classmethod
    def _without_the_empty(cls, data: object) -> object:
        if isinstance(data, dict):
            said = {key: value for key, value in data.items() if not str(key).startswith("x-")}
            return {key: value for key, value in said.items() if value is not None or not cls.knows(key)}
        return data
