"""A pasted text on its way to a profile: what it would become now, and what stands in the way. Made in threads."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import MltuiError, Problem, UsageError
from mltui.domain.paths import user_path
from mltui.domain.text import one_line
from mltui.runtime.completions import path_offers
from mltui.storage.profile_import import ProfileDraft, names_a_file, read_import, read_named, write_draft
from mltui.storage.profiles import check_text

if TYPE_CHECKING:
    from mltui.storage.extends import Finder


@dataclass(frozen=True)
class Preview:
    """What a text would become. ``draft`` or ``error`` is there, but for a text that says nothing."""

    text: str
    services: tuple[str, ...] = ()
    """Those to choose from; none for a line."""
    service: str = ""
    """The one that the draft is of."""
    file: Path | None = None
    """The file that was read, where its path was typed."""
    draft: ProfileDraft | None = None
    problems: tuple[Problem, ...] = ()
    """What is wrong with the profile, to be mended after it is written."""
    error: MltuiError | None = None
    """Why the text cannot become a profile."""
    typing: bool = False
    """It is a path that leads nowhere yet."""
    offers: tuple[str, ...] = ()
    """What that path may go on to be."""


class Importer:
    """Texts that are typed or pasted in the folder ``here``, as profiles of the folder ``place``."""

    def __init__(self, here: Path, place: Path, find: Finder) -> None:
        self.here = here
        self.place = place
        self._find = find

    def preview(self, text: str, service: str = "") -> Preview:
        """What ``text`` would become; ``service``: the one to take where it is there. Never raises for the text."""
        path = names_a_file(text)
        offers = tuple(path_offers(self.here, text.strip())) if path else ()
        if not text.strip():
            return Preview(text)
        try:
            file, said = self._read(text) if path else (self.here / "compose.yaml", text)
        except MltuiError as error:
            return Preview(text, error=error, typing=True, offers=offers)
        named = file if path else None
        try:
            found = read_import(said, file)
        except MltuiError as error:
            return Preview(text, file=named, error=error, offers=offers)
        services = found.services
        wanted = service if service in services else found.usual or (services[0] if services else "")
        try:
            draft = found.draft(self.place / "name", wanted)
            target = self.place / draft.name
            draft = found.draft(target, wanted)
        except MltuiError as error:
            return Preview(text, services, wanted, named, error=error, offers=offers)
        problems = check_text(draft.text, target / "profile.yaml", find=self._find).problems
        return Preview(text, services, wanted, named, draft, problems, offers=offers)

    def write(self, preview: Preview, name: str) -> Path:
        """Write what was shown as the profile ``name``, whose paths count from where it is then; gives its file.

        Raises ``UsageError`` where there is one already, and ``StorageError``.
        """
        here = self.here / "compose.yaml"
        file, said = self._read(preview.text) if preview.file else (here, preview.text)
        target = self.place / name
        return write_draft(read_import(said, file).draft(target, preview.service), target)

    def _read(self, path: str) -> tuple[Path, str]:
        """The file that is named; what is typed so far may be the name of something that never ends."""
        named = self.here / user_path(path.strip())
        # No path at all, such as one that is too long, is told by the reading.
        with contextlib.suppress(OSError, ValueError):
            if named.exists() and not (named.is_file() or named.is_dir()):
                raise UsageError(
                    f"{one_line(str(named), 200)} is no file.", "Give a Compose file, or a docker run line."
                )
        return read_named(path, self.here)
