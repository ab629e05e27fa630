"""Values that engines refuse at a launch, refused before: with what is expected, and the place in the file.

What they take is Docker's: https://docs.docker.com/reference/cli/docker/container/run/.
"""

from __future__ import annotations

import re
import signal
from typing import Annotated

from pydantic import AfterValidator

from mltui.domain.section import ContainerPath, Size, Text, describe, fault
from mltui.domain.units import size_text

#: The engine's own bound.
_LEAST_MEMORY = 6 << 20
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
_REAL_TIME = re.compile(r"RTMIN(\+([0-9]|1[0-5]))?|RTMAX(-([0-9]|1[0-4]))?")


def _absolute(path: str) -> str:
    if path and not path.startswith("/"):
        raise fault(f"expected an absolute path in the container, found {describe(path)}")
    return path


def _one_container(text: str) -> str:
    if text.startswith("service:"):
        raise fault(f"a run is one container, and has no services: name a container, {describe('container:NAME')}")
    return text


def _ipc(text: str) -> str:
    if text not in ("", "none", "host", "private", "shareable") and not _is_container(_one_container(text)):
        raise fault(f"expected host, private, shareable, none or container:NAME, found {describe(text)}")
    return text


def _pid(text: str) -> str:
    if text not in ("", "host") and not _is_container(_one_container(text)):
        raise fault(f"expected host or container:NAME, found {describe(text)}")
    return text


def _is_container(text: str) -> bool:
    return text.startswith("container:") and len(text) > len("container:")


def _signal(text: str) -> str:
    name = text.upper().removeprefix("SIG")
    known = name.isdecimal() and 1 <= int(name) <= 64
    if text and not known and f"SIG{name}" not in signal.Signals.__members__ and not _REAL_TIME.fullmatch(name):
        raise fault(f"expected a signal such as SIGINT, SIGTERM or SIGUSR1, found {describe(text)}")
    return text


def _host_name(text: str) -> str:
    if text and not _HOST_NAME.fullmatch(text):
        raise fault(f"a host name is letters, digits, '.', '_' and '-', at most 64 of them, found {describe(text)}")
    return text


def _memory(size: int) -> int:
    # None at all is no limit.
    if 0 < size < _LEAST_MEMORY:
        raise fault(f"expected {size_text(_LEAST_MEMORY)} or more, found {size_text(size)}")
    return size


WorkingFolder = Annotated[ContainerPath, AfterValidator(_absolute)]
NetworkMode = Annotated[Text, AfterValidator(_one_container)]
IpcMode = Annotated[Text, AfterValidator(_ipc)]
PidMode = Annotated[Text, AfterValidator(_pid)]
StopSignal = Annotated[Text, AfterValidator(_signal)]
HostName = Annotated[Text, AfterValidator(_host_name)]
Memory = Annotated[Size, AfterValidator(_memory)]
