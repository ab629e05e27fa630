"""A profile changed so that a failure does not come back: shown as a diff, written when a person says so, launched."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from mltui.domain.errors import StorageError, UsageError
from mltui.domain.profile_change import ProfileChange, profile_changes
from mltui.runtime.diagnosis import free_port

if TYPE_CHECKING:
    from mltui.domain.diagnosis import Diagnosis
    from mltui.domain.param import ParamValue
    from mltui.domain.run import Run
    from mltui.runtime.launcher import Launcher, Wish

_CONTEXT = 3


class Fix(NamedTuple):
    """A changed profile, not yet written."""

    path: Path
    """The profile's file."""
    before: str
    after: str
    changes: tuple[ProfileChange, ...]
    can_be_written: bool
    """The profile's file is there and this user's to change."""

    @property
    def diff(self) -> tuple[str, ...]:
        """The change as a unified diff."""
        name = self.path.name
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), name, name, n=_CONTEXT, lineterm=""
        )
        return tuple(lines)


def prepare_fix(launcher: Launcher, run: Run, diagnosis: Diagnosis, figures: Mapping[str, float]) -> Fix:
    """What the cure of ``diagnosis`` makes of the run's profile as it is now, or as it was where that is gone.

    Raises ``UsageError`` where it changes nothing.
    """
    from mltui.storage.yaml_edit import YamlDocument

    path = Path(run.profile_path)
    there = path.is_file()
    source = path if there else launcher.folder(run.id).profile
    try:
        before = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"The profile {source} cannot be read: {error}.") from error
    document = YamlDocument(before, str(source))
    changes = profile_changes(diagnosis, document.data, figures, free_port)
    if not changes:
        raise UsageError(
            f"There is nothing to change in {source}.",
            "The profile says it already, or the cure is not one of the profile: see the card.",
        )
    for change in changes:
        document = document.remove(change.path) if change.value is None else document.set(change.path, change.value)
    return Fix(path if there else source, before, document.text, changes, there and os.access(path, os.W_OK))


def save_fix(fix: Fix) -> None:
    """Write the changed profile, all of it or nothing. Raises ``StorageError``, also where somebody wrote it since."""
    try:
        if fix.path.read_text(encoding="utf-8") != fix.before:
            raise StorageError(f"{fix.path} was changed meanwhile.", "Look at the change again.")
        # A link stays one: the file that it leads to is written.
        target = Path(os.path.realpath(fix.path))
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            file.write(fix.after)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.chmod(file.name, target.stat().st_mode & 0o7777)
            os.replace(file.name, target)
        except OSError:
            os.unlink(file.name)
            raise
    except OSError as error:
        raise StorageError(f"{fix.path} cannot be written: {error.strerror or error}.") from error


def launch_fixed(launcher: Launcher, run: Run, fix: Fix, *, write: bool) -> Run:
    """Launch the changed profile with what the run's launch had changed; ``write``: write it first, to stay."""
    from mltui.storage.profiles import load_profile

    if write:
        save_fix(fix)
    with tempfile.TemporaryDirectory(prefix="mltui-") as folder:
        copy = Path(folder, "profile.yaml")
        copy.write_text(fix.after, encoding="utf-8")
        profile = load_profile(copy, beside=run.profile_path or fix.path)
    return launcher.launch(profile, _wish(run, fix))


def _wish(run: Run, fix: Fix) -> Wish:
    """What the launch of ``run`` had changed, without what the fix decides anew."""
    from mltui.domain.param import param_text
    from mltui.runtime.launcher import Wish

    decided = {str(change.path[1]) for change in fix.changes if change.path[0] == "params" and len(change.path) > 1}
    changed = [name for name in run.params if name in run.overrides and name not in decided]
    params = {name: param_text(cast("ParamValue", run.params[name])) for name in changed}
    asked = run.overrides.get("gpus")
    gpus_decided = any(change.path[0] == "gpus" for change in fix.changes)
    return Wish(params, str(asked) if asked and not gpus_decided else None, run.engine)
