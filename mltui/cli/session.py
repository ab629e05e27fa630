"""What most commands start from: the launcher of this home, the engine that was asked for, the profiles."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mltui.domain.errors import MltuiError, UsageError

if TYPE_CHECKING:
    from mltui.domain.profile import Profile
    from mltui.domain.settings import Settings
    from mltui.engines.base import EngineChoice
    from mltui.runtime.launcher import Launcher
    from mltui.storage.profiles import ProfileRepository


def endpoint(args: Namespace) -> str:
    """The engine's address that ``--host`` or ``--context`` stand for; empty: the usual one."""
    host, context = getattr(args, "host", ""), getattr(args, "context", "")
    if host and context:
        raise UsageError("--host and --context both say where the engine is.", "Give one of them.")
    return host or (_of_context(context) if context else "")


def _of_context(name: str) -> str:
    """The address of a Docker context; its certificates go to the processes started from here by the environment."""
    from mltui.engines.docker import find_endpoint

    found = find_endpoint(context=name)
    if found.tls and found.tls.cert:
        os.environ["DOCKER_CERT_PATH"] = os.path.dirname(found.tls.cert)
        os.environ["DOCKER_TLS_VERIFY"] = "1" if found.tls.verify else ""
    return found.url


def choose(args: Namespace, wish: str = "") -> EngineChoice:
    """The engine of ``--engine``, else ``wish``, else the settings' one, else whichever answers.

    An address alone asks for docker.
    """
    from mltui.runtime.engine_choice import choose_engine

    where = endpoint(args)
    return choose_engine(getattr(args, "engine", "") or ("docker" if where else wish or user_settings().engine), where)


def user_settings() -> Settings:
    """The user's settings; what is wrong with their file is said, and the rest holds."""
    from mltui.cli.output import say
    from mltui.storage.settings import SettingsFile

    loaded = SettingsFile().read()
    for problem in loaded.problems:
        say(str(problem))
    return loaded.settings


def open_launcher(args: Namespace) -> Launcher:
    """The launcher of this home, with every active run that nobody supervises taken up again."""
    from mltui.cli.output import say
    from mltui.plugins import make_engine
    from mltui.runtime.launcher import Launcher
    from mltui.storage.history import RunDatabase
    from mltui.storage.locations import home

    folder = home()
    database = RunDatabase(folder / "runs.db", reading_will_do=True)
    launcher = Launcher(folder, database, lambda wish: choose(args, wish), make_engine)
    if database.read_only:
        say(f"{database.read_only} What is recorded can be looked at.")
    try:
        launcher.adopt()
    except MltuiError as error:
        # Where nothing can be read that is what is to be said, and once.
        database.active()
        say(f"Some runs could not be taken up: {error}")
    return launcher


@contextmanager
def engine(args: Namespace, wish: str = "") -> Iterator[EngineChoice]:
    """The chosen engine for one command; that it is not the usual one is said."""
    from mltui.cli.output import say

    chosen = choose(args, wish)
    if chosen.reason:
        say(f"{chosen.reason} Using {chosen.info.product}.")
    try:
        yield chosen
    finally:
        chosen.engine.close()


def profiles() -> ProfileRepository:
    """The profiles that can be named from here."""
    from mltui.storage.profiles import ProfileRepository
    from mltui.storage.settings import SettingsFile

    return ProfileRepository(further=SettingsFile().folders(user_settings()))


def load(name: str) -> Profile:
    """The profile of a name, a file or a folder."""
    return profiles().load(name)
