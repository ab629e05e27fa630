"""The context of a build: which files it has, their digest, and the archive that is sent."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import IO

from mltui.domain.errors import ImageError
from mltui.domain.launch import BuildSpec
from mltui.engines.docker.sending import Sending

#: Digests of files by path, size, time of change and inode, so that an unchanged big file is read once.
FileDigests = dict[tuple[str, int, int, int], str]


class BuildContext:
    """The files that ``docker build`` would send for ``spec``. Raises ``ImageError`` when they are not there."""

    def __init__(self, spec: BuildSpec) -> None:
        from docker.api.build import process_dockerfile

        self.root = Path(spec.context)
        if not self.root.is_dir():
            raise ImageError(f"The build context {spec.context} is not a folder.", "Correct `build` of the profile.")
        if not (self.root / spec.dockerfile).is_file():
            raise ImageError(
                f"There is no {spec.dockerfile} in {spec.context}.", "Write one, or correct `build` of the profile."
            )
        self.spec = spec
        name, text = process_dockerfile(spec.dockerfile, spec.context)
        #: A Dockerfile from outside the context travels under a name made up for it.
        self.dockerfile: tuple[str, str | None] = (name or spec.dockerfile, text)
        self.size = 0
        """Bytes of its files; known when their digest is."""

    def ignored(self) -> list[str]:
        """Patterns of ``.dockerignore``."""
        try:
            lines = (self.root / ".dockerignore").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [line for line in map(str.strip, lines) if line and not line.startswith("#")]

    def files(self) -> list[str]:
        """Paths relative to the root, folders too, in order."""
        from docker.utils.build import exclude_paths

        return sorted(exclude_paths(str(self.root), self.ignored(), dockerfile=self.dockerfile[0]))

    def digest(self, known: FileDigests) -> str:
        """Of everything that decides what comes out: files (not their times), Dockerfile, arguments and target."""
        total = hashlib.sha256()
        spec = self.spec
        total.update(repr((1, spec.dockerfile, sorted(spec.args.items()), spec.target, self.dockerfile[1])).encode())
        self.size = 0
        for path in self.files():
            info = os.lstat(self.root / path)
            self.size += info.st_size if stat.S_ISREG(info.st_mode) else 0
            total.update(repr((path, _content(self.root / path, info, known))).encode())
        return total.hexdigest()

    def archive(self, sending: Sending) -> IO[bytes]:
        """The tar that is sent, in a temporary file that goes when it is closed."""
        from docker.utils.build import tar

        archive = sending.pack_into(tempfile.TemporaryFile())  # noqa: SIM115  the caller closes it
        tar(self.root, self.ignored(), dockerfile=self.dockerfile, fileobj=archive)
        return archive


def _content(path: Path, info: os.stat_result, known: FileDigests) -> tuple[str, ...]:
    if stat.S_ISLNK(info.st_mode):
        return "link", os.readlink(path)
    if not stat.S_ISREG(info.st_mode):
        return (oct(info.st_mode),)
    key = (str(path), info.st_size, info.st_mtime_ns, info.st_ino)
    if key not in known:
        with path.open("rb") as file:
            known[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return oct(info.st_mode & 0o777), known[key]
