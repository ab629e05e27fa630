"""Profiles' files written: made from a template, copied, renamed, deleted, and saved without losing anybody's work."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mltui.domain.errors import EditError, StorageError, UsageError
from mltui.domain.text import one_line
from mltui.storage.profiles import FILE_NAMES, examples_folder, user_folder

#: A profile's folder that is larger is not copied: it holds data, not a recipe.
_MOST_BYTES = 256 << 20
_MOST_FILES = 5_000
#: What is in a profile's folder for other reasons than the profile.
_NOT_COPIED = (".git", ".venv", "venv", "__pycache__", ".ipynb_checkpoints", "outputs", "node_modules")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_MOST_TEXT = 1 << 20
_BOM = b"\xef\xbb\xbf"


class FileChanged(StorageError):
    """The file on disk is not the one that was read."""


@dataclass(frozen=True, slots=True)
class FileText:
    """A file as it was read: its text, and by what it is known again."""

    path: Path
    text: str
    """Without the mark that some editors put at the beginning; line ends as they are."""
    digest: str = ""
    """Of its bytes; empty where there was no file."""
    marked: bool = False
    """It begins with a byte-order mark, which stays."""


@dataclass(frozen=True, slots=True)
class Template:
    """A profile to begin with."""

    name: str
    folder: Path
    description: str


# ── reading and saving ───────────────────────────────────────────────────────────────────────────────────────────────


def read_text(path: Path) -> FileText:
    """The file's text. Raises ``StorageError`` for one that cannot be read as text, or is none that a person wrote."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_TEXT + 1)
    except OSError as error:
        raise _refused(path, "read", error) from error
    if len(data) > _MOST_TEXT:
        raise StorageError(f"{_shown(path)} is larger than {_MOST_TEXT >> 20} MiB: this is no profile.")
    marked = data.startswith(_BOM)
    try:
        text = data.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        place = f"byte {error.start} is 0x{error.object[error.start]:02x}"
        raise StorageError(f"{_shown(path)} is not text in UTF-8: {place}.", "Convert it first.") from error
    return FileText(path, text, _digest(data), marked)


def save_text(read: FileText, text: str, *, overwrite: bool = False) -> FileText:
    """Write ``text`` where ``read`` came from; the file is the old one or the new one at every moment.

    Its mode stays, and a link goes on to point to it. Raises ``FileChanged`` when the file is another one than was
    read, unless ``overwrite``; ``StorageError`` when it cannot be written: then it is as it was.
    """
    if not overwrite and (now := _digest_now(read.path)) != read.digest:
        what = "has changed" if now else "is gone"
        raise FileChanged(f"{_shown(read.path)} {what} on disk since it was read.", "Reload it, or write over it.")
    data = (_BOM if read.marked else b"") + text.encode()
    write_atomically(read.path, data)
    return FileText(read.path, text, _digest(data), read.marked)


def as_it_is_now(read: FileText) -> FileText:
    """The file as it is now: ``read`` itself where it is the same, one without a digest where it is gone.

    Raises ``StorageError`` for one that cannot be read any more.
    """
    digest = _digest_now(read.path)
    if digest == read.digest:
        return read
    return read_text(read.path) if digest else FileText(read.path, "", marked=read.marked)


def write_atomically(path: Path, data: bytes) -> None:
    """Put ``data`` in the file of that name at once: all of it or, with a ``StorageError``, none."""
    target = Path(os.path.realpath(path))
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as stream:
            temporary = stream.name
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), _mode_of(target))
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise _refused(path, "written", error) from error
    _sync_folder(target.parent)


