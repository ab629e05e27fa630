"""What is wrong with data: pydantic's errors in plain words, each with its path in what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import ValidationError

from mltui.domain.compose_keys import NO_PLACE
from mltui.domain.schema import profile_schema
from mltui.domain.section import describe, nearest_word

#: Keys and indexes, from the top.
Path = tuple[str | int, ...]

#: No person has so many at once; to look for the nearest name of more would take long.
MOST_FAULTS = 100


class Fault(NamedTuple):
    """Something wrong at a path of the data; ``key``: with the key, not its value."""

    path: Path
    message: str
    key: bool = False


#: What is said of a key that a schema does not have: from the key and the path of what it stands in.
UnknownKey = Callable[[str, Path], str]


@dataclass(frozen=True)
class FieldError:
    """One of pydantic's errors, which is put into words when they are wanted: that is most of the work."""

    path: Path
    """In the data that was validated."""
    item: Mapping[str, Any]
    loc: Path
    """Pydantic's own path, with the types and the long forms that are not in the data."""
    unknown: UnknownKey

    @cached_property
    def fault(self) -> Fault:
        """It in our words."""
        on_key = self.item["type"] == "extra_forbidden" or "[key]" in self.loc
        return Fault(self.path, _sentence(self.item, self.loc, self.unknown), on_key)

    def at(self, path: Path) -> FieldError:
        """The same at another path."""
        return self if path == self.path else replace(self, path=path)


def errors_of(error: ValidationError, data: Mapping[str, Any], unknown: UnknownKey) -> list[FieldError]:
    """Pydantic's errors with their paths in ``data``, one for each: what the others of a place say is the same."""
    found: dict[tuple[Path, str], FieldError] = {}
    for item in error.errors(include_url=False):
        loc = (*item["loc"], *item.get("ctx", {}).get("at", ()))
        path = _path_in(data, loc)
        # Of several that are missing in one place each is a fault of its own.
        missing = str(loc[-1]) if item["type"] == "missing" else ""
        found.setdefault((path, missing), FieldError(path, dict(item), loc, unknown))
    return list(found.values())


def faults_of(errors: Sequence[FieldError]) -> list[Fault]:
    """The first of them in words, and how many there are beside."""
    found = [error.fault for error in errors[:MOST_FAULTS]]
    if (more := len(errors) - MOST_FAULTS) > 0:
        # It stands where the list ends.
        found.append(Fault(found[-1].path, f"{more} more problems are not listed"))
    return found


def _path_in(data: Any, loc: Path) -> Path:  # noqa: ANN401 - any YAML value
    """The part of ``loc`` that is in ``data``: without the names of types that pydantic puts between keys, and
    without the keys of a long form where the short one was written."""
    path: list[str | int] = []
    for part in loc:
        inside = part in data if isinstance(data, dict) else isinstance(data, list) and part in range(len(data))
        if inside:
            path.append(part)
            data = data[part]
    return tuple(path)


def _sentence(item: Mapping[str, Any], loc: Path, unknown: UnknownKey) -> str:
    kind, value, context = item["type"], item["input"], item.get("ctx", {})
    found = "" if "environment" in loc else f", found {describe(value)}"
    simple = {
        "int": f"expected a whole number{found}", "float": f"expected a number{found}",
        "bool": f"expected true or false{found}", "string": f"expected text{found}",
        "list": f"expected a list{found}", "tuple": f"expected a list{found}",
        "dict": f"expected a mapping{found}", "model": f"expected a mapping{found}",
    }  # fmt: skip
    match kind:
        case "extra_forbidden":
            return unknown(str(loc[-1]), loc[:-1])
        case "missing":
            return f"{loc[-1]} is missing"
        case "literal_error" | "enum":
            return f"expected {context['expected']}{found}{nearest_word(value, _words(context['expected']))}"
        case "greater_than_equal":
            return f"expected {context['ge']} or more{found}"
        case "string_pattern_mismatch":
            return f"expected letters, digits, '.', '_' and '-', starting with a letter or digit{found}"
        case "too_long":
            return f"expected at most {context['max_length']} entries"
    return simple.get(kind.split("_")[0], str(item["msg"])) if kind != "profile" else str(item["msg"])


def _words(expected: str) -> list[str]:
    """``'missing', 'always' or 'never'`` as the words that it names."""
    return [word.strip("' ") for word in expected.replace(" or ", ", ").split(",")]


def unknown_key(key: str, parent: Path) -> str:
    """What is said of a key that the schema does not have."""
    if not parent and key in NO_PLACE:
        return f"Compose's {key} has no place in a profile: {NO_PLACE[key]}"
    known = known_keys(parent)
    near = get_close_matches(key, known, 1, 0.6)
    if near or not parent:
        return f"unknown key; did you mean {near[0]}?" if near else "unknown key; no key of a profile is like it"
    return f"unknown key; known here: {', '.join(sorted(known))}"


def known_keys(path: Iterable[str | int]) -> list[str]:
    """The keys that the schema has at ``path``."""
    field = profile_schema().at(*path)
    shapes = (field, *field.forms) if field else ()
    return [known.key for shape in shapes for known in shape.fields]
