"""Names of engines and monitors, and the classes behind them; one is imported only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mltui.domain.errors import UsageError

if TYPE_CHECKING:
    from mltui.engines.base import Engine

_ENGINES = ("docker", "local")
#: Stands for whichever answers.
AUTO = "auto"


def engine_names() -> tuple[str, ...]:
    """Every engine that can be asked for, mltui's own first."""
    from importlib.metadata import entry_points

    others = [found.name for found in entry_points(group="mltui.engine") if found.name not in _ENGINES]
    return (*_ENGINES, *sorted(others))


def make_engine(name: str, endpoint: str = "") -> Engine:
    """The engine called ``name`` at ``endpoint`` (empty: its default place); raises ``UsageError``."""
    if name == "local":
        from mltui.engines.local import LocalEngine
        from mltui.storage.locations import home

        return LocalEngine(home())
    if name == "docker":
        from mltui.engines.docker import DockerEngine

        return DockerEngine(endpoint or None)
    from importlib.metadata import entry_points

    for found in entry_points(group="mltui.engine", name=name):
        return cast("Engine", found.load()(endpoint))
    raise _unknown(name)


def check_name(name: str) -> None:
    """Raise ``UsageError``, which tells the engines there are, for a name that none has; no name is no question."""
    if name and name != AUTO and name not in _ENGINES and name not in engine_names():
        raise _unknown(name)


def _unknown(name: str) -> UsageError:
    return UsageError(f"There is no engine {name!r}.", f"Known are: {', '.join(engine_names())}.")
