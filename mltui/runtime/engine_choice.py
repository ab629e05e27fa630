"""Which engine to use: the one asked for, else a container engine that answers, else this machine's processes."""

from __future__ import annotations

from mltui.domain.errors import EngineUnavailable
from mltui.domain.run import LOCAL
from mltui.engines.base import EngineChoice
from mltui.plugins import AUTO, make_engine


def choose_engine(wish: str = "", endpoint: str = "", *, stand_in: bool = False) -> EngineChoice:
    """The engine called ``wish``; empty: ``docker``, or ``local``, with the reason, where there is no container engine.

    What a person named (``DOCKER_HOST``, a Docker context) is insisted on, as the docker command does, unless the
    caller shows what stands in for it (``stand_in``). One that is there and does not answer is waited for: nothing
    that is meant for a container runs beside it unnoticed. ``auto`` takes whatever answers, else ``local``.

    Raises ``EngineUnavailable`` when the one that is insisted on does not answer.
    """
    if wish == LOCAL:
        engine = make_engine(LOCAL)
        return EngineChoice(engine, engine.info())
    asked = wish if wish != AUTO else ""
    try:
        engine = make_engine(asked or "docker", endpoint)
        return EngineChoice(engine, engine.info())
    except EngineUnavailable as error:
        absent = error.absent and (stand_in or not error.named)
        if not asked and (absent or wish == AUTO):
            return _local(error)
        hint = f"{error.hint} Or run without containers: --engine local."
        raise EngineUnavailable(error.message, hint.lstrip(), absent=error.absent, named=error.named) from error


def _local(error: EngineUnavailable) -> EngineChoice:
    """This machine's processes, and why."""
    local = make_engine(LOCAL)
    return EngineChoice(local, local.info(), reason=error.message, warnings=(error.hint,) if error.hint else ())
