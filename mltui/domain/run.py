"""A run: one execution of a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mltui.domain.figures import counted

#: Letters of run ids: none that is mistaken for another, and the first is never a digit.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

#: Name of the engine that runs plain processes of this machine.
LOCAL = "local"

#: ``Run.reason`` where the engine did not give the GPUs that were asked for.
WITHOUT_GPU = "gpu"

#: Variable that tells a run the folder for what it leaves.
OUTPUTS_VARIABLE = "MLTUI_OUTPUTS"

#: Labels that tie a container to its run. An engine finds runs by ``LABEL_RUN``.
LABEL_RUN = "mltui.run"
LABEL_PROFILE = "mltui.profile"
LABEL_PARAMS = "mltui.params"
LABEL_CREATED = "mltui.created"
#: Number of the user (uid) who launched it: an engine may be shared.
LABEL_OWNER = "mltui.owner"
#: Of a run that belongs to a sweep.
LABEL_GROUP = "mltui.group"
#: On images: the digest of the build's context and arguments, by which a stale image is known.
LABEL_CONTEXT = "mltui.context"


class RunState(StrEnum):
    """Where a run is in its life; ``lost`` means that its container vanished before its end was seen."""

    PENDING = "pending"
    BUILDING = "building"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"
    LOST = "lost"

    @property
    def active(self) -> bool:
        """The run may still change by itself."""
        return self in (RunState.PENDING, RunState.BUILDING, RunState.RUNNING)


def new_run_id() -> str:
    """Eight characters, unique enough for one person's runs, easy to read aloud and to type a prefix of."""
    import secrets

    return secrets.choice(_ALPHABET[:23]) + "".join(secrets.choice(_ALPHABET) for _ in range(7))


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A limit of a running container that was changed at ``time`` (seconds since 1970)."""

    time: float
    what: str
    """``cpus`` (cores), ``memory`` (bytes) or ``pids`` (how many)."""
    before: float | None
    """``None``: there was no limit, or it was not known."""
    after: float | None


#: ``reason`` of a run that goes on because somebody started its container again.
STARTED_AGAIN = "restart"


@dataclass(frozen=True, slots=True)
class Run:
    """The record of a run, as the run database has it. Times are seconds since 1970, ``None`` where unknown."""

    id: str
    profile: str
    """Name of the profile."""
    profile_path: str
    """File the profile was read from."""
    engine: str
    endpoint: str
    """Where the engine was: a Docker endpoint such as ``unix:///var/run/docker.sock``; empty for ``local``."""
    state: RunState = RunState.PENDING
    reason: str = ""
    """Why it ended, in one word for programs: ``gpu``, ``image``, ``start``, ``oom``, ``exit``, ``lost``."""
    detail: str = ""
    """One sentence on what is going on, or on why it ended: a build step, a reason of failure."""
    hint: str = ""
    """What to do about ``detail``."""
    notes: str = ""
    """What was decided for the caller at the launch, and why: which engine, which GPU, what has no effect there."""
    params: Mapping[str, object] = field(default_factory=dict)
    overrides: Mapping[str, object] = field(default_factory=dict)
    """What the launch changed: ``params`` that were set by hand, ``gpus``, ``limits``, ``engine``."""
    command: str = ""
    """The ``docker run`` line the run stands for, secrets left as names."""
    image: str = ""
    image_id: str = ""
    container_id: str = ""
    container_name: str = ""
    gpus: tuple[str, ...] = ()
    """UUIDs, or what was asked for (``all``, numbers) where GPUs cannot be seen. While the run is active they are its
    own."""
    unnamed_gpus: int = 0
    """So many that its engine chose, where GPUs cannot be seen: ``gpus`` names none then."""
    group_id: str = ""
    """Runs of one sweep share it; empty for a run that was launched by itself."""
    awaits: Mapping[str, int] = field(default_factory=dict)
    """What has to be there before it may start: ``gpus``, so many that nobody uses; ``parallel``, fewer than so many
    runs of its group going on. Empty: nothing."""
    changes: tuple[LimitChange, ...] = ()
    """Limits that were changed while it ran, in order."""
    created: float = 0.0
    started: float | None = None
    finished: float | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    stop_requested: bool = False

    @property
    def has_gpus(self) -> bool:
        """It was given GPUs, whether or not they are known."""
        return bool(self.gpus) or self.unnamed_gpus > 0

    @property
    def gpus_title(self) -> str:
        """Its GPUs as they are recorded: each by its name, else how many."""
        return ", ".join(self.gpus) or (counted(self.unnamed_gpus, "GPU") if self.unnamed_gpus else "none")

    @property
    def goes_on(self) -> bool:
        """It has begun and its container has not ended: what it was given is in use. Of one that has ended the record
        may still be completed, which its ``state`` tells."""
        return self.state.active and not self.waits and self.finished is None

    @property
    def waits(self) -> bool:
        """It is in the queue: it starts by itself when its turn has come."""
        return self.state is RunState.PENDING and bool(self.awaits) and not self.container_id

    @property
    def command_title(self) -> str:
        """What ``command`` is to the run: the same by hand, or what would do the same in a container."""
        if self.engine == LOCAL and self.command.startswith("docker"):
            return "In a container it would be (it ran as a plain process)"
        return "As a docker command" if self.command.startswith("docker") else "As a command"
