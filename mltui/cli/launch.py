"""``mltui run`` and ``mltui rerun``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mltui.cli.output import print_json, say
from mltui.cli.session import load, open_launcher
from mltui.domain.errors import EngineUnavailable, UsageError
from mltui.domain.run import LOCAL
from mltui.runtime.starting import Wish
from mltui.runtime.sweep import combinations, grid_of

if TYPE_CHECKING:
    from mltui.domain.profile import Profile
    from mltui.domain.run import Run
    from mltui.engines.base import EngineChoice
    from mltui.runtime.launcher import Launcher
    from mltui.runtime.resolve import Resolution


def run(args: Namespace) -> int:
    """Launch a profile and follow it; several values for a parameter launch a run each."""
    profile = load(args.profile)
    wish, grid = Wish(gpus=args.gpus, engine=args.engine), grid_of(profile, given_params(args))
    launcher = open_launcher(args)
    if args.dry_run:
        return max(_print_plan(launcher, profile, one, args) for one in combinations(profile, wish, grid))
    return _go_on(launcher, launcher.launch_sweep(profile, wish, grid, args.parallel), args)


def rerun(args: Namespace) -> int:
    """Launch a run's profile again as it was, or with other GPUs, and follow it."""
    launcher = open_launcher(args)
    return _go_on(launcher, (launcher.rerun(launcher.database.find(args.run), args.gpus or None),), args)


def given_params(args: Namespace) -> list[tuple[str, str]]:
    """Names and texts of ``--set``, in order; a name may stand several times."""
    given = []
    for text in args.set:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set {text}: expected NAME=VALUE.", "For example: --set epochs=10")
        given.append((name.strip(), value))
    return given


def wish_of(args: Namespace) -> Wish:
    """What ``--set``, ``--gpus`` and ``--engine`` change, for what has one value for each parameter."""
    given = given_params(args)
    names = [name for name, _ in given]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"--set {twice}: it is given several values.", "Several values are for mltui run: a sweep.")
    return Wish(dict(given), args.gpus, args.engine)


def _go_on(launcher: Launcher, runs: Sequence[Run], args: Namespace) -> int:
    """Follow what was launched, or say how that is done."""
    if args.detach:
        return _leave(launcher, runs, args)
    if len(runs) > 1:
        from mltui.cli.follow_sweep import follow_sweep

        if not args.json:
            say(f"Sweep {runs[0].group_id}: {len(runs)} runs of {runs[0].profile}.")
        return follow_sweep(launcher, runs, plain=args.plain, as_json=args.json)
    from mltui.cli.follow import announce, follow

    if not args.json:
        announce(runs[0])
    return follow(launcher, runs[0], plain=args.plain, as_json=args.json)


def _leave(launcher: Launcher, runs: Sequence[Run], args: Namespace) -> int:
    """Print the ids, and on stderr how to go on."""
    if args.json:
        from mltui.cli.runs import run_value

        for run in runs:
            print_json(run_value(launcher, run))
        return 0
    first = runs[0]
    for said in filter(None, (first.notes, first.detail if first.waits else "")):
        say(said)
    if len(runs) > 1:
        group = first.group_id
        say(f"Sweep {group}: {len(runs)} runs. Watch: mltui runs --group {group}. Stop: mltui stop --group {group}")
    else:
        say(f"Follow: mltui logs {first.id} -f, or mltui. Stop: mltui stop {first.id}")
    for run in runs:
        print(run.id)
    return 0


def _print_plan(launcher: Launcher, profile: Profile, wish: Wish, args: Namespace) -> int:
    try:
        with launcher.plan(profile, wish) as planned:
            return _tell_plan(*planned, args)
    except EngineUnavailable as error:
        if wish.engine:
            raise
        refusal = f"{error.message} Until then nothing is launched; as a container it would be:"
    # What it stands for can be told without the engine; where one was named by an option, this raises again.
    with launcher.plan(profile, replace(wish, engine=LOCAL)) as planned:
        return _tell_plan(*planned, args, refusal)


def _tell_plan(resolution: Resolution, choice: EngineChoice, args: Namespace, refusal: str = "") -> int:
    from mltui.runtime.docker_command import build_argv, docker_command, quoted, run_argv

    spec = resolution.spec
    if args.json:
        print_json(
            {
                "engine": choice.engine.name,
                "command": docker_command(spec),
                "build": build_argv(spec),
                "run": run_argv(spec),
                "params": resolution.params,
                "notes": resolution.warnings,
            }
        )
        return 0
    if refusal:
        say(refusal)
    elif not choice.info.isolated:
        say(f"{choice.reason} It would run as a process of this machine; as a container it is:".lstrip())
    for note in resolution.warnings:
        say(note)
    if spec.outputs:
        # A bind mount wants its folder to be there.
        print(f"mkdir -p {quoted(spec.outputs_host)}")
    print(docker_command(spec))
    return 0
