"""The schema of a profile as JSON Schema, for editors with a YAML language server and for programs.

JSON Schema draft 2020-12. Whatever mltui takes, the schema takes: every short and long form, numbers as text, texts
with variables where those are filled in. What it cannot say, such as a request above its limit, is for
``mltui profile check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mltui.domain.profile_check import LITERAL
from mltui.domain.schema import Kind, SchemaField, profile_schema

Schema = dict[str, object]

_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_NO_STRING: Schema = {"type": ["number", "boolean"]}
_NULL: Schema = {"type": "null"}
#: A text whose meaning is known when its variables are.
_VARIABLE = r"\$"
_SIZE = r"^ *[0-9]+(\.[0-9]+)? ?[kKmMgGtTpP]?[iI]?[bB]? *$"
_CPUS = r"^ *([0-9]+(\.[0-9]+)?|\.[0-9]+)m? *$"
_DURATION = r"^ *([0-9]+(\.[0-9]+)?|([0-9]+(\.[0-9]+)?(h|ms|us|m|s))+) *$"
_WHOLE = r"^ *[-+]?[0-9][0-9_]*(\.0*)? *$"
_GPU = r"([0-9]{1,3}|(GPU|MIG)-[A-Za-z0-9_/-]+)"
_GPUS = rf"^(auto|all|none|-1|[0-9]+|(device=)?{_GPU}(,{_GPU})*)$"
_SWITCHES = ("true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "1", "0")


def json_schema() -> Schema:
    """The schema of a profile's file."""
    top = _section(profile_schema())
    local = {"required": ["engine"], "properties": {"engine": {"const": "local"}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Profile of mltui",
        "description": "What to run, and how: a recipe for mltui.",
        **top,
        "anyOf": [{"required": ["image"]}, {"required": ["build"]}, {"required": ["extends"]}, local],
    }


def _property(field: SchemaField) -> Schema:
    """The schema of a key, with what is said of it."""
    said: Schema = {"title": field.title, "description": field.help}
    if field.default is not None:
        said["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
    if field.examples:
        said["examples"] = list(field.examples)
    nothing: list[Schema] = [] if field.required else [_NULL]
    return said | _either([*_shapes(field), *nothing])


def _shapes(field: SchemaField) -> list[Schema]:
    """Every form in which a field may be written."""
    found = _FORMS[field.kind](field)
    for form in field.forms:
        usual: Schema = {"examples": list(form.examples)} if form.examples else {}
        found += [shape | usual for shape in _FORMS[form.kind](form)]
    return [*found, _NULL] if field.nullable else found


def _either(shapes: Iterable[Schema]) -> Schema:
    """One of several schemas, plain types put together; each only once."""
    plain: list[object] = []
    others: list[Schema] = []
    for shape in shapes:
        if set(shape) == {"type"}:
            kinds = shape["type"]
            plain += [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind not in plain]
        elif shape not in others:
            others.append(shape)
    if plain:
        others.append({"type": plain if len(plain) > 1 else plain[0]})
    return others[0] if len(others) == 1 else {"anyOf": others}


def _filled(field: SchemaField) -> bool:
    """Variables in its texts are filled in."""
    return bool(field.path) and field.path[0] not in LITERAL


def _matching(field: SchemaField, pattern: str) -> Schema:
    return {"type": "string", "pattern": f"{pattern}|{_VARIABLE}" if _filled(field) else pattern}


def _text(field: SchemaField) -> list[Schema]:
    return [_NO_STRING, _matching(field, field.pattern)] if field.pattern else [_TEXT]


def _whole(field: SchemaField) -> list[Schema]:
    whole: Schema = {"type": "integer"}
    if field.minimum is not None:
        whole["minimum"] = field.minimum
    words: list[Schema] = [{"enum": list(field.choices)}] if field.choices else []
    return [whole, *words, _matching(field, _WHOLE)]


def _measured(pattern: str, **bounds: float) -> Callable[[SchemaField], list[Schema]]:
    """A number, or a text with a unit."""
    return lambda field: [{"type": "number", **bounds}, _matching(field, pattern)]


def _bool(field: SchemaField) -> list[Schema]:
    words = "|".join("".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in word) for word in _SWITCHES)
    return [{"type": "boolean"}, {"enum": [0, 1]}, _matching(field, f"^({words})$")]


def _choice(field: SchemaField) -> list[Schema]:
    words: Schema = {"enum": list(field.choices)}
    return [words, {"type": "string", "pattern": _VARIABLE}] if _filled(field) else [words]


def _gpus(field: SchemaField) -> list[Schema]:
    one: Schema = {"type": "array", "items": _section(field.item), "maxItems": 1} if field.item else {}
    several: Schema = {
        "type": "array",
        "items": _either([{"type": "integer", "minimum": 0, "maximum": 999}, _matching(field, f"^{_GPU}$")]),
    }
    return [_matching(field, _GPUS), {"type": "integer", "minimum": -1}, several, one]


def _list(field: SchemaField) -> list[Schema]:
    most = {"maxItems": field.most} if field.most is not None else {}
    return [{"type": "array", "items": _either(_shapes(field.item)) if field.item else {}, **most}]


def _command(field: SchemaField) -> list[Schema]:
    return [{"type": "string"}, *_list(field)]


def _map(field: SchemaField) -> list[Schema]:
    most = {"maxProperties": field.most} if field.most is not None else {}
    values = True if field.item is None or field.item.kind is Kind.ANYTHING else _either(_shapes(field.item))
    return [{"type": "object", "additionalProperties": values, **most}]


def _section(field: SchemaField) -> Schema:
    needed = [one.key for one in field.fields if one.required]
    return {
        "type": "object",
        "properties": {one.key: _property(one) for one in field.fields},
        "patternProperties": {"^x-": True},
        "additionalProperties": False,
        **({"required": needed} if needed else {}),
    }


_FORMS: dict[Kind, Callable[[SchemaField], list[Schema]]] = {
    Kind.TEXT: _text,
    Kind.IMAGE: _text,
    Kind.PATH: _text,
    Kind.INSIDE: _text,
    Kind.PROFILE: _text,
    Kind.VARIABLE: _text,
    Kind.VALUE: _text,
    Kind.INT: _whole,
    Kind.NUMBER: lambda _: [{"type": ["number", "string"]}],
    Kind.BOOL: _bool,
    Kind.CHOICE: _choice,
    Kind.SIZE: _measured(_SIZE, minimum=0),
    Kind.CPUS: _measured(_CPUS, exclusiveMinimum=0),
    Kind.DURATION: _measured(_DURATION, minimum=0),
    Kind.GPUS: _gpus,
    Kind.COMMAND: _command,
    Kind.LIST: _list,
    Kind.MAP: _map,
    Kind.SECTION: lambda field: [_section(field)],
    Kind.ANYTHING: lambda _: [{}],
}
