"""A profile changed so that a failure does not come back: shown as a diff, written when a person says so, launched."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mltui.domain.errors import MltuiError, UsageError
from mltui.domain.profile_change import ProfileChange, profile_changes
from mltui.runtime.diagnosis import free_port

if TYPE_CHECKING:
    from mltui.domain.diagnosis import Diagnosis
    from mltui.domain.run import Run
    from mltui.runtime.launcher import Launcher
    from mltui.runtime.starting import Wish
    from mltui.storage.extends import Finder
    from mltui.storage.profile_files import FileText

_CONTEXT = 3


class Fix(NamedTuple):
    """A changed profile, not yet written."""

    read: FileText
    """The profile's file as it is."""
    after: str
    changes: tuple[ProfileChange, ...]
    can_be_written: bool
    """The profile's file is there and this user's to change."""

    @property
    def path(self) -> Path:
        """The file that is changed."""
        return self.read.path

    @property
    def diff(self) -> tuple[str, ...]:
        """The change as a unified diff."""
        name = self.path.name
        lines = difflib.unified_diff(
            self.read.text.splitlines(), self.after.splitlines(), name, name, n=_CONTEXT, lineterm=""
        )
        return tuple(lines)


def prepare_fix(
    launcher: Launcher, run: Run, diagnosis: Diagnosis, figures: Mapping[str, float], find: Finder | None = None
) -> Fix:
    """What the cure of ``diagnosis`` makes of the run's profile as it is now, or as it was where that is gone.

    ``find`` is as in ``storage.profiles.load_profile``. Raises ``UsageError`` where it changes nothing.
    """
    from mltui.storage.profile_files import read_text
    from mltui.storage.yaml_edit import YamlDocument

    path = Path(run.profile_path)
    there = path.is_file()
    read = read_text(path if there else launcher.folder(run.id).profile)
    document = YamlDocument(read.text, str(read.path))
    changes = profile_changes(diagnosis, _whole(read.path, document.data, find), figures, free_port)
    # What is only inherited cannot be taken out of this file.
    changes = tuple(one for one in changes if one.value is not None or document.get(one.path) is not None)
    if not changes:
        raise UsageError(
            f"There is nothing to change in {read.path}.",
            "The profile says it already, or the cure is not one of the profile: see the card.",
        )
    for change in changes:
        document = document.remove(change.path) if change.value is None else document.set(change.path, change.value)
    return Fix(read, document.text, changes, there and os.access(path, os.W_OK))


def _whole(path: Path, own: Mapping[str, Any], find: Finder | None) -> Mapping[str, Any]:
    """What the profile says with all that it extends; a broken one's own words."""
    from mltui.storage.profiles import load_profile

    try:
        return load_profile(path, find=find).source
    except MltuiError:
        return own


def launch_fixed(launcher: Launcher, run: Run, fix: Fix, *, write: bool, find: Finder | None = None) -> Run:
    """Launch the changed profile with what the run's launch had changed; ``write``: write it first, to stay.

    ``find`` is as in ``storage.profiles.load_profile``. Raises ``StorageError``, also where somebody
    wrote the file since it was read.
    """
    from mltui.storage.profile_files import save_text
    from mltui.storage.profiles import load_profile

    if write:
        save_text(fix.read, fix.after)
    with tempfile.TemporaryDirectory(prefix="mltui-") as folder:
        copy = Path(folder, "profile.yaml")
        copy.write_text(fix.after, encoding="utf-8")
        profile = load_profile(copy, beside=run.profile_path or fix.path, find=find)
    return launcher.launch(profile, _wish(run, fix))


def _wish(run: Run, fix: Fix) -> Wish:
    """What the launch of ``run`` had changed, without what the fix decides anew."""
    from mltui.runtime.relaunch import kept_gpus, kept_limits, kept_params
    from mltui.runtime.starting import Wish

    decided = {".".join(map(str, change.path)) for change in fix.changes}
    params = {
        name: text
        for name, text in kept_params(run).items()
        if name in run.overrides and not decided & {f"params.{name}", f"params.{name}.default"}
    }
    limits = {key: text for key, text in kept_limits(run).items() if not decided & _places(key)}
    return Wish(params, None if "gpus" in decided else kept_gpus(run), run.engine, limits)


def _places(limit: str) -> set[str]:
    """Where a profile may say a limit."""
    return {limit, "deploy.resources.limits.memory" if limit == "mem_limit" else f"deploy.resources.limits.{limit}"}
