"""Reads the schema of a profile off its models: types, bounds, titles and short forms, each declared once there."""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mltui.domain.gpus import DeviceReservation
from mltui.domain.profile import GROUPS, Profile
from mltui.domain.schema import ANY, Kind, SchemaField
from mltui.domain.section import Section, ShortForm
from mltui.domain.units import duration_text

_SCALARS: dict[Any, Kind] = {str: Kind.TEXT, int: Kind.INT, float: Kind.NUMBER, bool: Kind.BOOL, Any: Kind.ANYTHING}
Path = tuple[str, ...]


def read_schema() -> SchemaField:
    """The schema of ``Profile``, its keys in the order of their groups."""
    group, fields = "", []
    for name, field in _fields(Profile, ()).items():
        group = GROUPS.get(name, group)
        fields.append(replace(field, group=group))
    return SchemaField("", (), Kind.SECTION, "Profile", "What to run, and how.", fields=tuple(fields))


def _fields(model: type[BaseModel], path: Path) -> dict[str, SchemaField]:
    return {name: _field(name, info, path) for name, info in model.model_fields.items()}


def _field(name: str, info: FieldInfo, parent: Path) -> SchemaField:
    shape = _shape(info.annotation, info.metadata, (*parent, name))
    return replace(
        shape,
        key=name,
        title=info.title or "",
        help=info.description or "",
        required=info.is_required(),
        nullable=False,
        default=_written(info.get_default(), shape.kind),
        examples=tuple(map(str, info.examples or ())) or shape.examples,
    )


def _written(value: object, kind: Kind) -> object:
    """A default as YAML would say it; of a section and of nothing ``None``."""
    if isinstance(value, Section) or value in (None, "", (), {}) or not isinstance(value, str | int | float | tuple):
        return None
    if isinstance(value, StrEnum):
        return str(value)
    return duration_text(float(value)) if kind is Kind.DURATION and isinstance(value, float) else value


def _shape(annotation: Any, metadata: Iterable[object], path: Path) -> SchemaField:  # noqa: ANN401 - any annotation
    """What an annotation allows, without its name."""
    metadata = tuple(metadata)
    if get_origin(annotation) is Annotated:
        return _shape(annotation.__origin__, (*annotation.__metadata__, *metadata), path)
    kind = next((item for item in metadata if isinstance(item, Kind)), None)
    if kind is None or kind in (Kind.LIST, Kind.MAP):
        shape = _plain_shape(annotation, path)
    else:
        shape = SchemaField(ANY, path, kind, item=_item(kind, (*path, ANY)))
    return _bounded(_with_forms(shape, metadata, path), metadata)


def _item(kind: Kind, path: Path) -> SchemaField | None:
    """The entries of a value whose type is a class of ours."""
    if kind is Kind.GPUS:
        return _plain_shape(DeviceReservation, path)
    return SchemaField(ANY, path, Kind.TEXT) if kind is Kind.COMMAND else None


def _plain_shape(annotation: Any, path: Path) -> SchemaField:  # noqa: ANN401
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _SCALARS:
        return SchemaField(ANY, path, _SCALARS[annotation])
    if origin in (Union, types.UnionType):
        return _union(arguments, path)
    if origin is Literal:
        return SchemaField(ANY, path, Kind.CHOICE, choices=arguments)
    if origin in (tuple, dict):
        item = _shape(arguments[1] if origin is dict else arguments[0], (), (*path, ANY))
        if origin is tuple:
            return SchemaField(ANY, path, Kind.LIST, item=item)
        return SchemaField(ANY, path, Kind.MAP, item=item, names=_shape(arguments[0], (), path).kind)
    if issubclass(annotation, StrEnum):
        return SchemaField(ANY, path, Kind.CHOICE, choices=tuple(map(str, annotation)))
    if issubclass(annotation, Section):
        fields = tuple(_fields(annotation, path).values())
        forms = tuple(_short(form, path) for form in annotation.short_forms)
        return SchemaField(ANY, path, Kind.SECTION, fields=fields, forms=forms)
    raise TypeError(f"the schema does not know {annotation!r} at {'.'.join(path)}")


def _union(members: tuple[Any, ...], path: Path) -> SchemaField:
    """The first member, with the others as its other forms; ``None`` says that it may have nothing behind it."""
    wanted = [member for member in members if member is not types.NoneType]
    if set(wanted) == {int, float, bool, str}:
        shape = SchemaField(ANY, path, Kind.VALUE)
    else:
        first, *others = [_shape(member, (), path) for member in wanted]
        words = tuple(choice for other in others for choice in other.choices)
        shape = replace(first, choices=words, forms=(*first.forms, *(one for one in others if not one.choices)))
    return replace(shape, nullable=len(wanted) < len(members))


def _short(form: ShortForm, path: Path) -> SchemaField:
    shape = SchemaField(ANY, path, form.kind, pattern=form.pattern, examples=form.examples)
    if form.kind not in (Kind.LIST, Kind.MAP):
        return shape
    text = SchemaField(ANY, (*path, ANY), Kind.TEXT)
    several = SchemaField(ANY, text.path, Kind.LIST, item=replace(text, path=(*text.path, ANY)))
    return replace(shape, item=replace(text, forms=(several,)) if form.kind is Kind.MAP else text)


def _with_forms(shape: SchemaField, metadata: tuple[object, ...], path: Path) -> SchemaField:
    """``shape`` with the forms that validators of its type turn into it."""
    forms = [_short(form, path) for form in metadata if isinstance(form, ShortForm)]
    if Kind.LIST in metadata and shape.item is not None:
        forms += [replace(form, path=path) for form in (shape.item, *shape.item.forms)]
    if Kind.MAP in metadata:
        forms.append(_short(ShortForm(Kind.LIST), path))
    return replace(shape, forms=(*shape.forms, *forms))


def _bounded(shape: SchemaField, metadata: tuple[object, ...]) -> SchemaField:
    """``shape`` with the bounds that stand beside its type."""
    found: dict[str, Any] = {}
    for item in metadata:
        if isinstance(item, annotated_types.Ge):
            found["minimum"] = item.ge
        elif isinstance(item, annotated_types.Le):
            found["maximum"] = item.le
        elif isinstance(item, annotated_types.MaxLen):
            found["most"] = item.max_length
        elif getattr(item, "pattern", None):
            found["pattern"] = item.pattern  # type: ignore[attr-defined]  # pydantic keeps it in a class of its own
    return replace(shape, **found) if found else shape
