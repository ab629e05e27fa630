"""What a field of a profile may go on to be: choices, images that are here, paths, names of variables, GPUs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.schema import Kind, SchemaField

if TYPE_CHECKING:
    from mltui.runtime.cockpit import Cockpit

#: More are not offered: who wants one of them types a letter more.
_MOST = 40
_MOST_ENTRIES = 2_000


class Completions:
    """Offers for one profile's fields; reads no more than one folder."""

    def __init__(self, cockpit: Cockpit, folder: Path) -> None:
        self._cockpit = cockpit
        self._folder = folder

    def offers(self, known: SchemaField | None, text: str) -> tuple[str, ...]:
        """What ``text``, typed into a field, may become; those that begin so first."""
        if known is None:
            return ()
        return _narrowed(self._of(known, text), text)

    def names(self, known: SchemaField | None, taken: Iterable[str]) -> tuple[str, ...]:
        """Names that a new entry of a map may have: those of the caller's variables."""
        if known is None or known.names is not Kind.VARIABLE:
            return ()
        there = set(taken)
        return tuple(sorted(name for name in os.environ if name not in there))

    def _of(self, known: SchemaField, text: str) -> Iterable[str]:
        kinds = {known.kind, *(form.kind for form in known.forms)}
        examples = (*known.examples, *(example for form in known.forms for example in form.examples))
        if known.kind is Kind.BOOL:
            return ("true", "false")
        if known.kind is Kind.GPUS:
            return ("auto", "none", "all", *(device.uuid for device in self._cockpit.sampler.devices))
        if known.kind is Kind.IMAGE:
            return self._images()
        if Kind.PATH in kinds:
            return (*(example for example in examples if (self._folder / example).exists()), *self._paths(text))
        if Kind.PROFILE in kinds:
            return (*(entry.name for entry in self._cockpit.profiles), *self._paths(text))
        if any(field.key == "source" and field.kind is Kind.PATH for field in known.fields):
            return self._mounts(text, device=known.path[:1] == ("devices",))
        if Kind.VARIABLE in kinds:
            return sorted(os.environ)
        if known.path == ("engine",):
            from mltui.plugins import engine_names

            return engine_names()
        return (*known.choices, *examples)

    def _paths(self, text: str) -> Sequence[str]:
        return _paths(self._folder, text)

    def _mounts(self, text: str, *, device: bool) -> Iterable[str]:
        """What ``SOURCE[:TARGET]`` may become, of which the source is a path that begins with ``.``, ``/`` or ``~``."""
        if ":" in text:
            return ()
        if device:
            return self._paths(text or "/dev/")
        if "/" not in text:
            # A name alone would be a volume's.
            return [f"./{path}" for path in self._paths("")]
        name = text.rpartition("/")[2]
        whole = name.strip(".") and os.path.exists(self._folder / os.path.expanduser(text))
        return (*self._paths(text), *([f"{text}:/{name}"] if whole else []))

    def _images(self) -> tuple[str, ...]:
        catalog = self._cockpit.catalog
        return tuple(sorted({tag for image in catalog.images for tag in image.tags})) if catalog else ()


def path_offers(base: Path, text: str) -> tuple[str, ...]:
    """Paths that ``text``, a path from the folder ``base``, may become; those that begin so first."""
    return _narrowed(_paths(base, text), text)


def _paths(base: Path, text: str) -> Sequence[str]:
    """Entries of the folder that ``text`` names so far, written as ``text`` is; hidden ones where it asks for them."""
    head, slash, begun = text.rpartition("/")
    folder = base / os.path.expanduser(head + slash)
    try:
        with os.scandir(folder) as entries:
            shown = (entry for entry in entries if begun.startswith(".") or not entry.name.startswith("."))
            found = [(entry.name, entry.is_dir()) for entry in islice(shown, _MOST_ENTRIES)]
    except (OSError, ValueError):
        return ()
    return [f"{head}{slash}{name}{'/' if is_folder else ''}" for name, is_folder in sorted(found)]


def _narrowed(offers: Iterable[str], text: str) -> tuple[str, ...]:
    wanted = text.casefold()
    inside = [offer for offer in dict.fromkeys(offers) if wanted in offer.casefold() and offer != text]
    return tuple(sorted(inside, key=lambda offer: not offer.casefold().startswith(wanted))[:_MOST])
