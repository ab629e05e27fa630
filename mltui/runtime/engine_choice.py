"""Which engine to use: the one asked for, else a container engine that answers, else this machine's processes."""

from __future__ import annotations

from mltui.domain.errors import EngineUnavailable
from mltui.domain.run import LOCAL
from mltui.engines.base import EngineChoice
from mltui.plugins import make_engine


def choose_engine(wish: str = "", endpoint: str = "") -> EngineChoice:
    """The engine called ``wish``; empty: ``docker`` where it answers, else ``local``, with the reason.

    Raises ``EngineUnavailable`` when the one asked for does not answer.
    """
    if wish == LOCAL:
        engine = make_engine(LOCAL)
        return EngineChoice(engine, engine.info())
    if wish:
        engine = make_engine(wish, endpoint)
        try:
            return EngineChoice(engine, engine.info())
        except EngineUnavailable as error:
            raise EngineUnavailable(
                error.message, f"{error.hint} Or run without containers: --engine local."
            ) from error
    try:
        engine = make_engine("docker", endpoint)
        return EngineChoice(engine, engine.info())
    except EngineUnavailable as error:
        local = make_engine(LOCAL)
        return EngineChoice(
            local,
            local.info(),
            reason=error.message,
            warnings=(error.hint,) if error.hint else (),
        )
