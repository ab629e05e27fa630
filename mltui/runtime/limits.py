"""Changing what a container may use while it runs; where it is a run's, its record says so."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields
from typing import NamedTuple

from mltui.domain.container import Limits, Usage
from mltui.domain.errors import EngineError
from mltui.domain.run import LimitChange, Run
from mltui.engines.base import ChangesLimits, Engine, ReportsUsage
from mltui.storage.history import RunDatabase

#: Use of the CPU is a rate: two looks at it are so far apart.
_APART_S = 0.3
#: An engine's stream of figures begins within a second, and two of them make a rate.
_PATIENCE_S = 3.0


class LimitsNow(NamedTuple):
    """What a container may use and uses."""

    limits: Limits
    usage: Usage | None
    machine: Limits
    """What its engine's machine has."""


def limits_now(engine: Engine, container_id: str, running: bool = True, sampled: Usage | None = None) -> LimitsNow:
    """What there is to change. Raises ``EngineError`` where nothing can be.

    ``sampled`` is what the container uses, where somebody samples it anyhow; else the engine is asked.
    """
    able = _able(engine)
    if not container_id or not running:
        raise EngineError("It does not run: limits are changed while it does.")
    limits, info = able.limits(container_id), engine.info()
    if (sampled is None or sampled.cpu is None) and isinstance(engine, ReportsUsage):
        sampled = _usage(engine, container_id)
    return LimitsNow(limits, sampled, Limits(info.cpus, info.memory))


def _usage(engine: ReportsUsage, container_id: str) -> Usage | None:
    """What the container uses, with its rate of CPU time; an engine of another machine tells it after a while."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        usage = engine.usage([container_id]).get(container_id)
        if (usage and usage.cpu is not None) or time.monotonic() > end:
            return usage
        time.sleep(_APART_S)


def _able(engine: Engine) -> ChangesLimits:
    if isinstance(engine, ChangesLimits):
        return engine
    where = "A process of this machine has no limits" if engine.name == "local" else f"The engine {engine.name} cannot"
    raise EngineError(f"{where} that could be changed while it runs.", "Use a container: --engine docker.")


def change_limits(
    engine: Engine, container_id: str, wanted: Limits, database: RunDatabase | None = None, run_id: str = ""
) -> tuple[LimitChange, ...]:
    """Change the limits that are not ``None``; with ``run_id`` the run's record has the changes. Returns those.

    Raises ``EngineError`` with why nothing was changed.
    """
    able = _able(engine)
    if not container_id:
        raise EngineError("It has no container yet: limits are changed while it runs.")
    before = able.limits(container_id)
    able.change_limits(container_id, wanted)
    after, now = able.limits(container_id), time.time()
    changes = tuple(
        LimitChange(now, one.name, getattr(before, one.name), getattr(after, one.name))
        for one in fields(Limits)
        if getattr(before, one.name) != getattr(after, one.name)
    )
    if database and run_id and changes:

        def add(active: tuple[Run, ...]) -> Mapping[str, object]:
            run = next((one for one in active if one.id == run_id), None)
            return {"changes": (*run.changes, *changes)} if run else {}

        database.decide(run_id, add)
    return changes
