"""The GPUs that a profile asks for: Compose's forms and shorter ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from mltui.domain.launch import GpuRequest
from mltui.domain.schema import Kind
from mltui.domain.section import Section, Text, Texts, Whole, as_text, describe, fault, nearest_word


class DeviceReservation(Section):
    """GPUs as Compose reserves them. Without ``count`` and ``device_ids`` it is all of them."""

    driver: Literal["", "nvidia"] = Field(
        default="", title="Driver", description="nvidia, or empty for the engine's own."
    )
    count: Whole | Literal["all"] | None = Field(default=None, title="Count", description="How many, or all.")
    device_ids: Texts = Field(default=(), title="Devices", description="Indexes or UUIDs.")
    capabilities: Texts = Field(
        default=(), title="Capabilities", description="gpu, and more such as compute or utility."
    )
    options: dict[str, Text] = Field(default={}, title="Options", description="Not used.", max_length=0)

    @model_validator(mode="after")
    def _consistent(self) -> DeviceReservation:
        if self.count is not None and self.device_ids:
            raise fault("count and device_ids exclude each other")
        if isinstance(self.count, int) and self.count < 0:
            raise fault(f"a number of GPUs is 0 or more, found {self.count}", "count")
        return self

    def request(self) -> GpuRequest:
        """The request for an engine."""
        extra = tuple(c for c in self.capabilities if c != "gpu")
        count = self.count if isinstance(self.count, int) else 0
        everything = self.count == "all" or (self.count is None and not self.device_ids)
        return GpuRequest(everything, count, self.device_ids, ("gpu", *extra))


@dataclass(frozen=True, slots=True)
class Gpus:
    """Which GPUs are wished for: ``auto`` takes the freest one if there is any, a request insists."""

    auto: bool = False
    request: GpuRequest = field(default_factory=GpuRequest)


def _gpus(data: object) -> Gpus:
    return Gpus(auto=True) if data == "auto" else Gpus(request=_gpu_request(data))


#: The ``gpus`` key, in all its forms.
GpusValue = Annotated[Gpus, BeforeValidator(_gpus), Kind.GPUS]


def _gpu_request(data: object) -> GpuRequest:
    """``all``, ``none``, a number, indexes or UUIDs (a list, or with commas), or Compose's list of mappings."""
    if isinstance(data, bool) or data is None or isinstance(data, Mapping):
        raise fault(f"{_EXPECTED}, found {describe(data)}")
    if isinstance(data, list | tuple):
        return _gpu_list(data)
    text = str(data)
    if text in ("all", "none"):
        return GpuRequest(all=text == "all")
    if re.fullmatch(r"-1|\d+", text):
        return GpuRequest(all=text == "-1", count=max(int(text), 0))
    ids = text.removeprefix("device=").split(",")
    if ids == [text] and not _DEVICE_ID.fullmatch(text):
        raise fault(f"{_EXPECTED}, found {describe(data)}{nearest_word(text, _WORDS)}")
    return GpuRequest(device_ids=_device_ids(ids))


def _gpu_list(data: list[object] | tuple[object, ...]) -> GpuRequest:
    if not any(isinstance(item, Mapping) for item in data):
        return GpuRequest(device_ids=_device_ids([str(as_text(item)) for item in data]))
    if len(data) > 1:
        raise fault("expected one entry: name several GPUs in its device_ids", 1)
    # Whatever is wrong in it is an error of its own, at its place.
    (reservation,) = _reservations().validate_python(data)
    return reservation.request()


@cache
def _reservations() -> TypeAdapter[tuple[DeviceReservation, ...]]:
    return TypeAdapter(tuple[DeviceReservation, ...])


_WORDS = ("auto", "none", "all")
_EXPECTED = "expected auto, none, all, a number, indexes or UUIDs"
_DEVICE_ID = re.compile(r"\d{1,3}|(GPU|MIG)-[\w/-]+")


def _device_ids(ids: list[str]) -> tuple[str, ...]:
    for index, device_id in enumerate(ids):
        if not _DEVICE_ID.fullmatch(device_id):
            raise fault(
                f"expected the index or the UUID of a GPU, found {describe(device_id)}", *([index] * (len(ids) > 1))
            )
    return tuple(ids)


def parse_gpus(text: str) -> Gpus:
    """``--gpus`` of the command line: the forms of the profile's key, and ``docker run``'s ``device=0,1``.

    A lone 0 is refused: as a number it is no GPU, as an index the first. Raises ``ValueError`` with what was expected.
    """
    if text.strip().strip("0") == "" and text.strip():
        raise ValueError("0 may be no GPU or the GPU with the index 0: say none, or device=0")
    try:
        return _gpus(text.strip())
    except PydanticCustomError as error:
        raise ValueError(error.message()) from error
