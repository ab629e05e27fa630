"""``mltui container list``, ``stop`` and ``rm``."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from mltui.cli.output import confirmed, print_json, print_table, say
from mltui.cli.session import engine, open_launcher
from mltui.domain.errors import EngineError, MltuiError
from mltui.domain.figures import format_duration
from mltui.domain.prefix import the_one
from mltui.domain.text import one_line
from mltui.engines.base import ListsContainers

if TYPE_CHECKING:
    from mltui.domain.container import Container
    from mltui.engines.base import Engine
    from mltui.runtime.launcher import Launcher


def list_containers(args: Namespace) -> int:
    """Print the engine's containers, those that run or all."""
    with engine(args) as chosen:
        found = _containers(chosen.engine)
    shown = [container for container in found if args.all or container.running]
    if args.json:
        for container in shown:
            print_json(asdict(container))
    elif shown:
        headers = ("CONTAINER", "ID", "IMAGE", "STATE", "AGE", "RUN", "PORTS")
        print_table(headers, map(_row, shown), right="AGE", states="STATE")
    else:
        ended = len(found) - len(shown)
        say("No container runs." + (f" {ended} ended: mltui container list --all" if ended else ""))
    return 0


def _row(container: Container) -> tuple[str, ...]:
    age = format_duration(time.time() - container.created)
    ports = ", ".join(container.ports)
    return container.name, container.id[:12], container.image, container.state, age, container.run_id, ports


def _containers(of: Engine) -> tuple[Container, ...]:
    if not isinstance(of, ListsContainers):
        raise EngineError(f"The engine {of.name} has no list of containers.")
    return of.containers()


def stop(args: Namespace) -> int:
    """Ask containers to end and wait; one of a run is stopped as that run."""

    def act(launcher: Launcher, of: Engine, container: Container) -> str:
        launcher.end_container(of, container, "stop", args.grace)
        return "Stopped"

    return _each(args, act)


def remove(args: Namespace) -> int:
    """Remove containers; the record of a run stays."""

    def act(launcher: Launcher, of: Engine, container: Container) -> str:
        launcher.remove_container(of, container, force=args.force)
        return "Removed"

    return _each(args, act, ask="Remove")


def _each(args: Namespace, act: Callable[[Launcher, Engine, Container], str], ask: str = "") -> int:
    """Do something to every container named; one that fails does not keep the others."""
    launcher = open_launcher(args)
    with engine(args) as chosen:
        listed = _containers(chosen.engine)
        found = list({c.id: c for c in (_find(listed, text) for text in args.containers)}.values())
        names = ", ".join(container.name for container in found)
        if ask and not confirmed(f"{ask} {names}?", yes=args.yes):
            say("Nothing was done.")
            return 1
        code = 0
        for container in found:
            try:
                print(f"{act(launcher, chosen.engine, container)} {one_line(container.name)}.")
            except MltuiError as error:
                say(f"mltui: {error}")
                code = 1
        return code


def _find(containers: tuple[Container, ...], text: str) -> Container:
    """The container of a name, an id, or the beginning of an id."""
    cure = "List them with: mltui container list --all"
    return the_one(containers, text, "container", lambda one: one.id, lambda one: (one.name,), cure)
