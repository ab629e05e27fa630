"""``mltui run`` and ``mltui rerun``."""

from __future__ import annotations

import shlex
from argparse import Namespace
from typing import TYPE_CHECKING

from mltui.cli.output import print_json, say
from mltui.cli.session import load, open_launcher
from mltui.domain.errors import UsageError

if TYPE_CHECKING:
    from mltui.domain.profile import Profile
    from mltui.domain.run import Run
    from mltui.runtime.launcher import Launcher, Wish


def run(args: Namespace) -> int:
    """Launch a profile and follow it."""
    profile = load(args.profile)
    wish = wish_of(args)
    launcher = open_launcher(args)
    if args.dry_run:
        return _print_plan(launcher, profile, wish, args)
    return _go_on(launcher, launcher.launch(profile, wish), args)


def rerun(args: Namespace) -> int:
    """Launch a run's profile again as it was, and follow it."""
    launcher = open_launcher(args)
    return _go_on(launcher, launcher.rerun(launcher.database.find(args.run)), args)


def wish_of(args: Namespace) -> Wish:
    """What ``--set``, ``--gpus`` and ``--engine`` change."""
    from mltui.runtime.launcher import Wish

    params: dict[str, str] = {}
    for text in args.set:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set {text}: expected NAME=VALUE.", "For example: --set epochs=10")
        params[name.strip()] = value
    return Wish(params, args.gpus, args.engine)


def _go_on(launcher: Launcher, run: Run, args: Namespace) -> int:
    from mltui.cli.follow import announce, follow

    if not args.detach:
        if not args.json:
            announce(run)
        return follow(launcher, run, plain=args.plain, as_json=args.json)
    if args.json:
        from mltui.cli.runs import run_value

        print_json(run_value(launcher, run))
        return 0
    if run.notes:
        say(run.notes)
    say(f"Follow: mltui logs {run.id} -f, or mltui. Stop: mltui stop {run.id}")
    print(run.id)
    return 0


def _print_plan(launcher: Launcher, profile: Profile, wish: Wish, args: Namespace) -> int:
    from mltui.runtime.docker_command import build_argv, docker_command, run_argv

    resolution, choice = launcher.plan(profile, wish)
    spec = resolution.spec
    choice.engine.close()
    if args.json:
        print_json(
            {
                "engine": choice.engine.name,
                "command": docker_command(spec),
                "build": build_argv(spec),
                "run": run_argv(spec),
                "params": resolution.params,
                "notes": resolution.notes,
            }
        )
        return 0
    if not choice.info.isolated:
        say(f"{choice.reason} It would run as a process of this machine; as a container it is:".lstrip())
    for note in resolution.notes:
        say(note)
    if spec.outputs:
        # A bind mount wants its folder to be there.
        print(f"mkdir -p {shlex.quote(spec.outputs_host)}")
    print(docker_command(spec))
    return 0
