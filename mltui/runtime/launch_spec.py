"""The launch of a profile whose variables have their values: what it says, and what holds where it says nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from mltui.domain.compose import VolumeEntry
from mltui.domain.json_text import json_text
from mltui.domain.launch import BuildSpec, GpuRequest, LaunchSpec, Mount, MountType, Resources, Ulimit
from mltui.domain.param import ParamValue
from mltui.domain.profile import Profile
from mltui.domain.profile_faults import Fault
from mltui.domain.run import (
    LABEL_CREATED,
    LABEL_GROUP,
    LABEL_OWNER,
    LABEL_PARAMS,
    LABEL_PROFILE,
    LABEL_RUN,
    OUTPUTS_VARIABLE,
)
from mltui.engines.base import EngineInfo
from mltui.runtime.environment import Variables

#: Loaders and NCCL pass tensors through /dev/shm, for which Docker's 64 MB are too few. Memory is taken only as it is
#: used; half the machine's is what the kernel allows a tmpfs by itself.
_SHM_SIZE = 2 << 30
#: What the engine keeps of the log; the run's own record has all of it.
_LOG_OPTIONS = {"max-size": "50m", "max-file": "3"}
_NO_NEW_PRIVILEGES = "no-new-privileges:true"
#: A home that any user may write: libraries put caches there. It is held in memory.
_HOME = "/home/mltui"


class LaunchMaker:
    """Turns a profile whose variables are filled in into a launch, noting what cannot be in ``faults``."""

    def __init__(
        self, profile: Profile, run_id: str, outputs: Path, engine: EngineInfo, user: tuple[int, int], group_id: str
    ) -> None:
        self.profile = profile
        self.run_id = run_id
        self.outputs = outputs
        self.engine = engine
        self.faults: list[Fault] = []
        self._process = engine.engine == "local"
        self._own_user = profile.user is None and engine.local
        self._user = user
        self._group_id = group_id

    def spec(
        self, variables: Variables, params: Mapping[str, ParamValue], gpus: GpuRequest, caller: Mapping[str, str]
    ) -> LaunchSpec:
        """The launch."""
        profile = self.profile
        logging = profile.logging
        bounded = logging is None or (logging.driver == "json-file" and not logging.options)
        if not (profile.image or profile.build or self._process):
            self.faults.append(Fault((), "image or build is missing: this engine runs images"))
        return LaunchSpec(
            run_id=self.run_id,
            profile=profile.name,
            name=f"mltui-{profile.name}-{self.run_id}",
            image=profile.image or (f"mltui/{_slug(profile.name)}" if profile.build else ""),
            project=str(profile.folder),
            build=self._build(caller),
            pull_policy="missing" if profile.pull_policy == "if_not_present" else profile.pull_policy,
            requirements=self._requirements(),
            command=profile.command,
            entrypoint=profile.entrypoint,
            environment={**self._own_variables(params), **variables.values},
            secrets=variables.secrets,
            mounts=self._all_mounts(),
            ports=tuple(port for entry in profile.ports for port in entry.expand()),
            user=self._run_as(),
            home=_HOME if self._own_user and "HOME" not in variables.values else "",
            working_dir=profile.working_dir,
            hostname=self._hostname(),
            shm_size=self._shm_size(),
            ipc=profile.ipc,
            pid=profile.pid,
            network_mode=profile.network_mode,
            runtime=profile.runtime,
            privileged=profile.privileged,
            devices=tuple(map(str, profile.devices)),
            ulimits=tuple(Ulimit(name, limit.soft, limit.hard) for name, limit in profile.ulimits.items()),
            gpus=gpus,
            resources=self._resources(),
            read_only=profile.read_only,
            cap_add=profile.cap_add,
            cap_drop=profile.cap_drop,
            security_opt=self._security(),
            group_add=profile.group_add,
            extra_hosts=profile.extra_hosts,
            init=profile.init,
            tty=profile.tty,
            stop_grace_period=profile.stop_grace_period,
            stop_signal=profile.stop_signal,
            labels=self._labels(params),
            log_driver=logging.driver if logging else "json-file",
            log_options=_LOG_OPTIONS if bounded or logging is None else logging.options,
            outputs=self._outputs_path(),
            outputs_host=self._outputs_host(),
        )

    def _build(self, caller: Mapping[str, str]) -> BuildSpec | None:
        build = self.profile.build
        if build is None:
            return None
        context = self.profile.path_to(build.context)
        if "://" in build.context or build.context.startswith("git@"):
            self.faults.append(Fault(("build", "context"), "expected a folder: clone the repository first"))
        elif not self._process and not (context / build.dockerfile).is_file():
            self.faults.append(Fault(("build",), f"there is no {build.dockerfile} in {context}"))
        # As in Compose, an argument without a value is the caller's, and left out where the caller has none.
        args = {name: caller.get(name) if value is None else value for name, value in build.args.items()}
        known = {name: value for name, value in args.items() if value is not None}
        inherited = frozenset(name for name in known if build.args[name] is None)
        return BuildSpec(str(context), build.dockerfile, known, build.target, build.network, inherited)

    def _requirements(self) -> str:
        asked = self.profile.requirements
        file = self.profile.path_to(asked or "requirements.txt")
        if file.is_file():
            return str(file)
        if asked:
            self.faults.append(Fault(("requirements",), f"there is no file {file}"))
        return ""

    def _own_variables(self, params: Mapping[str, ParamValue]) -> dict[str, str]:
        own = {"PYTHONUNBUFFERED": "1", "MLTUI_RUN_ID": self.run_id, OUTPUTS_VARIABLE: self._outputs_path()}
        if params:
            own["MLTUI_PARAMS"] = json_text(params)
        return own

    def _run_as(self) -> str:
        if self.profile.user is not None:
            return self.profile.user
        if not self._own_user:
            return ""
        # Under a rootless engine root in the container is the caller outside, and any other user is a stranger.
        return "0:0" if self.engine.details.get("rootless") == "yes" else f"{self._user[0]}:{self._user[1]}"

    def _outputs_path(self) -> str:
        return self.profile.outputs if isinstance(self.profile.outputs, str) else "/outputs"

    def _output_mounts(self) -> Iterator[Mount]:
        """Where the run leaves what it makes: a folder of the host, else a volume of the engine."""
        named = self.profile.outputs if isinstance(self.profile.outputs, dict) else {}
        if not self.engine.local:
            yield Mount(self._outputs_path(), f"mltui-{self.run_id}", MountType.VOLUME)
            return
        yield Mount(self._outputs_path(), str(self.outputs))
        for name, target in named.items():
            yield Mount(target, str(self.outputs / name))

    def _all_mounts(self) -> tuple[Mount, ...]:
        """The profile's own mounts, and ours where it has none."""
        asked = list(self._mounts())
        taken = {mount.target.rstrip("/") for mount in asked}
        return (*(mount for mount in self._output_mounts() if mount.target.rstrip("/") not in taken), *asked)

    def _outputs_host(self) -> str:
        """The folder of the host that is the outputs: the run's, or the one that the profile mounts there."""
        if not self.engine.local:
            return ""
        asked = [v for v in self.profile.volumes if v.target.rstrip("/") == self._outputs_path().rstrip("/")]
        if not asked:
            return str(self.outputs)
        return str(self.profile.path_to(asked[0].source)) if asked[0].type is MountType.BIND else ""

    def _mounts(self) -> Iterator[Mount]:
        for index, volume in enumerate(self.profile.volumes):
            yield self._mount(volume, index)
        for entry in self.profile.tmpfs:
            yield Mount(entry.target, type=MountType.TMPFS, size=entry.size)

    def _mount(self, volume: VolumeEntry, index: int) -> Mount:
        source = volume.source
        if volume.type is MountType.BIND:
            path = self.profile.path_to(source)
            # Docker would make an empty folder, as root, and the training would find no data in it.
            if self.engine.local and not path.exists():
                self.faults.append(
                    Fault(("volumes", index), f"there is no {path} to mount: make it, or correct the path")
                )
            if not self.engine.local and not source.startswith("/"):
                message = f"{self.engine.host or 'the engine'} is another machine: give a path of its own, from /"
                self.faults.append(Fault(("volumes", index), message))
            source = str(path) if self.engine.local else source
        return Mount(volume.target, source, volume.type, volume.read_only, volume.tmpfs.size)

    def _hostname(self) -> str:
        """A name of letters, digits and dashes, at most 63 of them (RFC 1123)."""
        if self.profile.hostname or self.profile.network_mode.startswith("container:"):
            return self.profile.hostname
        return f"{_slug(self.profile.name)[:50]}-{self.run_id}"

    def _shm_size(self) -> int | None:
        if self.profile.shm_size is not None or self.profile.ipc not in ("", "private", "shareable"):
            return self.profile.shm_size
        return min(_SHM_SIZE, self.engine.memory // 2) if self.engine.memory else _SHM_SIZE

    def _security(self) -> tuple[str, ...]:
        """The profile's options, and no new privileges where they do not speak of it."""
        asked = self.profile.security_opt
        return asked if any(one.startswith("no-new-privileges") for one in asked) else (_NO_NEW_PRIVILEGES, *asked)

    def _resources(self) -> Resources:
        profile = self.profile
        limits, promised = profile.deploy.resources.limits, profile.deploy.resources.reservations
        pids = profile.pids_limit if profile.pids_limit is not None else limits.pids
        return Resources(
            cpus=profile.cpus or limits.cpus,
            memory=profile.mem_limit or limits.memory,
            cpus_request=promised.cpus,
            memory_request=profile.mem_reservation or promised.memory,
            pids=pids,
        )

    def _labels(self, params: Mapping[str, ParamValue]) -> dict[str, str]:
        own = {
            LABEL_RUN: self.run_id,
            LABEL_PROFILE: self.profile.name,
            LABEL_PARAMS: json_text(params),
            LABEL_CREATED: f"{time.time():.3f}",
            LABEL_OWNER: str(self._user[0]),
        }
        if self._group_id:
            own[LABEL_GROUP] = self._group_id
        return {name: value or "" for name, value in self.profile.labels.items()} | own


def _slug(name: str) -> str:
    """A profile's name as images and hosts may be called: small letters, digits and single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