def _mode_of(target: Path) -> int:
    try:
        return target.stat().st_mode & 0o7777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a loss of power, where the file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_now(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _refused(path, "read", error) from error


def _refused(path: Path, what: str, error: OSError) -> StorageError:
    hints = {
        errno.ENOSPC: "Free some space; the file is as it was.",
        errno.EROFS: "Save it under another name, in a folder that can be written.",
        errno.EACCES: "Save it under another name, or change who may write there.",
    }
    reason = (error.strerror or str(error)).lower()
    return StorageError(f"{_shown(path)} cannot be {what}: {reason}.", hints.get(error.errno or 0, ""))


def _shown(path: Path) -> str:
    return one_line(str(path), 300)


# ── whole profiles ───────────────────────────────────────────────────────────────────────────────────────────────────


def templates() -> tuple[Template, ...]:
    """What a new profile can begin with, in the order in which they are offered."""
    folder = Path(__file__).resolve().parent.parent / "templates"
    found = []
    for name in ("tensorflow", "pytorch", "jax", "command"):
        first = (folder / name / FILE_NAMES[0]).read_text(encoding="utf-8").split("\n", 1)[0]
        found.append(Template(name, folder / name, first.removeprefix("description: ")))
    return tuple(found)


def place_for_new(cwd: Path | None = None) -> Path:
    """Where new profiles go: ``./profiles`` if there is one, else the user's own folder."""
    here = (cwd or Path.cwd()) / "profiles"
    return here if here.is_dir() and os.access(here, os.W_OK) else user_folder()


def new_profile(name: str, template: str = "command", folder: Path | None = None) -> Path:
    """Make a folder with a profile, a Dockerfile, requirements and a training; gives the profile's file.

    Raises ``UsageError`` for a name that cannot be one or is taken, or a template that is not there.
    """
    known = {one.name: one for one in templates()}
    if template not in known:
        raise UsageError(f"There is no template {one_line(template, 40)!r}.", f"There are: {', '.join(known)}.")
    target = _free_folder(folder or place_for_new(), name)
    _copy_folder(known[template].folder, target)
    return target / FILE_NAMES[0]


def duplicate(path: Path, name: str) -> Path:
    """Copy a profile, with the folder that is its own; gives the new file. Raises ``UsageError``, ``StorageError``."""
    place = holder(path)
    home = place.parent
    if not os.access(home, os.W_OK) or home == examples_folder():
        home = place_for_new()
    if place == path:
        target = _free_file(home, name, path.suffix)
        _write_new(target, path)
    else:
        target = _free_folder(home, name) / path.name
        _copy_folder(place, target.parent)
    _rename_inside(target, name)
    return target


def save_as(read: FileText, text: str, name: str) -> FileText:
    """Save ``text`` as another profile beside the one that was read, with what is in its folder; gives the new file.

    Raises ``UsageError`` for a name that cannot be one or is taken, ``StorageError`` when it cannot be written.
    """
    if read.path.exists():
        begun = read_text(duplicate(read.path, name))
    else:
        # Its file is gone; what may be left of its folder is not this profile's any more.
        place = holder(read.path)
        single = place == read.path
        target = _free_file(place.parent, name, place.suffix) if single else _free_folder(place.parent, name)
        begun = FileText(target if single else target / read.path.name, "", marked=read.marked)
        try:
            begun.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _refused(begun.path, "written", error) from error
    save_text(begun, text)
    _rename_inside(begun.path, name)
    return read_text(begun.path)


def rename(path: Path, name: str) -> Path:
    """Give a profile another name, and its file or folder with it; gives the file then.

    Raises ``UsageError`` for a name that cannot be one or is taken, ``StorageError`` when it cannot be given: then all
    is as it was.
    """
    place = holder(path)
    if place == path:
        target = new = _free_file(path.parent, name, path.suffix)
    else:
        new = _free_folder(place.parent, name)
        target = new / path.name
    try:
        os.rename(place, new)
    except OSError as error:
        raise _refused(place, "renamed", error) from error
    try:
        _rename_inside(target, name)
    except StorageError:
        os.rename(new, place)
        raise
    return target


def what_goes(path: Path) -> str:
    """What ``delete`` deletes and what stays, in one sentence for the person who is asked."""
    place = holder(path)
    others = [] if place == path else [entry.name for entry in place.iterdir() if entry.name != path.name]
    if not others:
        return f"{_shown(path)} is deleted."
    shown = ", ".join(one_line(other, 40) for other in sorted(others)[:3]) + (", …" if len(others) > 3 else "")
    return f"{_shown(path)} is deleted; what is beside it stays ({shown})."


def delete(path: Path) -> None:
    """Delete a profile's file, and its folder if nothing else is in it. Raises ``StorageError``."""
    try:
        path.unlink()
    except OSError as error:
        raise _refused(path, "deleted", error) from error
    if path.name in FILE_NAMES:
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def holder(path: Path) -> Path:
    """What a profile's name stands on: its folder where it has one of its own, else its file."""
    return path.parent if path.name in FILE_NAMES else path


def check_name(name: str) -> str:
    """Why a profile cannot have this name; empty where it can."""
    if _NAME.fullmatch(name):
        return ""
    return "a name is letters, digits, '.', '_' and '-', starts with a letter or a digit, and has at most 63 characters"


def _free_folder(parent: Path, name: str) -> Path:
    _require_name(name)
    target = parent / name
    if os.path.lexists(target):
        alone = target.is_dir() and not any((target / one).exists() for one in FILE_NAMES)
        what = ": a folder without a profile" if alone else ""
        raise UsageError(f"There is a {_shown(target)} already{what}.", "Choose another name.")
    return target


def _free_file(parent: Path, name: str, suffix: str) -> Path:
    _require_name(name)
    target = parent / f"{name}{suffix}"
    if target.name in FILE_NAMES:
        # By a file of that name the whole folder would be one profile, and all others in it were gone from the list.
        raise UsageError(f"A file among other profiles cannot be called {target.name}.", "Choose another name.")
    if os.path.lexists(target):
        raise UsageError(f"There is a {_shown(target)} already.", "Choose another name.")
    return target


def _require_name(name: str) -> None:
    if why := check_name(name):
        raise UsageError(f"{one_line(name, 60)!r} cannot be a profile's name: {why}.")


def _rename_inside(path: Path, name: str) -> None:
    """Where the file says its own name, it says the new one; a file that is no YAML is left as it is."""
    from mltui.storage.yaml_edit import YamlDocument

    with contextlib.suppress(EditError):
        read = read_text(path)
        document = YamlDocument(read.text, str(path))
        if document.get(("name",)) not in (None, name):
            save_text(read, document.set(("name",), name).text)


def _write_new(target: Path, source: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, source.read_bytes())
        shutil.copymode(source, target)
    except OSError as error:
        raise _refused(target, "written", error) from error


def _copy_folder(source: Path, target: Path) -> None:
    """Copy a profile's folder beside its place and move it there at once: a copy is whole or is not there."""
    _check_size(source)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise _refused(target, "written", error) from error
    try:
        copied = unfinished / target.name
        shutil.copytree(source, copied, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        # A template inside a read-only installation is none the less for changing.
        copied.chmod(copied.stat().st_mode | 0o700)
        os.rename(copied, target)
    except shutil.Error as error:
        # Of each file that failed it has the two paths and the error as a text: "[Errno 28] No space left: 'a' -> 'b'".
        why = re.sub(r"^\[Errno \d+\] |: ['<].*", "", str(error.args[0][0][2])) if error.args and error.args[0] else ""
        reason = one_line(why, 200).lower() or "it cannot be read"
        raise StorageError(f"{_shown(source)} cannot be copied to {_shown(target.parent)}: {reason}.") from error
    except OSError as error:
        raise _refused(target, "written", error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _check_size(folder: Path) -> None:
    size = 0
    for count, file in enumerate(_files(folder), 1):
        with contextlib.suppress(OSError):
            size += file.lstat().st_size
        if count > _MOST_FILES or size > _MOST_BYTES:
            what = f"more than {_MOST_FILES} files or {_MOST_BYTES >> 20} MiB"
            raise UsageError(
                f"{_shown(folder)} holds {what}: too much to copy for a profile.",
                "Make a new profile with extends: instead, or move the data out of the folder.",
            )


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NOT_COPIED]
        yield from (Path(root, name) for name in files)
