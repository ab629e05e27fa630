"""The reference page of a profile's keys, in Markdown, written from the schema."""

from __future__ import annotations

from collections.abc import Iterator

from mltui.domain.schema import ANY, Kind, SchemaField, groups

#: How the page is made; a test holds that the page in the repository is what the command prints.
_HEAD = """\
# Every key of a profile

Written by `mltui profile schema --format markdown` from the schema that mltui checks profiles with. What a profile is,
its variables, defaults and secrets are explained in [profiles.md](profiles.md).

`NAME` stands for a name of one's own, `[]` for each entry of a list. Of several forms of
a value, each says the same.
"""
_COLUMNS = ("| key | what it is | written as | default |", "|---|---|---|---|")

_WORDS = {
    Kind.TEXT: "text",
    Kind.IMAGE: "name of an image",
    Kind.PATH: "path of the host, from the profile's folder",
    Kind.PROFILE: "name or file of a profile",
    Kind.INSIDE: "absolute path in the container",
    Kind.VARIABLE: "name of a variable",
    Kind.INT: "whole number",
    Kind.NUMBER: "number",
    Kind.BOOL: "`true`, `false`",
    Kind.SIZE: "size such as `512m`, `2Gi`",
    Kind.CPUS: "cores such as `1.5`, `500m`",
    Kind.DURATION: "duration such as `30s`, `1m30s`",
    Kind.VALUE: "number, text, `true` or `false`",
    Kind.GPUS: "`auto`, `none`, `all`, a number, indexes and UUIDs with commas or as a list, or a list of one mapping",
    Kind.COMMAND: "list, or one line",
    Kind.SECTION: "mapping",
    Kind.ANYTHING: "anything",
}


def reference_page() -> str:
    """The whole page, ending in one newline."""
    parts = [_HEAD]
    for title, fields in groups():
        rows = [row for field in fields for row in _rows(field, field.key)]
        parts.append("\n".join([f"## {title}", "", *_COLUMNS, *rows, ""]))
    return "\n".join(parts).rstrip("\n") + "\n"


def _rows(field: SchemaField, name: str) -> Iterator[str]:
    """The line of a key, and those of the keys below it."""
    if field.key != ANY:
        what = field.help + " It has to be there." * field.required
        yield f"| `{name}` | {_cell(what)} | {_cell(_forms(field))} | {_cell(_default(field))} |"
    for below in field.fields:
        yield from _rows(below, f"{name}.{below.key}")
    if field.item is not None:
        yield from _rows(field.item, f"{name}.NAME" if field.kind is Kind.MAP else f"{name}[]")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _forms(field: SchemaField) -> str:
    """Every form in words, the ones that are usual by example."""
    one = field.kind is Kind.LIST and field.item is not None and field.item.kind in {f.kind for f in field.forms}
    others = ["one alone"] if one else [_form(form) for form in field.forms]
    return "; or ".join([_form(field), *others])


def _form(field: SchemaField) -> str:
    if field.kind is Kind.CHOICE:
        return ", ".join(f"`{choice}`" for choice in field.choices if choice)
    if field.kind is Kind.LIST:
        return f"list of {_form(field.item)}{_short(field.item)}" if field.item else "list"
    if field.kind is Kind.MAP:
        return _map(field)
    words = _WORDS[field.kind] + "".join(f" or `{choice}`" for choice in field.choices)
    if field.minimum is not None:
        words += f" from {field.minimum:g}"
    return words + _examples(field)


def _map(field: SchemaField) -> str:
    names = "variables" if field.names is Kind.VARIABLE else "names"
    item = field.item
    if item is None or item.kind is Kind.ANYTHING:
        return "mapping"
    empty = ", or nothing" if item.nullable else ""
    return f"mapping of {names} to {_form(item)}{empty}{_short(item)}"


def _short(item: SchemaField) -> str:
    """The short forms of the entries of a list or map."""
    return "".join(f", or {_form(form)}" for form in item.forms)


def _examples(field: SchemaField) -> str:
    if not field.examples or field.kind in (Kind.GPUS, Kind.SIZE, Kind.CPUS, Kind.DURATION, Kind.VALUE):
        return ""
    return f" such as {', '.join(f'`{one}`' for one in field.examples)}"


def _default(field: SchemaField) -> str:
    if field.default is None or field.required:
        return ""
    if isinstance(field.default, tuple):
        return f"`[{', '.join(map(str, field.default))}]`"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
