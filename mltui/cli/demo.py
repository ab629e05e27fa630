"""``mltui demo``: the first profile, trained at once on whatever this machine has."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from mltui.cli import app
from mltui.cli.follow import end_code, follow, wait_until_started
from mltui.cli.output import say
from mltui.cli.session import load, open_launcher
from mltui.domain.errors import UsageError
from mltui.domain.run import RunState
from mltui.runtime.launcher import Wish

if TYPE_CHECKING:
    from mltui.domain.profile import Profile
    from mltui.domain.run import Run
    from mltui.runtime.launcher import Launcher

_PROFILE = "mnist-mlp"
#: Reasons of a failure that say something of the engine and nothing of the training.
_ENGINE_REASONS = ("image", "gpu", "start")


def demo(args: Namespace) -> int:
    """Launch, by preference in a container; where its image cannot be had, as a local process."""
    launcher = open_launcher(args)
    profile = load(_PROFILE)
    with_app = not args.plain and _terminal()
    run = _launch(launcher, profile, args.engine)
    if run.engine != "local" and not args.engine:
        ready = wait_until_started(launcher, run, plain=not with_app)
        if ready.state is RunState.FAILED and ready.reason in _ENGINE_REASONS:
            say(f"{ready.detail} So it is trained as a local process instead.")
            run = _launch(launcher, profile, "local")
        elif not ready.state.active and with_app:
            return end_code(ready)
    if with_app:
        return app.run(args, select_run=run.id)
    return follow(launcher, run, plain=args.plain)


def _launch(launcher: Launcher, profile: Profile, engine: str) -> Run:
    run = launcher.launch(profile, Wish(engine=engine))
    where = "in a container" if run.engine != "local" else "as a local process, without isolation"
    say(f"Training {profile.name} {where}. {run.detail}".rstrip())
    return run


def _terminal() -> bool:
    try:
        app.require_terminal()
    except UsageError:
        return False
    return True
