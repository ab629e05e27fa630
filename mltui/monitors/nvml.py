"""How NVML is asked: what it does not know is ``None``, a GPU that is lost and a driver that is gone are told apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from mltui.domain.text import one_line

T = TypeVar("T")
#: A GPU's handle as the binding gives it: an opaque pointer.
Handle: TypeAlias = object

#: Words for NVML's errors where its own leave open what to do.
_CURES = {18: "the driver was updated and the old one still runs: restart the machine, or load its module anew"}


class DriverGone(Exception):
    """The driver no longer answers; everything has to be opened again."""


def said(error: Exception) -> str:
    """NVML's own words for an error, without its capitals: ``Driver Not Loaded`` → ``driver not loaded``."""
    if cure := _CURES.get(getattr(error, "value", 0)):
        return cure
    return " ".join(word.lower() if word.istitle() else word for word in one_line(str(error), 80).split())


def ask(call: Callable[..., T], *arguments: object) -> T | None:
    """What NVML answers; ``None`` for what this board or driver does not know.

    Raises NVML's error where the GPU is lost, ``DriverGone`` where the driver is.
    """
    import pynvml

    try:
        return call(*arguments)
    except pynvml.NVMLLibraryMismatchError:
        return None
    except pynvml.NVMLError as error:
        gone = (
            pynvml.NVML_ERROR_UNINITIALIZED, pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
            pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
        )  # fmt: skip
        if error.value in gone:
            raise DriverGone(said(error)) from error
        if error.value in (pynvml.NVML_ERROR_GPU_IS_LOST, pynvml.NVML_ERROR_RESET_REQUIRED):
            raise
        return None


def number(value: float | None, unit: float = 1.0) -> float | None:
    """``value`` of so many ``unit``."""
    return None if value is None else value * unit
