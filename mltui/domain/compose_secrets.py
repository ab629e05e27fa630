"""Secrets in a service that is imported: none is written into the profile, and each is remarked on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from mltui.domain.import_remarks import Notes, Path
from mltui.domain.profile_check import fill
from mltui.domain.secret_names import is_secret_name
from mltui.domain.secret_text import has_shape, is_secret, replaced, secret_option
from mltui.domain.section import as_map

_SCALARS = str | int | float
_READ_IT = "is not written here, and a launch would show it: have the program read it from the environment"


def environment(value: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401 - any YAML value
    """Variables in either form; of those that are secrets the name alone, which takes the caller's value."""
    texts: dict[str, str | None] = {}
    for name, text in pairs(value).items():
        if text is None:
            notes.differs((*path, name), "is taken from your environment as a secret, and has to be set there")
        elif _is_secret(name, text):
            notes.changed((*path, name), f"is a secret: its value is not written here, export {name}")
            texts[str(name)] = None
        elif (safe := replaced(str(text), _variable, f"{str(name).upper()}_PASSWORD")) != str(text):
            notes.changed((*path, name), f"has a secret in it, which is not written here: export {_new(text, safe)}")
            texts[str(name)] = safe
    if isinstance(value, Mapping):
        return {name: texts.get(str(name), text) for name, text in value.items()}
    if isinstance(value, list):
        return [_entry(item, texts) for item in value]
    return value


def _entry(item: object, texts: Mapping[str, str | None]) -> object:
    name = str(item).partition("=")[0]
    if name not in texts:
        return item
    return name if texts[name] is None else f"{name}={texts[name]}"


def build_arguments(value: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    """Arguments of the build without the secrets among them, which the engine would keep in the image's history."""
    found = pairs(value)
    secret = {
        name for name, text in found.items() if (is_secret_name(str(name)) and text != "") or has_shape(str(text))
    }
    for name in sorted(map(str, secret)):
        notes.left_out((*path, name), "is a secret, and the image would keep it")
    return {name: text for name, text in found.items() if name not in secret} if secret else value


def labels(value: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    """Labels, which everybody who may ask the engine reads."""
    secret = {str(name) for name, text in pairs(value).items() if _is_secret(name, text)}
    for name in sorted(secret):
        notes.left_out((*path, name), "is a secret, and a label is seen by everybody")
    if isinstance(value, Mapping):
        return {name: text for name, text in value.items() if str(name) not in secret}
    return [item for item in value if str(item).partition("=")[0] not in secret] if isinstance(value, list) else value


def pairs(value: Any) -> Mapping[Any, Any]:  # noqa: ANN401
    """Names and values in either form; none of what is neither, which the check of the whole profile refuses."""
    try:
        found = as_map(value)
    except PydanticCustomError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _is_secret(name: object, text: object) -> bool:
    return is_secret(str(name), "" if text is None else str(text)) or has_shape(str(text))


def elsewhere(data: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    """``data``, which is not the environment, with variables in the place of secrets; a launch refuses those."""
    if isinstance(data, Mapping):
        return {key: _value(str(key), inner, (*path, key), notes) for key, inner in data.items()}
    if isinstance(data, list):
        made = [elsewhere(item, (*path, at), notes) for at, item in enumerate(data)]
        for at in range(1, len(made)):
            if not isinstance(made[at], _SCALARS):
                continue
            if name := secret_option(str(made[at - 1]), str(made[at])):
                made[at] = _variable(name)
                notes.changed((*path, at), f"the secret behind {made[at - 1]} {_READ_IT}")
        return made
    if not isinstance(data, str):
        return data
    if (safe := replaced(data, _variable)) != data:
        notes.changed(path, f"the secret {_new(data, safe)} {_READ_IT}")
        return safe
    for name in filter(is_secret_name, _names_in(data)):
        notes.differs(path, f"would show the secret {name}, which a launch refuses: read it from the environment")
    return data


def _value(key: str, inner: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    """What a mapping says under a name: a whole secret where the name says so."""
    name = key.replace("-", "_")
    secret = isinstance(inner, _SCALARS) and is_secret(name, str(inner))
    if secret and len(path) > 1:
        notes.changed(path, f"the secret {_READ_IT}")
        return _variable(name.upper())
    if secret and key.startswith("x-"):
        notes.changed(path, "is a secret by its name: its value is not written here")
        return _variable(name.upper())
    return elsewhere(inner, path, notes)


def _variable(name: str) -> str:
    return f"${{{name}}}"


def _new(before: object, after: str) -> str:
    """The variables that stand in the place of secrets."""
    known = _names_in(str(before))
    return ", ".join(dict.fromkeys(name for name in _names_in(after) if name not in known))


def _names_in(text: str) -> list[str]:
    """The variables of a text."""
    found: list[str] = []
    fill(text, found.append)
    return found
