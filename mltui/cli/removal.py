"""``mltui rm``: what goes is named before it goes."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from mltui.cli.output import confirmed, say
from mltui.cli.runs import outputs_text, wait_for_end
from mltui.cli.session import open_launcher
from mltui.domain.errors import EngineUnavailable, MltuiError
from mltui.domain.text import clean

if TYPE_CHECKING:
    from mltui.domain.run import Run
    from mltui.runtime.launcher import Launcher


def remove_runs(args: Namespace) -> int:
    """Remove runs; one that cannot be removed does not keep the others."""
    launcher = open_launcher(args)
    runs = list({run.id: run for run in map(launcher.database.find, args.runs)}.values())
    if not args.force:
        for run in runs:
            _refuse_active(run)
    question = "\n".join([*(f"  {_what_goes(launcher, run)}" for run in runs), "Remove this for good?"])
    if not confirmed(question, yes=args.yes):
        say("Nothing was removed.")
        return 1
    failures = [run for run in runs if not _removed(launcher, run, force=args.force)]
    return 1 if failures else 0


def _refuse_active(run: Run) -> None:
    if run.state.active:
        raise MltuiError(
            f"Run {run.id} is {run.state}.", f"Stop it first (mltui stop {run.id}), or end and remove it with --force."
        )


def _what_goes(launcher: Launcher, run: Run) -> str:
    container = f"container {run.container_name}, " if run.container_id else ""
    folder = launcher.folder(run.id)
    outputs = f"its outputs ({outputs_text(folder)})"
    if folder.outputs_elsewhere:
        outputs = f"not its outputs, which stay in {folder.outputs}"
    return f"run {run.id} ({run.profile}, {run.state}): {container}its record, {outputs}"


def _removed(launcher: Launcher, run: Run, *, force: bool) -> bool:
    what = _what_goes(launcher, run)
    try:
        left = _remove(launcher, run, force=force)
    except MltuiError as error:
        say(f"mltui: run {run.id} was not removed: {error}")
        return False
    print(f"Removed {clean(what)}.")
    if left:
        say(left)
    return True


def _remove(launcher: Launcher, run: Run, *, force: bool) -> str:
    """Remove the run, one that is active too with ``force``; returns what may be left of it."""
    try:
        if run.state.active:
            launcher.kill(run)
            run = wait_for_end(launcher, run)
        launcher.remove(run, force=force)
    except EngineUnavailable as error:
        if not force:
            raise EngineUnavailable(error.message, "--force forgets the run though its container may stay.") from error
        launcher.forget(run)
        return f"Its container {run.container_name} may still be there: {error.message}"
    return ""
