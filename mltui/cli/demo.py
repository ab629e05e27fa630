"""``mltui demo``: the first profile, trained at once on whatever this machine has."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from mltui.cli import app
from mltui.cli.follow import announce, detached, follow, wait_until_started
from mltui.cli.output import say
from mltui.cli.session import load, open_launcher, user_settings
from mltui.domain.errors import EngineError, UsageError
from mltui.domain.run import LOCAL, RunState
from mltui.plugins import AUTO
from mltui.runtime.starting import Wish

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
    if run.engine != LOCAL and not args.engine:
        try:
            now = wait_until_started(launcher, run, plain=not with_app)
        except KeyboardInterrupt:
            return detached(run)
        if now.state is RunState.FAILED and now.reason in _ENGINE_REASONS:
            say(f"{now.detail} So it is trained as a local process instead.")
            run = _launch(launcher, profile, LOCAL)
    return app.run(args, select_run=run.id) if with_app else follow(launcher, run, plain=args.plain)


def _launch(launcher: Launcher, profile: Profile, engine: str) -> Run:
    """Launch and say which engine it is and why; one that refuses at once is given up like one that fails later."""
    try:
        run = launcher.launch(profile, Wish(engine=engine or user_settings().engine or AUTO))
    except EngineError as error:
        if engine:
            raise
        say(f"{error.message} So it is trained as a local process instead.")
        run = launcher.launch(profile, Wish(engine=LOCAL))
    announce(run)
    return run


def _terminal() -> bool:
    try:
        app.require_terminal()
    except UsageError:
        return False
    return True
